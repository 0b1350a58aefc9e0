/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What graph.bpf.c writes; Graph/GraphRecords.cs is its other half. A read of the iterator gives whole records, all of
 * words. The first word of each: its kind (enum graph_kind) in the low byte, its length in words in bits 8 to 31, and a
 * number of the kind's own in the upper half.
 *
 *   mm  [file [name]] vma [link ...] [more]      one VMA; mm only where the address space differs from the one before
 *       [file [name]] vma [link ...] [more]      file only the first time that a struct file is met
 */
#pragma once

enum graph_kind {
	GRAPH_MM = 1,	/* graph_mm: the VMAs that follow are of this address space; upper half: pid in the reader's eyes */
	GRAPH_FILE = 2, /* graph_file, then its path, NUL terminated and padded; upper half: bytes of path */
	GRAPH_VMA = 3,	/* graph_vma; upper half: mm->mm_lock_seq, which changes whenever the write lock is taken */
	GRAPH_NAME = 4, /* head, then the name of anonymous memory, NUL terminated and padded; before its VMA */
	GRAPH_LINK = 5, /* graph_link: the next entry of the VMA's chain; upper half: refcount of its anon_vma */
	GRAPH_MORE = 6, /* head: the chain goes on; ask again with chain_skip */
	GRAPH_HOLDER = 7, /* graph_holder: of a pass of its own, who has which address space; upper half as of mm */
	GRAPH_COUNT = 8, /* graph_count: of a pass of its own, who has how many VMAs; upper half as of mm */
};

/* graph_vma.traits */
#define TRAIT_CLOSES 1		/* vma->vm_ops->close is set */
#define TRAIT_HAS_SEQUENCE 2	/* the kernel has mm->mm_lock_seq */

struct graph_mm {
	__u64 head;
	__u64 mm;
	__u64 start_time;	/* of the process, in ns of CLOCK_BOOTTIME */
	__u64 start_brk;
	__u64 brk;
	__u64 mmap_base;
	__u64 start_stack;
	__u64 def_flags;
	__u64 stack_limit;
	__u64 total_vm;		/* pages */
	__u64 locked_vm;	/* pages */
	__u32 map_count;
	__u32 execs;		/* task->self_exec_id, which every exec of the process makes greater */
	char comm[16];
};

struct graph_file {
	__u64 head;
	__u64 file;
	__u64 inode;
	__u64 size;
	__u64 magic;
	__u32 device;
	__u32 rdev;
	__u32 mode;	/* inode->i_mode */
	__u32 access;	/* 1 open for reading, 2 for writing, 4 may not be executed */
};

struct graph_vma {
	__u64 head;
	__u64 start;
	__u64 end;
	__u64 flags;
	__u64 pgoff;
	__u64 file;
	__u64 anon_vma;
	__u64 ops;
	__u64 traits;
	__u64 policy;		/* 0 none; else mode | flags << 16 | home_node << 32: what mpol_equal looks at */
	__u64 policy_nodes;
	__u64 userfault;	/* vm_userfaultfd_ctx.ctx */
	__u64 anon_pgoff;	/* all ones: this kernel has none */
};

struct graph_link {
	__u64 head;
	__u64 anon_vma;
	__u64 root;
	__u64 parent;
	__u64 num_children;	/* all ones: this kernel does not count them */
	__u64 num_active_vmas;
};

struct graph_holder {
	__u64 head;
	__u64 start_time;
	__u64 mm;		/* 0: it changed while it was looked at */
	__u32 execs;
	__u32 sequence;		/* mm->mm_lock_seq */
};

struct graph_count {
	__u64 head;
	__u64 start_time;
	__u64 mm;
	__u64 map_count;
	char comm[16];
};
