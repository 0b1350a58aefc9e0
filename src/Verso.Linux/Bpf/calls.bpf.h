/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* System calls: which ones matter, their arguments on the way in, their results on the way out. */
#pragma once
#include "advice.bpf.h"
#include "files.bpf.h"
#include "habits.bpf.h"
#include "stacks.bpf.h"
#include "unfollowed.bpf.h"

#define MAP_TYPE 0x0f
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAX_ERRNO 4095
#define MADV_GUARD_INSTALL 102
#define SYSTEM_CALLS 512

const volatile u8 call_of_number[SYSTEM_CALLS] = { CALLS_OF_NUMBER };

static __always_inline u8 call_kind(u64 number)
{
	return number < SYSTEM_CALLS ? call_of_number[number] : CALL_NONE;
}

/* 90 takes its arguments from memory, 192 pages, 117 is many calls in one. */
const volatile u8 call_of_compat_number[SYSTEM_CALLS] = { CALLS_OF_COMPAT_NUMBER };

#define COMPAT_OLD_MMAP 90
#define COMPAT_IPC 117
#define COMPAT_MMAP2 192
#define COMPAT_PKEY_MPROTECT 380
#define IPC_SHMAT 21
#define IPC_SHMDT 22

static __always_inline u8 compat_call_kind(u64 number)
{
	return number < SYSTEM_CALLS ? call_of_compat_number[number] : CALL_NONE;
}

/* ipc(2): the call, then id, flags, where the address goes, the address asked for. */
static __always_inline u8 read_ipc_arguments(struct task_state *state)
{
	u64 call = state->args[0] & 0xffff;
	u64 address = state->args[4];

	if (call == IPC_SHMDT) {
		state->args[0] = address;
		return CALL_SHMDT;
	}
	if (call != IPC_SHMAT)
		return CALL_NONE;
	state->attached = state->args[3];
	state->args[0] = state->args[1];
	state->args[1] = address;
	return CALL_SHMAT;
}

/* The arguments of a 32-bit call as those of the 64-bit one. Returns the kind of call, CALL_NONE for none. */
static __always_inline u8 read_compat_arguments(struct task_state *state, struct pt_regs *regs, u8 kind)
{
	u32 given[6];

	state->args[0] = (u32)regs->bx;
	state->args[1] = (u32)regs->cx;
	state->args[2] = (u32)regs->dx;
	state->args[3] = (u32)regs->si;
	state->args[4] = (u32)regs->di;
	state->args[5] = (u32)regs->bp;
	switch (regs->orig_ax) {
	case COMPAT_OLD_MMAP:
		if (bpf_probe_read_user(given, sizeof(given), (void *)state->args[0]))
			return CALL_NONE;
		for (int at = 0; at < 6; at++)
			state->args[at] = given[at];
		break;
	case COMPAT_MMAP2:
		state->args[5] <<= 12;
		break;
	case COMPAT_PKEY_MPROTECT:
		state->args[3] = (s64)(int)state->args[3];
		break;
	case COMPAT_IPC:
		return read_ipc_arguments(state);
	}
	return kind;
}

static __always_inline void read_arguments(struct task_state *state, struct pt_regs *regs)
{
	state->args[0] = regs->di;
	state->args[1] = regs->si;
	state->args[2] = regs->dx;
	state->args[3] = regs->r10;
	state->args[4] = regs->r8;
	state->args[5] = regs->r9;
}

