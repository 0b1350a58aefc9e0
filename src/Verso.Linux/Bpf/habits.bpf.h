/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Calls that are about memory only now and then: limits, personality, rings of asynchronous I/O, names. */
#pragma once
#include "maple.bpf.h"
#include "state.bpf.h"

#define RESOURCE_STACK 3
#define SYSCALL_PRLIMIT 302
#define SYSCALL_PRLIMIT_COMPAT 340
#define PERSONALITY_QUERY 0xffffffff

/* setrlimit, prlimit of RLIMIT_STACK. Of a vfork child nothing is kept: its limits are its own, its memory is not. */
static __always_inline int sets_stack_limit(struct task_state *state, struct task_struct *task, u64 number)
{
	if (state->borrows)
		return 0;
	if (number != SYSCALL_PRLIMIT && number != SYSCALL_PRLIMIT_COMPAT)
		return state->args[0] == RESOURCE_STACK;
	return (!state->args[0] || state->args[0] == task->tgid) && state->args[1] == RESOURCE_STACK && state->args[2];
}

struct ring_search {
	struct kioctx_table *table;
	u64 address;
	u64 bytes;
};

static long look_at_ring(u32 number, struct ring_search *search)
{
	struct kioctx_table *table = search->table;
	struct kioctx *context = 0;

	if (bpf_core_read(&context, sizeof(context), &table->table[number]) || !context ||
	    BPF_CORE_READ(context, user_id) != search->address)
		return 0;
	search->bytes = BPF_CORE_READ(context, mmap_size);
	return 1;
}

/* What io_destroy unmaps: as many bytes as io_setup mapped, whatever has become of them. */
static __noinline int find_ring(struct task_state *state, struct mm_struct *mm)
{
	struct kioctx_table *table = mm ? BPF_CORE_READ(mm, ioctx_table) : 0;
	struct ring_search search = { .table = table, .address = state->args[0] };

	if (!table)
		return 0;
	bpf_loop(BPF_CORE_READ(table, nr), look_at_ring, &search, 0);
	state->args[1] = search.bytes;
	return search.bytes != 0;
}

/* Whether a call that is of some interest is of any here. */
static __always_inline int is_habit(struct task_state *state, struct task_struct *task, u8 kind, u64 number)
{
	struct mm_struct *mm = task->mm;

	switch (kind) {
	case CALL_STACK_LIMIT:
		return sets_stack_limit(state, task, number);
	case CALL_PERSONALITY:
		return (u32)state->args[0] != PERSONALITY_QUERY;
	case CALL_IO_DESTROY:
		return find_ring(state, mm);
	}
	return 1;
}

/* What a call has set is read where it was set. */
static __always_inline void read_habit(struct task_state *state, struct task_struct *task)
{
	if (state->call == CALL_STACK_LIMIT)
		state->args[0] = task->signal->rlim[RESOURCE_STACK].rlim_cur;
	else if (state->call == CALL_PERSONALITY)
		state->args[0] = task->personality;
}

/* The name that PR_SET_VMA gives, once the kernel has read it. */
static __noinline int emit_name(struct task_state *state)
{
	struct text_record *text;
	long bytes;

	if (state->args[0] != PR_SET_VMA || !state->args[4])
		return 0;
	text = RESERVE(text_record, REC_TEXT, state);
	if (!text)
		return 0;
	bytes = bpf_probe_read_user_str(text->text, TEXT_BYTES, (void *)state->args[4]);
	if (bytes <= 0)
		count_lost(LOST_ARGUMENTS);
	text->head.c = bytes > 0 ? bytes - 1 : 0;
	SUBMIT(text);
	return 0;
}
