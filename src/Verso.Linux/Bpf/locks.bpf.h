/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The mmap lock. mmap_lock_released fires while the lock is still held, so what is written there stands in lock order:
 *
 *   write lock   released(write), or the downgrade (acquire_returned(read) by the holder of the write lock)
 *   read lock    released(read): only for a task that has a fault or a preparation to place
 */
#pragma once
#include "calls.bpf.h"
#include "dump.bpf.h"

static __always_inline void enter_section(struct task_state *state)
{
	if (state->holds++ == 0) {
		__sync_fetch_and_add(&open_sections, 1);
		__sync_fetch_and_add(&sections, 1);
	}
}

static __always_inline void leave_section(struct task_state *state)
{
	if (state->holds && --state->holds == 0)
		__sync_fetch_and_sub(&open_sections, 1);
}

/* The kernel has its own reason then (madvise_guard_install); another design need not share it. */
static __always_inline int installs_guards(struct task_state *state)
{
	return (state->call == CALL_MADVISE && (u32)state->args[2] == MADV_GUARD_INSTALL) ||
	       (state->call == CALL_PROCESS_MADVISE && (u32)state->args[3] == MADV_GUARD_INSTALL);
}

/*
 * A preparation that has linked its anon_vma is written. One that lost the race for vma->anon_vma has freed its
 * chain entry again: then the VMA's chain does not hold that entry.
 */
static __noinline int emit_prepare(struct task_state *state, u32 under_write)
{
	struct anon_vma_chain *chain = (void *)state->prepare_chain;
	struct vm_area_struct *vma = BPF_CORE_READ(chain, vma);
	u64 link = (u64)chain + bpf_core_field_offset(struct anon_vma_chain, same_vma);
	struct prepare_record *prepare;
	u64 start, end;
	u32 mm_id;

	state->prepare_chain = 0;
	if ((u64)BPF_CORE_READ(vma, anon_vma_chain.next) != link)
		return 0;
	mm_id = id_of_mm(state, (u64)BPF_CORE_READ(vma, vm_mm));
	if (!mm_id)
		return 0;
	start = BPF_CORE_READ(vma, vm_start);
	end = BPF_CORE_READ(vma, vm_end);
	prepare = RESERVE(prepare_record, REC_PREPARE, state);
	if (!prepare)
		return 0;
	prepare->head.mm = mm_id;
	if (state->prepare_allocated)
		prepare->head.a |= PREPARE_ALLOCATED;
	if (under_write)
		prepare->head.a |= PREPARE_UNDER_WRITE;
	if (installs_guards(state))
		prepare->head.a |= PREPARE_FOR_GUARDS;
	if (state->fault && state->fault_address >= start && state->fault_address < end) {
		prepare->head.a |= PREPARE_OF_FAULT;
		state->fault = 0;
	}
	prepare->start = start;
	prepare->anon_vma = (u64)BPF_CORE_READ(chain, anon_vma);
	SUBMIT(prepare);
	return 0;
}

/* A preparation changes the counts of an anon_vma, so it is a section too: from its first allocation to here. */
static __always_inline void end_prepare(struct task_state *state, u32 under_write)
{
	emit_prepare(state, under_write);
	leave_section(state);
}

static __noinline int emit_fault_here(struct task_state *state)
{
	struct record *here;

	if (!with_faults)
		return 0;
	here = RESERVE(record, REC_FAULT_HERE, state);
	if (here)
		SUBMIT(here);
	return 0;
}

/* dup_mmap is over: the child's address space is complete and the parent's is still locked. */
static __noinline int emit_fork(struct task_state *state)
{
	u64 mm = state->fork_mm;
	u32 child = new_mm(mm);
	struct fork_record *fork;

	state->fork_mm = 0;
	if (!child)
		return 0;
	/*
	 * Whether an anon_vma could be reused was decided under the lock of its root, which relatives take too: if any
	 * changed its VMAs meanwhile, what came of it is not to be derived from the order of mmap locks.
	 */
	if (state->others_then || sections != state->sections_then)
		emit_reuses(state, mm, child);
	fork = RESERVE(fork_record, REC_FORK, state);
	if (!fork)
		return 0;
	fork->head.c = child;
	fork->flags = state->args[0];
	SUBMIT(fork);
	name_child_userfaults(state, (void *)mm, child);
	return 0;
}

/*
 * Checkpoints during the run: often enough to catch an error near its cause, rarely enough to cost a few percent. Of a
 * short program the first ones, at 8, 16 and 32 episodes, are all that there is between exec and exit.
 */