static __always_inline void enter_call(struct task_state *state, struct task_struct *task, struct pt_regs *regs,
				       u8 kind)
{
	struct mm_struct *mm = task->mm;

	state->attached = 0;
	state->compat = (task->thread_info.status & TS_COMPAT) != 0;
	if (state->compat)
		kind = read_compat_arguments(state, regs, kind);
	else
		read_arguments(state, regs);
	if (!kind || (kind == CALL_PRCTL && !IS_MEMORY_CONTROL(state->args[0])))
		return;
	if (kind == CALL_BRK && mm)
		state->args[1] = mm->brk;
	if (kind == CALL_CLONE3 && bpf_probe_read_user(&state->args[0], sizeof(u64), (void *)state->args[0])) {
		state->args[0] = 0;
		count_lost(LOST_ARGUMENTS);
	}
	if (kind == CALL_FORK)
		state->args[0] = 17;		/* SIGCHLD */
	state->other_mm = 0;
	if (!is_habit(state, task, kind, regs->orig_ax))
		return;
	if (kind == CALL_USERFAULT &&
	    (!is_userfault_request(state->args[1]) ||
	     !begin_userfault(state, file_of_descriptor(task, state->args[0]), state->args[1], state->args[2])))
		return;
	state->emitted = 0;
	state->fault = 0;
	state->call = kind;
	if (with_stacks && kind <= CALL_LAST_MEMORY)
		take_stack(state, task, regs);
}

/* The first word of a node mask, once the kernel has read it. */
static __always_inline u64 node_mask(struct task_state *state, u64 pointer)
{
	u64 mask = 0;

	if (pointer && bpf_probe_read_user(&mask, sizeof(mask), (void *)pointer)) {
		count_lost(LOST_ARGUMENTS);
		return 0;
	}
	return mask;
}

/* The place of the call in progress in the order of the write lock: now. */
static __noinline int emit_call(struct task_state *state, u32 mm_id)
{
	struct call_record *call;

	if (state->call == CALL_PROCESS_MADVISE)
		emit_ranges(state);
	if (state->call == CALL_USERFAULT)
		describe_userfault(state);
	if (state->call == CALL_PRCTL)
		emit_name(state);
	call = RESERVE(call_record, REC_CALL, state);
	if (!call)
		return 0;
	call->head.mm = mm_id;
	call->head.a = state->call;
	call->head.c = state->stack;
	call->args[0] = state->args[0];
	call->args[1] = state->args[1];
	call->args[2] = state->args[2];
	call->args[3] = state->call == CALL_MBIND ? node_mask(state, state->args[3]) : state->args[3];
	call->args[4] = state->args[4];
	call->args[5] = state->args[5];
	SUBMIT(call);
	state->emitted = 1;
	return 0;
}

struct outcome {
	s64 result;
	u64 vma_flags;
	u64 vma_length;
	u64 file;
	u16 flags;
};

static __always_inline int is_error(s64 result)
{
	return result < 0 && result >= -MAX_ERRNO;
}

/* What the VMA at the returned address is: its file is the truth about the mapping, whatever the driver did. */
static __always_inline void describe_vma(struct mm_struct *mm, struct outcome *outcome)
{
	struct vm_area_struct *vma = (void *)find_vma(tree_root(mm), outcome->result);

	if (!vma)
		return;
	outcome->vma_flags = BPF_CORE_READ(vma, vm_flags);
	outcome->vma_length = BPF_CORE_READ(vma, vm_end) - outcome->result;
	if (BPF_CORE_READ(vma, vm_ops) && BPF_CORE_READ(vma, vm_ops, close))
		outcome->flags |= RESULT_CLOSE;
	if (BPF_CORE_READ(vma, vm_ops) && bpf_core_field_exists(struct vm_operations_struct, may_split) &&
	    BPF_CORE_READ(vma, vm_ops, may_split))
		outcome->flags |= RESULT_SPLIT;
	outcome->file = (u64)BPF_CORE_READ(vma, vm_file);
	outcome->flags |= RESULT_VMA;
}

static __always_inline int maps_a_file(struct task_state *state)
{
	return state->call == CALL_SHMAT || state->call == CALL_IO_SETUP ||
	       (state->call == CALL_MMAP &&
		(!(state->args[3] & MAP_ANONYMOUS) || (state->args[3] & MAP_TYPE) != MAP_PRIVATE));
}

/* A driver refuses when what was mapped there has been unmapped. */
static __noinline int is_gone(struct task_state *state, struct mm_struct *mm)
{
	if (state->call != CALL_MMAP || !(state->args[3] & MAP_FIXED))
		return 0;
	return !find_vma(tree_root(mm), state->args[0]) && !find_vma(tree_root(mm), state->args[0] + state->args[1] - 1);
}

