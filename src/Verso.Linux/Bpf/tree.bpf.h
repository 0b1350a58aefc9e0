/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The process tree: which tasks and address spaces are recorded, from the command's exec to the last exit. */
#pragma once
#include "locks.bpf.h"

#define CLONE_THREAD 0x10000

static __always_inline int is_launcher(void)
{
	struct bpf_pidns_info ids = {};

	if (!launcher)
		return 0;
	if (bpf_get_ns_current_pid_tgid(namespace_device, namespace_inode, &ids, sizeof(ids)))
		return 0;
	return ids.pid == launcher;
}

static __always_inline void emit_task(struct task_state *parent, struct task_state *child, u64 flags)
{
	struct task_record *record = RESERVE(task_record, REC_TASK, parent);

	if (!record)
		return;
	record->head.mm = child->mm_id;
	record->head.c = child->tid;
	record->flags = flags;
	SUBMIT(record);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_task_newtask, struct task_struct *task, u64 flags)
{
	struct task_state *parent = state_of(bpf_get_current_task_btf());
	struct mm_struct *mm = task->mm;
	struct task_state *child;

	if (!mm || stop)
		return 0;
	if (!parent || parent->role < ROLE_TRACKED) {
		if ((parent && parent->role == ROLE_ARMED) || is_launcher()) {
			launcher = 0;
			new_state(task, ROLE_ARMED);
		}
		return 0;
	}
	child = new_state(task, ROLE_TRACKED);
	if (!child)
		return 0;
	child->mm_id = id_of_mm(parent, (u64)mm);
	child->borrows = (u64)mm == parent->mm && (parent->borrows || !(flags & CLONE_THREAD));
	__sync_fetch_and_add(&tracked_tasks, 1);
	emit_task(parent, child, flags);
	if ((u64)mm != parent->mm && dump_interval && mm->map_count <= dump_max_vmas)
		dump_mm(parent, mm, child->mm_id, DUMP_AFTER_FORK);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_sched_process_exec, struct task_struct *task, int old_pid)
{
	struct task_state *state = state_of(task);
	struct mm_struct *mm = task->mm;
	u32 old;

	if (!state || state->role == ROLE_VISITOR || !mm || stop)
		return 0;
	if (state->role == ROLE_ARMED)
		__sync_fetch_and_add(&tracked_tasks, 1);
	old = state->mm_id;
	state->role = ROLE_TRACKED;
	state->call = CALL_NONE;
	state->borrows = 0;
	state->fault = 0;
	if (state->prepare_chain)
		leave_section(state);
	state->prepare_chain = 0;
	state->tid = task->pid;
	state->mm = (u64)mm;
	state->mm_id = new_mm((u64)mm);
	state->episodes = 0;
	state->next_dump = dump_interval / FIRST_DUMP_SHARE;
	dump_mm(state, mm, state->mm_id, DUMP_EXEC | old << 8);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_sched_process_exit, struct task_struct *task)
{
	struct task_state *state = tracked(task);
	struct mm_struct *mm = task->mm;
	struct record *exit;

	if (!state)
		return 0;
	if (mm && (u64)mm == state->mm && is_last_of_process(task, state))
		dump_mm(state, mm, state->mm_id, DUMP_PROCESS_EXIT);
	exit = RESERVE(record, REC_TASK_EXIT, state);
	if (exit) {
		exit->c = task->exit_code;
		SUBMIT(exit);
	}
	state->role = ROLE_EXITING;
	__sync_fetch_and_sub(&tracked_tasks, 1);
	return 0;
}

/*
 * At the end of the teardown, by whoever drops the last reference. Tasks that are recorded have said so before
 * (write_lock_taken); this is for the others: a reader of /proc, a kernel thread.
 */
SEC("tp_btf/exit_mmap")
int BPF_PROG(on_exit_mmap, struct mm_struct *mm)
{
	struct task_state nobody = {};

	if (!stop)
		emit_mm_exit(&nobody, (u64)mm);
	return 0;
}