static __always_inline int periodic_dump_is_due(struct task_state *state, struct mm_struct *mm)
{
	u32 vmas = mm->map_count;
	u32 gap;

	state->episodes++;
	if (!dump_interval || state->episodes < state->next_dump)
		return 0;
	/* Better a little later than while a relative changes what both share. */
	if (open_sections != (state->holds != 0) && state->episodes < state->next_dump + dump_interval)
		return 0;
	gap = state->episodes / 2 + dump_interval;
	if (gap < 8 * vmas)
		gap = 8 * vmas;
	if (state->episodes < dump_interval && vmas < dump_interval)
		gap = state->episodes;
	state->next_dump = state->episodes + gap;
	return 1;
}

/* The address space is gone, if it was one of ours. */
static __noinline int emit_mm_exit(struct task_state *state, u64 mm)
{
	struct mm_entry *entry = bpf_map_lookup_elem(&mms, &mm);
	struct record *gone;
	u32 mm_id;

	if (!entry)
		return 0;
	mm_id = entry->id;
	bpf_map_delete_elem(&mms, &mm);
	gone = RESERVE(record, REC_MM_EXIT, state);
	if (!gone)
		return 0;
	gone->mm = mm_id;
	SUBMIT(gone);
	return 0;
}

#define CLONE_VM 0x100

/* dup_mmap is to come: a child with an address space of its own. */
static __always_inline int is_forking(struct task_state *state)
{
	return state->call == CALL_FORK ||
	       (state->call >= CALL_CLONE && state->call <= CALL_CLONE3 && !(state->args[0] & CLONE_VM));
}

/* The task's call has this episode's changes among its own. */
static __always_inline int is_followed(struct task_state *state)
{
	return (state->call && state->call <= CALL_LAST_MEMORY) || is_forking(state);
}

static __always_inline void write_lock_taken(struct task_state *state, struct mm_struct *mm)
{
	enter_section(state);
	/*
	 * exit_mmap, about to unlink every VMA. Freeing the pages and the VMAs comes after and takes far longer; by the
	 * time of its own tracepoint relatives have long seen the difference.
	 */
	if (!mm->mm_users.counter) {
		emit_mm_exit(state, (u64)mm);
		return;
	}
	if ((u64)mm == state->mm) {
		state->writes = (u64)mm;
		state->sections_then = sections;
		state->others_then = open_sections - 1;
		if (!is_followed(state))
			begin_unfollowed(state, mm, (u64)mm);
	} else if (state->writes && is_forking(state)) {
		state->fork_mm = (u64)mm;
	} else if (state->call != CALL_PROCESS_MADVISE) {
		begin_unfollowed(state, mm, (u64)mm);
	}
}

/* The end of a write episode on the task's own address space, by release or downgrade. */
static __always_inline void write_lock_ends(struct task_state *state, struct mm_struct *mm)
{
	state->writes = 0;
	if (state->role != ROLE_TRACKED)
		return;
	if (state->fork_mm)
		emit_fork(state);
	else if (!is_followed(state))
		end_unfollowed(state, mm, (u64)mm);
	else if (state->call <= CALL_LAST_MEMORY && !state->emitted)
		emit_call(state, state->mm_id);
	if (state->prepare_chain)
		end_prepare(state, 1);
	if (state->fault && !state->call) {
		emit_fault_here(state);
		state->fault = 0;
	}
}

/* The last thread of a process whose address space is its own. A vfork child's belongs to its parent. */
static __always_inline int is_last_of_process(struct task_struct *task, struct task_state *state)
{
	return task->signal->live.counter == 0 && !state->borrows;
}

static __always_inline void read_lock_ends(struct task_state *state, struct task_struct *task, struct mm_struct *mm)
{
	if (state->downgraded) {
		state->downgraded = 0;
		leave_section(state);
	}
	if (state->prepare_chain)
		end_prepare(state, 0);
	if ((u64)mm != state->mm)
		return;
	if ((u64)task->mm == state->mm) {
		/* Not the last word: a stack that must grow lets go of the read lock to take the write lock. */
		if (state->fault)
			emit_fault_here(state);
	} else if (!task->mm) {
		/* exit_mm, where it comes before sched_process_exit (up to 6.12), which then finds no mm. */
		if (state->role == ROLE_TRACKED && is_last_of_process(task, state))
			dump_mm(state, mm, state->mm_id, DUMP_PROCESS_EXIT);
		state->role = ROLE_EXITING;
	} else if (state->call == CALL_EXEC && mm->mm_users.counter == 1) {
		/* exec_mmap has just switched to the new address space; nobody is left to change the old one. */
		dump_mm(state, mm, state->mm_id, DUMP_BEFORE_EXEC);
	}
}
