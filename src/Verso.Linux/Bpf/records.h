/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What travels through the ring buffer. Ring order is the order of the mmap lock: a record that stands for a change is
 * reserved while the lock that covers the change is still held. Records.cs is the other half of this page; the two are
 * kept equal by RecordLayoutTests. All fields little endian, all records a multiple of 8 bytes.
 */
#pragma once
#include "call_table.h"

enum record_kind {
	REC_FAULT = 1,     /* fault_record: a page fault begins */
	REC_FAULT_HERE,    /* record: the fault pending in this task takes effect here */
	REC_GROW,          /* fault_record: a stack grew outside calls and faults */
	REC_CALL,          /* call_record: a call holds the write lock; its result follows */
	REC_RESULT,        /* result_record: that call returns */
	REC_CALL_DONE,     /* call_done_record: a call that never took the write lock returns */
	REC_PREPARE,       /* prepare_record */
	REC_FORK,          /* fork_record: dup_mmap, under the parent's write lock */
	REC_TASK,          /* task_record: a task starts */
	REC_TASK_EXIT,     /* exit_record */
	REC_MM_EXIT,       /* record: exit_mmap */
	REC_FILE,          /* file_record, then path_bytes of path */
	REC_DUMP_BEGIN,    /* dump_begin_record: an address space, piece by piece; same task throughout */
	REC_DUMP_DATA,     /* record, then words: see dump.bpf.h */
	REC_DUMP_END,      /* dump_end_record: the place of the dump in the order */
	REC_RANGES,        /* ranges_record: what process_madvise was given; before its call */
	REC_UNFOLLOWED,    /* unfollowed_record: VMAs changed under a write lock that no other record stands for */
	REC_REUSES,        /* record, then words: see dump.bpf.h. Before its REC_FORK; c: the child's address space */
	REC_TEXT,          /* text_record: the name that a prctl gives; before its call */
	REC_WATCHED,       /* watch_record: a userfaultfd that fork made for a child */
	REC_WATCH_END,     /* watch_record: the last descriptor of a userfaultfd was closed */
	REC_SIZE,          /* size_record: a file that is mapped, or about to be, has another size than was told */
	REC_ALLOCATION,    /* allocation_record: fallocate of a file that is mapped */
	REC_STACK,         /* stack_record: where a call comes from. In a ring of its own, before its call */
};

enum dump_reason {
	DUMP_PERIODIC = 0,
	DUMP_PROCESS_EXIT = 1,
	DUMP_BEFORE_EXEC = 2,
	DUMP_END = 3,
	DUMP_AFTER_FORK = 4,
	DUMP_EXEC = 5,
};

struct record {
	u8 kind;
	u8 a;
	u16 b;
	u32 task;
	u32 mm;
	u32 c;
	u64 time;
};

/* record.a: the low 8 bits of the error code */
struct fault_record {
	struct record head;
	u64 address;
};

/*
 * record.a: enum call_kind. brk: args[1] is the break before it; mbind: args[3] the first word of the node mask.
 * userfault: address, length, mode, source of a move or features of a registration, userfaultfd_ctx, number of the ioctl;
 * its result has in vma_flags how many bytes were filled. stack_limit, personality: args[0] is what was set.
 * io_setup: its result is the address of the ring, args[1] its length; io_destroy: address and length.
 */
struct call_record {
	struct record head;	/* c: number of its stack_record; 0: none */
	u64 args[6];
};

/* record.a: enum call_kind. record.b: RESULT_* */
#define RESULT_LOCKS_FUTURE 1	/* mm->def_flags has VM_LOCKED without VM_LOCKONFAULT */
#define RESULT_VMA 2		/* vma_flags and file are those of the VMA at the returned address */
#define RESULT_CLOSE 4		/* and it has a close operation */
#define RESULT_SPLIT 8		/* and its driver has a say in where it may be split */
#define RESULT_GONE 16		/* mmap(MAP_FIXED) was refused, and nothing is mapped at its ends: what was there is gone */
struct result_record {
	struct record head;
	s64 result;
	u64 vma_flags;
	u64 vma_length;
	u64 file;	/* mmap, shmat: of the VMA; 0: none */
};

struct call_done_record {
	struct record head;
	u64 args[6];
	s64 result;
	u64 vma_flags;
	u64 vma_length;
	u64 file;
};

/* record.a: PREPARE_*. record.mm: the VMA's. */
#define PREPARE_ALLOCATED 1
#define PREPARE_OF_FAULT 2
#define PREPARE_UNDER_WRITE 4
#define PREPARE_FOR_GUARDS 8
struct prepare_record {
	struct record head;
	u64 start;
	u64 anon_vma;
};

/* record.mm: the parent's; record.c: the child's */
struct fork_record {
	struct record head;
	u64 flags;
};

/* record.task: the parent; record.mm: the child's; record.c: the child */
struct task_record {
	struct record head;
	u64 flags;
};

/* record.c: the exit code, as wait reports it */
struct exit_record {
	struct record head;
};

