/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The few fields of kernel types that the programs read. Only the names matter: libbpf finds the true offsets in the
 * running kernel's BTF when it loads the object (CO-RE), so no kernel header is needed to build.
 */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next;
};

typedef struct {
	int counter;
} atomic_t;

struct maple_tree {
	void *ma_root;
};

struct kioctx {
	unsigned long user_id;
	unsigned long mmap_base;
	unsigned long mmap_size;
};

struct kioctx_table {
	unsigned int nr;
	struct kioctx *table[0];
};

struct mm_struct {
	struct kioctx_table *ioctx_table;
	struct maple_tree mm_mt;
	unsigned long mmap_base;
	unsigned long mmap_compat_base;
	unsigned long task_size;
	atomic_t mm_users;
	int map_count;
	unsigned long total_vm;
	unsigned long locked_vm;
	unsigned long stack_vm;
	unsigned long def_flags;
	unsigned long start_brk;
	unsigned long brk;
	unsigned long start_stack;
	struct {
		unsigned int sequence;
	} mm_lock_seq;
};

/* Up to 6.12 the sequence is a plain number. */
struct mm_struct___plain {
	int mm_lock_seq;
};

/* Up to 6.17 the flags are a plain word, then a bitmap. */
struct mm_struct___flags {
	unsigned long flags;
};

struct mm_struct___bitmap {
	struct {
		unsigned long __mm_flags[1];
	} flags;
};

struct rb_node {
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root_cached {
	struct {
		struct rb_node *rb_node;
	} rb_root;
};

struct anon_vma {
	struct anon_vma *root;
	atomic_t refcount;
	unsigned long num_children;
	unsigned long num_active_vmas;
	struct anon_vma *parent;
	struct rb_root_cached rb_root;
};

/* Up to 5.19, before num_children and num_active_vmas. */
struct anon_vma___degree {
	unsigned int degree;
};

struct vm_operations_struct {
	void *close;
	void *may_split;
};

struct mempolicy {
	unsigned short mode;
	unsigned short flags;
	struct {
		unsigned long bits[1];
	} nodes;
	int home_node;
};

struct anon_vma_name {
	char name[1];
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	struct list_head anon_vma_chain;
	struct anon_vma *anon_vma;
	unsigned long vm_pgoff;
	struct file *vm_file;
	const struct vm_operations_struct *vm_ops;
	struct mempolicy *vm_policy;
	unsigned int vm_lock_seq;
	struct {
		void *ctx;
	} vm_userfaultfd_ctx;
	struct {
		unsigned long rb_subtree_last;
	} shared;
	struct anon_vma_name *anon_name;
	unsigned int __vm_anon_pgoff_lo;	/* these two since 7.3 */
	unsigned int __vm_anon_pgoff_hi;
};

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct list_head same_vma;
	struct rb_node rb;
};

struct kmem_cache {
	unsigned int object_size;
};

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	unsigned long s_iflags;
};

struct address_space {
	struct rb_root_cached i_mmap;
};

struct inode {
	void *i_private;
	u16 i_mode;
	struct address_space *i_mapping;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_generation;
	s64 i_size;
	u32 i_rdev;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
	int mnt_flags;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct userfaultfd_ctx {
	unsigned int features;
	u8 released;
	struct mm_struct *mm;
};

struct file {
	void *private_data;
	struct inode *f_inode;
	unsigned int f_mode;
	struct path f_path;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct rlimit {
	unsigned long rlim_cur;
};

struct signal_struct {
	atomic_t live;
	struct rlimit rlim[16];
};

struct thread_info {
	u32 status;
};

struct pid_namespace {
	struct {
		unsigned int inum;
	} ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct task_struct {
	struct thread_info thread_info;
	struct mm_struct *mm;
	struct files_struct *files;
	struct signal_struct *signal;
	int pid;
	int tgid;
	int exit_code;
	unsigned int flags;
	unsigned int personality;
	u64 self_exec_id;
	u64 start_boottime;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	char comm[16];
};

struct pt_regs {
	unsigned long di, si, dx, r10, r8, r9, orig_ax;
	unsigned long bx, cx, bp;	/* of 32-bit calls: bx, cx, dx, si, di, bp */
	unsigned long r12, r13, r14, r15, sp, ip;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

#pragma clang attribute pop

#define FOUR_GIB (1ULL << 32)

/* Where the kernel looks for free ranges from: a 32-bit program's calls have a base of their own. */
static __always_inline u64 search_base(struct mm_struct *mm)
{
	if (bpf_core_field_exists(mm->mmap_compat_base) && BPF_CORE_READ(mm, task_size) <= FOUR_GIB)
		return BPF_CORE_READ(mm, mmap_compat_base);
	return BPF_CORE_READ(mm, mmap_base);
}
