/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Open files. A struct file is named once: a REC_FILE goes out before the first record that mentions its pointer, and
 * again when the pointer is found to mean something else: another inode, or another access, because it was freed and
 * recycled, or its mount has changed. One that was recycled for the very same is as good as the old: no VMA has that.
 */
#pragma once
#include "state.bpf.h"

struct file_key {
	u64 inode;
	u32 device;
	u32 generation;		/* another file may have the number of one that was deleted */
	u32 access;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);		/* struct file * */
	__type(value, struct file_key);
} files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct file_key);
	__type(value, u8);
} paths SEC(".maps");

struct inode_key {
	u64 inode;
	u32 device;
	u32 pad;
};

/* How long a file is, as told last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct inode_key);
	__type(value, u64);
} sizes SEC(".maps");

struct path_scratch {
	struct file_record record;
	char path[PATH_BYTES + 256];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct path_scratch);
} path_scratches SEC(".maps");

#define MAX_NAMES 40

struct path_walk {
	struct dentry *dentry;
	struct vfsmount *mnt;
	u32 length;
	u32 names;
};

/* One name, then one step up, across mount points. Returns 1 at the top. */
static long step_up(u32 index, struct path_walk *walk)
{
	struct dentry *dentry = walk->dentry;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	struct vfsmount *mnt = walk->mnt;
	struct path_scratch *scratch;
	u32 zero = 0;
	u32 at = walk->length;
	long n;

	if (dentry == BPF_CORE_READ(mnt, mnt_root) || dentry == parent) {
		struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);

		if (above != mount) {
			walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			walk->mnt = (void *)above + bpf_core_field_offset(struct mount, mnt);
			return 0;
		}
		if (walk->names)
			return 1;
	}
	scratch = bpf_map_lookup_elem(&path_scratches, &zero);
	if (!scratch || at >= PATH_BYTES)
		return 1;
	n = bpf_probe_read_kernel_str(&scratch->path[at], 256, BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0)
		return 1;
	walk->length = at + n;
	walk->names++;
	walk->dentry = parent;
	return dentry == parent;
}

#define MNT_NOEXEC 4
#define SB_I_NOEXEC 2

/* f_mode's FMODE_READ and FMODE_WRITE are 1 and 2; then path_noexec. */
static __always_inline u32 access_of(struct file *file, struct inode *inode)
{
	u32 access = BPF_CORE_READ(file, f_mode) & 3;

	if ((BPF_CORE_READ(file, f_path.mnt, mnt_flags) & MNT_NOEXEC) ||
	    (BPF_CORE_READ(inode, i_sb, s_iflags) & SB_I_NOEXEC))
		access |= 4;
	return access;
}

static __noinline int name_file(struct task_state *state, u64 pointer, struct file_key *key)
{
	struct file *file = (struct file *)pointer;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct path_walk walk = {};
	struct path_scratch *scratch;
	u32 zero = 0;
	u32 size;
	u8 one = 1;

	scratch = bpf_map_lookup_elem(&path_scratches, &zero);
	if (!scratch)
		return 0;
	if (!bpf_map_lookup_elem(&paths, key)) {
		walk.dentry = BPF_CORE_READ(file, f_path.dentry);
		walk.mnt = BPF_CORE_READ(file, f_path.mnt);
		bpf_loop(MAX_NAMES, step_up, &walk, 0);
		bpf_map_update_elem(&paths, key, &one, BPF_ANY);
	}
	if (walk.length > PATH_BYTES)
		walk.length = PATH_BYTES;
	fill(&scratch->record.head, REC_FILE, state);
	scratch->record.head.c = walk.length;
	scratch->record.file = pointer;
	scratch->record.inode = key->inode;
	scratch->record.device = key->device;
	scratch->record.size = BPF_CORE_READ(inode, i_size);
	scratch->record.magic = BPF_CORE_READ(inode, i_sb, s_magic);
	scratch->record.rdev = BPF_CORE_READ(inode, i_rdev);
	scratch->record.mode = BPF_CORE_READ(inode, i_mode);
	scratch->record.access = key->access;
	scratch->record.generation = key->generation;
	size = sizeof(struct file_record) + ((walk.length + 7) & ~7u);
	if (size > sizeof(struct file_record) + PATH_BYTES)
		size = sizeof(struct file_record) + PATH_BYTES;
	if (bpf_ringbuf_output(&ring, scratch, size, RING_NO_WAKEUP)) {
		count_lost(LOST_RING_FULL);
		return 0;
	}
	bpf_map_update_elem(&files, &pointer, key, BPF_ANY);
	return 0;
}

static __noinline int emit_size(struct task_state *state, u64 pointer, u64 size)
{
	struct size_record *record = RESERVE(size_record, REC_SIZE, state);

	if (!record)
		return 0;
	record->file = pointer;
	record->size = size;
	SUBMIT(record);
	return 0;
}

/* A size that is not the one told last. With its first descriptor a file is told with its size. */
static __noinline int tell_size(struct task_state *state, u64 pointer)
{
	struct file *file = (void *)pointer;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct inode_key key = {};
	u64 size = BPF_CORE_READ(inode, i_size);
	u64 *told;

	key.inode = BPF_CORE_READ(inode, i_ino);
	key.device = BPF_CORE_READ(inode, i_sb, s_dev);
	told = bpf_map_lookup_elem(&sizes, &key);
	if (told && *told == size)
		return 0;
	bpf_map_update_elem(&sizes, &key, &size, BPF_ANY);
	if (told)
		emit_size(state, pointer, size);
	return 0;
}

/* See that the reader knows this struct file, and how long it is. 0 is none. */
static __noinline int mention_file(struct task_state *state, u64 pointer)
{
	struct file *file = (struct file *)pointer;
	struct file_key key;
	struct file_key *known;
	struct inode *inode;

	if (!pointer)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	key.inode = BPF_CORE_READ(inode, i_ino);
	key.device = BPF_CORE_READ(inode, i_sb, s_dev);
	key.generation = BPF_CORE_READ(inode, i_generation);
	key.access = access_of(file, inode);
	key.pad = 0;
	known = bpf_map_lookup_elem(&files, &pointer);
	if (!known || known->inode != key.inode || known->device != key.device ||
	    known->generation != key.generation || known->access != key.access)
		name_file(state, pointer, &key);
	return tell_size(state, pointer);
}

/* The struct file that a descriptor of the current task names, or 0. */
static __always_inline u64 file_of_descriptor(struct task_struct *task, u64 descriptor)
{
	struct files_struct *table = task->files;
	struct fdtable *fdt;
	struct file **slots;
	u64 file = 0;

	if (!table)
		return 0;
	fdt = BPF_CORE_READ(table, fdt);
	if (descriptor >= BPF_CORE_READ(fdt, max_fds))
		return 0;
	slots = BPF_CORE_READ(fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &slots[descriptor]);
	return file;
}