#define PATH_BYTES 2048
/* record.c: path_bytes, names from the leaf up, each NUL terminated; 0: the path of this inode was sent before */
struct file_record {
	struct record head;
	u64 file;
	u64 inode;
	u64 size;
	u64 magic;
	u32 device;
	u32 rdev;
	u32 mode;	/* inode->i_mode */
	u32 access;	/* 1 open for reading, 2 for writing, 4 may not be executed */
	u32 generation;	/* inode->i_generation */
	u32 pad;
};

/* record.a: enum dump_reason. record.c: the id of the dump. */
struct dump_begin_record {
	struct record head;
	u64 old_mm;	/* DUMP_EXEC: the id of the address space that is left */
	u64 start_brk;
	u64 brk;
	u64 mmap_base;
	u64 start_stack;
	u64 def_flags;
	u64 stack_limit;
	u64 mm_flags;	/* mm->flags, MMF_* */
	u64 personality;
};

/* record.c: the id. record.a: 1 quiescent. record.b: 1 complete. */
struct dump_end_record {
	struct record head;
	u32 vmas;
	u32 map_count;
};

struct size_record {
	struct record head;
	u64 file;
	u64 size;
};

/* mode: FALLOC_FL_* */
struct allocation_record {
	struct record head;
	u64 file;
	u64 mode;
	u64 offset;
	u64 length;
};

#define TEXT_BYTES 80
/* record.c: bytes of text, without its end */
struct text_record {
	struct record head;
	char text[TEXT_BYTES];
};

/* record.mm: of the context. address: in a VMA that it watches; 0: none any more. context: userfaultfd_ctx */
struct watch_record {
	struct record head;
	u64 address;
	u64 context;
};

#define STACK_BYTES 8192
/* The registers that a caller's are restored from, in the order of DWARF numbers 3, 6, 7, 12 to 15, and the last: ip. */
struct stack_record {
	struct record head;	/* c: its number, from 1 */
	u64 bx, bp, sp, r12, r13, r14, r15, ip;
	u32 process;		/* its tgid */
	u32 bytes;		/* of the stack, from sp up, that could be read */
	u8 stack[STACK_BYTES];
};

#define RANGES_MAX 16
/* record.c: how many. record.b: how many of the same call went out before. */
struct ranges_record {
	struct record head;
	u64 ranges[2 * RANGES_MAX];
};

/* Who held the write lock. Values are part of the file format: NotFollowedCause. */
enum unfollowed_cause {
	UNFOLLOWED_NONE = 0,
	UNFOLLOWED_SYSTEM_CALL = 1,	/* a system call: its number */
	UNFOLLOWED_COMPAT_CALL = 2,	/* a 32-bit one: its number of i386 */
	UNFOLLOWED_IOCTL = 3,		/* its command; the name of the file */
	UNFOLLOWED_PRCTL = 4,		/* its option */
	UNFOLLOWED_EXCEPTION = 5,	/* a page fault, a breakpoint */
	UNFOLLOWED_WORKER = 6,		/* a thread that the kernel runs for the program: io_uring's; its name */
	UNFOLLOWED_KERNEL_THREAD = 7,	/* its name */
	UNFOLLOWED_OTHER_PROCESS = 8,	/* the system call's number, -1 none; its name */
};

#define UNFOLLOWED_NAME 32
/* record.a: enum unfollowed_cause. record.mm: whose VMAs. */
struct unfollowed_record {
	struct record head;
	u64 number;
	char name[UNFOLLOWED_NAME];	/* NUL terminated; empty: none */
};

/* Why a record was not written. */
enum lost_reason {
	LOST_RING_FULL = 0,	/* a record */
	LOST_TASK_STATE = 1,	/* no memory for the state of a task: the task is not seen */
	LOST_MM_TABLE = 2,	/* no room in the table of address spaces */
	LOST_ARGUMENTS = 3,	/* what a call was given in memory could not be read */
	LOST_REASONS,
};

/* Never used: it brings all of the above into the object's BTF, where a test compares it with Records.cs. */
#define DESCRIBE_RECORDS                                                                                       \
	const volatile union {                                                                                 \
		enum record_kind kind;                                                                         \
		enum call_kind call;                                                                           \
		enum dump_reason reason;                                                                       \
		enum lost_reason lost;                                                                         \
		struct fault_record fault;                                                                     \
		struct call_done_record done;                                                                  \
		struct call_record begun;                                                                      \
		struct result_record result;                                                                   \
		struct prepare_record prepare;                                                                 \
		struct fork_record fork;                                                                       \
		struct task_record task;                                                                       \
		struct file_record file;                                                                       \
		struct dump_begin_record begin;                                                                \
		struct dump_end_record end;                                                                    \
		enum unfollowed_cause cause;                                                                   \
		struct text_record text;                                                                       \
		struct size_record sizes;                                                                      \
		struct allocation_record allocation;                                                           \
		struct stack_record stack;                                                                     \
		struct watch_record watch;                                                                     \
		struct unfollowed_record unfollowed;                                                           \
	} record_layouts;
