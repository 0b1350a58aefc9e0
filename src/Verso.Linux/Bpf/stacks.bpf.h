/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Where a call comes from: registers and the top of the user stack, which user space unwinds by the tables that
 * compilers leave. The frame pointers that bpf_get_stack follows are missing from most libraries. The ring is not that
 * of the events: where a stack finds no room its call is recorded all the same.
 */
#pragma once
#include "state.bpf.h"

#define SMALLEST_PIECE 64

u32 stack_numbers;		/* last one given */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);	/* user space says how many */
} stacks SEC(".maps");

/* As much as can be read: halves that cannot are left out. */
static __always_inline u32 read_stack(u8 *to, u64 from)
{
	u32 bytes = 0;

#pragma unroll
	for (u32 piece = STACK_BYTES / 2; piece >= SMALLEST_PIECE; piece /= 2) {
		if (!bpf_probe_read_user(to + bytes, piece, (void *)(from + bytes)))
			bytes += piece;
	}
	return bytes;
}

static __noinline int take_stack(struct task_state *state, struct task_struct *task, struct pt_regs *regs)
{
	struct stack_record *stack;

	state->stack = 0;
	if (state->compat)
		return 0;
	stack = bpf_ringbuf_reserve(&stacks, sizeof(*stack), 0);
	if (!stack)
		return 0;
	fill(&stack->head, REC_STACK, state);
	state->stack = __sync_fetch_and_add(&stack_numbers, 1) + 1;
	stack->head.c = state->stack;
	stack->bx = regs->bx;
	stack->bp = regs->bp;
	stack->sp = regs->sp;
	stack->r12 = regs->r12;
	stack->r13 = regs->r13;
	stack->r14 = regs->r14;
	stack->r15 = regs->r15;
	stack->ip = regs->ip;
	stack->process = task->tgid;
	stack->bytes = read_stack(stack->stack, regs->sp);
	SUBMIT(stack);
	return 0;
}