static __noinline int look_at_outcome(struct task_state *state, struct task_struct *task, struct outcome *outcome)
{
	struct mm_struct *mm = task->mm;

	if (!mm)
		return 0;
	if ((mm->def_flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED)
		outcome->flags |= RESULT_LOCKS_FUTURE;
	if (!is_error(outcome->result) && (maps_a_file(state) || (state->call == CALL_MREMAP && mm->locked_vm)))
		describe_vma(mm, outcome);
	if (is_error(outcome->result) && state->emitted && is_gone(state, mm))
		outcome->flags |= RESULT_GONE;
	/* A call that failed has no VMA; what it was asked to map is known all the same. */
	if (!outcome->file && state->call == CALL_MMAP && !(state->args[3] & MAP_ANONYMOUS))
		outcome->file = file_of_descriptor(task, state->args[4]);
	if (state->call == CALL_USERFAULT && !state->emitted) {
		outcome->vma_flags = filled_bytes(state->args[0], state->args[5]);
		describe_userfault(state);
	}
	mention_file(state, outcome->file);
	return 0;
}

/* A call that never held the write lock: it failed early, or works under a lesser lock. Its place is its return. */
static __noinline int emit_call_done(struct task_state *state, struct outcome *outcome)
{
	struct call_done_record *done;
	u32 mm_id = state->mm_id;

	if (state->call == CALL_PROCESS_MADVISE) {
		if (refused_early(state, bpf_get_current_task_btf(), outcome->result))
			return 0;
		if (state->other_mm)
			mm_id = id_of_mm(state, state->other_mm);
		if (!mm_id)
			return 0;
		emit_ranges(state);
	}
	if (state->call == CALL_USERFAULT)
		mm_id = id_of_mm(state, state->other_mm);
	/* What was refused was maybe never read. */
	if (state->call == CALL_PRCTL && !is_error(outcome->result))
		emit_name(state);
	read_habit(state, bpf_get_current_task_btf());
	done = RESERVE(call_done_record, REC_CALL_DONE, state);
	if (!done)
		return 0;
	done->head.mm = mm_id;
	done->head.a = state->call;
	done->head.b = outcome->flags;
	done->head.c = state->stack;
	done->args[0] = state->args[0];
	done->args[1] = state->args[1];
	done->args[2] = state->args[2];
	done->args[3] = state->args[3];
	if (state->call == CALL_MBIND)
		done->args[3] = is_error(outcome->result) ? 0 : node_mask(state, state->args[3]);
	done->args[4] = state->args[4];
	done->args[5] = state->args[5];
	done->result = outcome->result;
	done->vma_flags = outcome->vma_flags;
	done->vma_length = outcome->vma_length;
	done->file = outcome->file;
	SUBMIT(done);
	return 0;
}

static __always_inline void leave_call(struct task_state *state, struct task_struct *task, s64 returned)
{
	struct outcome outcome = { .result = returned };
	struct result_record *result;
	u32 address;

	/* ipc(2) stores the address and returns 0. */
	if (state->attached && !is_error(returned)) {
		if (bpf_probe_read_user(&address, sizeof(address), (void *)state->attached))
			count_lost(LOST_ARGUMENTS);
		else
			outcome.result = address;
	}
	/* io_setup stores the address of the ring. */
	if (state->call == CALL_IO_SETUP && !is_error(returned) &&
	    bpf_probe_read_user(&outcome.result, sizeof(outcome.result), (void *)state->args[1]))
		count_lost(LOST_ARGUMENTS);
	if (state->call <= CALL_LAST_MEMORY) {
		look_at_outcome(state, task, &outcome);
		if (!state->emitted) {
			emit_call_done(state, &outcome);
		} else {
			result = RESERVE(result_record, REC_RESULT, state);
			if (result) {
				result->head.a = state->call;
				result->head.b = outcome.flags;
				result->result = outcome.result;
				result->vma_flags = outcome.vma_flags;
				result->vma_length = outcome.vma_length;
				result->file = outcome.file;
				SUBMIT(result);
			}
		}
	}
	state->call = CALL_NONE;
	state->fault = 0;
}
