/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Calls that change how long a file is, or what is in the middle of it. They hold no mmap lock and change no VMA; which
 * pages can be mapped they do change, of whoever maps the file. They are told when they return.
 */
#pragma once
#include "files.bpf.h"

#define O_TRUNC 01000
#define MAX_SIZE_ERRNO 4095
#define SIZE_CALLS 512

/* Which file such a call is about. */
enum size_call {
	SIZE_NONE = 0,
	SIZE_FIRST,	/* the descriptor that is its first argument */
	SIZE_THIRD,	/* its third */
	SIZE_ALLOCATE,	/* fallocate: its first */
	SIZE_OPEN,	/* the one it returns, if the flags that are its second argument empty it */
	SIZE_OPENAT,	/* its third */
	SIZE_CREATE,	/* the one it returns */
	SIZE_OPENAT2,	/* flags in memory */
	SIZE_PATH,	/* truncate: none */
};

/* x86-64: write, open, pwrite64, writev, sendfile, truncate, ftruncate, creat, openat, splice, fallocate, pwritev, ... */
const volatile u8 size_call_of_number[SIZE_CALLS] = {
	[1] = SIZE_FIRST, [2] = SIZE_OPEN, [18] = SIZE_FIRST, [20] = SIZE_FIRST, [40] = SIZE_FIRST, [76] = SIZE_PATH,
	[77] = SIZE_FIRST, [85] = SIZE_CREATE, [257] = SIZE_OPENAT, [275] = SIZE_THIRD, [285] = SIZE_ALLOCATE,
	[296] = SIZE_FIRST, [326] = SIZE_THIRD, [328] = SIZE_FIRST, [437] = SIZE_OPENAT2,
};

const volatile u8 size_call_of_compat_number[SIZE_CALLS] = {
	[4] = SIZE_FIRST, [5] = SIZE_OPEN, [8] = SIZE_CREATE, [92] = SIZE_PATH, [93] = SIZE_FIRST, [146] = SIZE_FIRST,
	[181] = SIZE_FIRST, [187] = SIZE_FIRST, [193] = SIZE_PATH, [194] = SIZE_FIRST, [239] = SIZE_FIRST,
	[295] = SIZE_OPENAT, [313] = SIZE_THIRD, [324] = SIZE_ALLOCATE, [334] = SIZE_FIRST, [377] = SIZE_THIRD,
	[379] = SIZE_FIRST, [437] = SIZE_OPENAT2,
};

static __always_inline u8 size_call(u64 number)
{
	return number < SIZE_CALLS ? size_call_of_number[number] : SIZE_NONE;
}

static __always_inline u8 compat_size_call(u64 number)
{
	return number < SIZE_CALLS ? size_call_of_compat_number[number] : SIZE_NONE;
}

static __always_inline int is_mapped(struct inode *inode)
{
	return BPF_CORE_READ(inode, i_mapping, i_mmap.rb_root.rb_node) != 0;
}

/* The file, if anybody maps it. */
static __noinline int tell_mapped(struct task_state *state, u64 pointer)
{
	struct file *file = (void *)pointer;

	if (file && is_mapped(BPF_CORE_READ(file, f_inode)))
		mention_file(state, pointer);
	return 0;
}

/* truncate(2) names no descriptor: any of the known files that is what it was. */
static long tell_known(void *map, u64 *pointer, struct file_key *key, struct task_state **state)
{
	struct file *file = (void *)*pointer;
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (BPF_CORE_READ(inode, i_ino) == key->inode && BPF_CORE_READ(inode, i_generation) == key->generation &&
	    BPF_CORE_READ(inode, i_sb, s_dev) == key->device && is_mapped(inode))
		tell_size(*state, *pointer);
	return 0;
}

static __noinline int tell_allocation(struct task_state *state, u64 pointer, u64 mode, u64 offset, u64 length)
{
	struct allocation_record *record;
	struct file *file = (void *)pointer;

	if (!file || !mode || !is_mapped(BPF_CORE_READ(file, f_inode)))
		return 0;
	mention_file(state, pointer);
	record = RESERVE(allocation_record, REC_ALLOCATION, state);
	if (!record)
		return 0;
	record->file = pointer;
	record->mode = mode;
	record->offset = offset;
	record->length = length;
	SUBMIT(record);
	return 0;
}

static __noinline int after_size_call(struct task_state *state, struct task_struct *task, struct pt_regs *regs,
				      s64 result)
{
	int compat = (task->thread_info.status & TS_COMPAT) != 0;
	u8 kind = compat ? compat_size_call(regs->orig_ax) : size_call(regs->orig_ax);
	u64 first = compat ? (u32)regs->bx : regs->di;
	u64 second = compat ? (u32)regs->cx : regs->si;
	u64 third = compat ? (u32)regs->dx : regs->dx;
	u64 flags = 0;

	if (!kind || (result < 0 && result >= -MAX_SIZE_ERRNO))
		return 0;
	switch (kind) {
	case SIZE_FIRST:
		return tell_mapped(state, file_of_descriptor(task, (u32)first));
	case SIZE_THIRD:
		return tell_mapped(state, file_of_descriptor(task, (u32)third));
	case SIZE_ALLOCATE:
		if (compat)
			tell_allocation(state, file_of_descriptor(task, (u32)first), second,
					third | regs->si << 32, (u32)regs->di | regs->bp << 32);
		else
			tell_allocation(state, file_of_descriptor(task, (u32)first), second, third, regs->r10);
		return tell_mapped(state, file_of_descriptor(task, (u32)first));
	case SIZE_PATH:
		bpf_for_each_map_elem(&files, tell_known, &state, 0);
		return 0;
	case SIZE_OPEN:
		flags = second;
		break;
	case SIZE_OPENAT:
		flags = third;
		break;
	case SIZE_CREATE:
		flags = O_TRUNC;
		break;
	case SIZE_OPENAT2:
		if (bpf_probe_read_user(&flags, sizeof(flags), (void *)third))
			count_lost(LOST_ARGUMENTS);
		break;
	}
	if (flags & O_TRUNC)
		tell_mapped(state, file_of_descriptor(task, (u32)result));
	return 0;
}
