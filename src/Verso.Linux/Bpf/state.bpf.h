/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What is remembered between events: tasks, address spaces, counters; and how a record is written. */
#pragma once
#include "kernel.h"
#include "records.h"

#define TASK_SIZE_MAX 0x7ffffffff000ULL
#define VM_LOCKED 0x2000ULL
#define VM_LOCKONFAULT 0x80000ULL
#define RING_NO_WAKEUP 1	/* BPF_RB_NO_WAKEUP: the reader polls */

/* Set by user space before loading. */
const volatile u64 namespace_device;	/* the reader's pid namespace, in which launcher is counted */
const volatile u64 namespace_inode;
const volatile u32 with_faults = 1;
const volatile u32 with_stacks;
const volatile u32 dump_interval = 64;	/* write episodes of a task between two periodic dumps, at least; 0: none */
const volatile u32 dump_max_vmas = 2048;	/* no after-fork dump of more than this */

/* The first periodic dump comes that much earlier, and the next ones at twice as many episodes each. */
#define FIRST_DUMP_SHARE 8

/* Set by user space before attaching: it looks for them while the programs are loaded. */
u64 prepare_start;		/* __anon_vma_prepare: [start, start + length) in kernel text */
u64 prepare_length;

/* Shared with user space while running. */
u32 launcher;			/* the thread whose next child is the command */
u32 stop;			/* 1: record nothing more */
u64 lost[LOST_REASONS];
u64 tracked_tasks;		/* alive now */
u64 mm_ids;			/* last id given */
u64 dump_ids;

/* Sections in which the graph of some tracked address space may change; and how many ever began. */
u64 open_sections;
u64 sections;

enum role {
	ROLE_NONE = 0,
	ROLE_ARMED,	/* the command's process before its exec, or a child of such a one */
	ROLE_VISITOR,	/* not recorded, but it has had the lock of an address space that is */
	ROLE_TRACKED,
	ROLE_EXITING,
};

struct task_state {
	u64 mm;			/* the mm_struct it uses, as last seen */
	u32 mm_id;
	u32 tid;
	u8 role;
	u8 call;		/* enum call_kind: the call in progress */
	u8 emitted;		/* its place in the order was already written */
	u8 fault;		/* a fault is pending */
	u8 prepare_allocated;
	u8 downgraded;		/* holds a write lock that became a read lock */
	u8 holds;		/* write locks held */
	u8 compat;		/* the call in progress is a 32-bit one */
	u8 borrows;		/* a process in its parent's address space: vfork, CLONE_VM without CLONE_THREAD */
	u64 fault_address;
	u64 prepare_chain;	/* the anon_vma_chain of a preparation not yet written */
	u64 writes;		/* the mm whose write lock is held: its own */
	u64 fork_mm;		/* dup_mmap: the child's */
	u64 sections_then;	/* sections when its write lock was taken */
	u64 others_then;	/* and how many were open beside its own */
	u64 other_mm;		/* the target of process_madvise */
	u64 attached;		/* where ipc(2) stores the address of shmat, or 0 */
	u64 args[6];
	u32 episodes;
	u32 next_dump;
	u32 stack;		/* number of the stack_record of the call in progress; 0: none */
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
} tasks SEC(".maps");

/* An address space that is recorded, and what it was when a holder of its lock that is not followed took it. */
struct mm_entry {
	u32 id;
	u32 holder;		/* its tid; 0: none */
	u64 fingerprint;	/* 0: a page fault, which can only make a stack grow */
	u64 total_vm;
	u64 stack_vm;
	u32 map_count;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct mm_entry);
} mms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20);
} ring SEC(".maps");

static __always_inline void count_lost(u32 reason)
{
	__sync_fetch_and_add(&lost[reason], 1);
}

static __always_inline struct task_state *state_of(struct task_struct *task)
{
	return bpf_task_storage_get(&tasks, task, 0, 0);
}

static __always_inline struct task_state *new_state(struct task_struct *task, u8 role)
{
	struct task_state *state = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!state) {
		count_lost(LOST_TASK_STATE);
		return 0;
	}
	state->role = role;
	state->tid = task->pid;
	state->mm = role == ROLE_VISITOR ? 0 : (u64)task->mm;
	state->next_dump = dump_interval / FIRST_DUMP_SHARE;
	return state;
}

/* The current task if it is recorded, else NULL. Cheap for all others. */
static __always_inline struct task_state *tracked(struct task_struct *task)
{
	struct task_state *state = state_of(task);

	if (!state || state->role < ROLE_TRACKED || stop)
		return 0;
	return state;
}

static __always_inline void fill(struct record *head, u8 kind, struct task_state *state)
{
	head->kind = kind;
	head->a = 0;
	head->b = 0;
	head->task = state->tid;
	head->mm = state->mm_id;
	head->c = 0;
	head->time = bpf_ktime_get_ns();
}

/* A record of this type at the ring's end, or a counted loss and NULL. */
#define RESERVE(type, record_kind, state)                                    \
	({                                                                   \
		struct type *__r = bpf_ringbuf_reserve(&ring, sizeof(struct type), 0); \
		if (__r)                                                     \
			fill((struct record *)__r, record_kind, state);      \
		else                                                         \
			count_lost(LOST_RING_FULL);                          \
		__r;                                                         \
	})

#define SUBMIT(r) bpf_ringbuf_submit(r, RING_NO_WAKEUP)

/* The id of an address space, or 0 if it is not recorded. */
static __always_inline u32 id_of_mm(struct task_state *state, u64 mm)
{
	struct mm_entry *entry;

	if (mm == state->mm)
		return state->mm_id;
	entry = bpf_map_lookup_elem(&mms, &mm);
	return entry ? entry->id : 0;
}

static __always_inline u32 new_mm(u64 mm)
{
	struct mm_entry entry = { .id = __sync_fetch_and_add(&mm_ids, 1) + 1 };

	if (bpf_map_update_elem(&mms, &mm, &entry, BPF_ANY)) {
		count_lost(LOST_MM_TABLE);
		return 0;
	}
	return entry.id;
}
