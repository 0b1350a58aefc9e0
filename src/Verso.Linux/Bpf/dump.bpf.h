/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Dumps: the kernel's true state of one address space, in pieces. Between DUMP_BEGIN and DUMP_END come REC_DUMP_DATA
 * records whose words are, by the low two bits of the first:
 *
 *   1  a VMA:          start|1, end, vm_flags, pgoff, file, anon_vma
 *   2  a chain entry:  anon_vma|2, root, parent, num_children | num_active_vmas << 32   (of the VMA before, head first)
 *
 * REC_REUSES has, of each VMA of a fork's child whose parent had an anon_vma to reuse:
 *
 *   3  what anon_vma_fork gave it:  start|3, which of the chain was reused, counted from 1 at the head; ~0: a new one
 *
 * The walk is a loop of small steps, each one slot of the tree or one entry of a chain, so that no nesting is needed
 * and neither the number of VMAs nor the length of a chain has a bound of its own.
 */
#pragma once
#include "files.bpf.h"
#include "maple.bpf.h"

#define DUMP_WORDS 1024
#define DUMP_STEPS (4 << 20)

struct dump_walk {
	struct tree_walk tree;
	u32 used;		/* words waiting in out */
	u32 vmas;
	u32 failed;
	u64 chain_head;		/* &vma->anon_vma_chain */
	u64 chain_next;
	u64 own;		/* REC_REUSES: vma->anon_vma */
	u64 start;
	u64 place;
	u32 reuses;		/* 1: walk for REC_REUSES */
	u32 pad;
	struct record head;
	u64 out[DUMP_WORDS + 8];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct dump_walk);
} dump_walks SEC(".maps");

struct dump_step_context {
	struct task_state *state;
};

static __always_inline void flush_dump(struct dump_walk *walk)
{
	u32 used = walk->used;

	if (used > DUMP_WORDS)
		used = DUMP_WORDS;
	walk->used = 0;
	if (used && bpf_ringbuf_output(&ring, &walk->head, sizeof(struct record) + used * 8, RING_NO_WAKEUP)) {
		count_lost(LOST_RING_FULL);
		walk->failed = 1;
	}
}

static __always_inline void dump_chain_entry(struct dump_walk *walk)
{
	struct list_head *link = (void *)walk->chain_next;
	struct anon_vma_chain *chain = (void *)link - bpf_core_field_offset(struct anon_vma_chain, same_vma);
	struct anon_vma *anon_vma = BPF_CORE_READ(chain, anon_vma);
	u64 *out = &walk->out[walk->used & (DUMP_WORDS - 1)];

	out[0] = (u64)anon_vma | 2;
	out[1] = (u64)BPF_CORE_READ(anon_vma, root);
	out[2] = (u64)BPF_CORE_READ(anon_vma, parent);
	out[3] = (u32)BPF_CORE_READ(anon_vma, num_children) | (u64)BPF_CORE_READ(anon_vma, num_active_vmas) << 32;
	walk->used += 4;
	walk->chain_next = (u64)BPF_CORE_READ(link, next);
	if (!walk->chain_next) {
		walk->failed = 1;
		walk->chain_next = walk->chain_head;
	}
}

static __always_inline void dump_vma(struct dump_walk *walk, struct task_state *state, u64 pointer)
{
	struct vm_area_struct *vma = (void *)pointer;
	u64 *out = &walk->out[walk->used & (DUMP_WORDS - 1)];
	u64 file = (u64)BPF_CORE_READ(vma, vm_file);

	mention_file(state, file);
	out[0] = BPF_CORE_READ(vma, vm_start) | 1;
	out[1] = BPF_CORE_READ(vma, vm_end);
	out[2] = BPF_CORE_READ(vma, vm_flags);
	out[3] = BPF_CORE_READ(vma, vm_pgoff);
	out[4] = file;
	out[5] = (u64)BPF_CORE_READ(vma, anon_vma);
	walk->used += 6;
	walk->vmas++;
	walk->chain_head = pointer + bpf_core_field_offset(struct vm_area_struct, anon_vma_chain);
	walk->chain_next = (u64)BPF_CORE_READ(vma, anon_vma_chain.next);
}

/* With a chain of less than three there was nothing to reuse: one is the root, and one is the parent's own. */
static __always_inline void look_for_reuse(struct dump_walk *walk, u64 pointer)
{
	struct vm_area_struct *vma = (void *)pointer;
	struct list_head *head = (void *)pointer + bpf_core_field_offset(struct vm_area_struct, anon_vma_chain);
	struct list_head *first = BPF_CORE_READ(vma, anon_vma_chain.next);
	struct list_head *third = BPF_CORE_READ(first, next, next);

	walk->own = (u64)BPF_CORE_READ(vma, anon_vma);
	if (!walk->own || first == head || third == head || BPF_CORE_READ(first, next) == head)
		return;
	walk->start = BPF_CORE_READ(vma, vm_start);
	walk->place = 0;
	walk->chain_head = (u64)head;
	walk->chain_next = (u64)first;
}

/* A reused anon_vma has the parent's VMA in its tree too; in that of a new one the child's is alone. */
static __always_inline void look_at_link(struct dump_walk *walk)
{
	struct list_head *link = (void *)walk->chain_next;
	struct anon_vma_chain *chain = (void *)link - bpf_core_field_offset(struct anon_vma_chain, same_vma);
	struct anon_vma *anon_vma = BPF_CORE_READ(chain, anon_vma);
	struct rb_node *node = (void *)chain + bpf_core_field_offset(struct anon_vma_chain, rb);
	u64 *out = &walk->out[walk->used & (DUMP_WORDS - 1)];
	int alone;

	walk->place++;
	walk->chain_next = (u64)BPF_CORE_READ(link, next);
	if ((u64)anon_vma != walk->own) {
		if (!walk->chain_next)
			walk->chain_next = walk->chain_head;
		return;
	}
	alone = BPF_CORE_READ(anon_vma, rb_root.rb_root.rb_node) == node && !BPF_CORE_READ(node, rb_left) &&
		!BPF_CORE_READ(node, rb_right);
	out[0] = walk->start | 3;
	out[1] = alone ? ~0ULL : walk->place;
	walk->used += 2;
	walk->chain_next = walk->chain_head;
}

/* One slot of the tree or one entry of a chain. Returns 1 when the walk is over. */
static long dump_step(u32 index, struct dump_step_context *context)
{
	struct dump_walk *walk;
	u32 zero = 0;
	u64 vma;

	walk = bpf_map_lookup_elem(&dump_walks, &zero);
	if (!walk)
		return 1;
	if (walk->used > DUMP_WORDS - 8)
		flush_dump(walk);
	if (walk->failed)
		return 1;
	if (walk->chain_next != walk->chain_head) {
		if (walk->reuses)
			look_at_link(walk);
		else
			dump_chain_entry(walk);
		return 0;
	}
	vma = step_walk(&walk->tree);
	if (vma && walk->reuses)
		look_for_reuse(walk, vma);
	else if (vma)
		dump_vma(walk, context->state, vma);
	walk->failed |= walk->tree.failed;
	return walk->tree.over != 0;
}

static __always_inline u64 flags_of(struct mm_struct *mm)
{
	struct mm_struct___bitmap *bitmap = (void *)mm;
	struct mm_struct___flags *plain = (void *)mm;

	if (bpf_core_field_exists(bitmap->flags.__mm_flags))
		return BPF_CORE_READ(bitmap, flags.__mm_flags[0]);
	return BPF_CORE_READ(plain, flags);
}

static __always_inline int begin_dump(struct task_state *state, struct mm_struct *mm, u32 mm_id, u32 id, u32 what)
{
	struct dump_begin_record *begin = RESERVE(dump_begin_record, REC_DUMP_BEGIN, state);
	struct task_struct *task = bpf_get_current_task_btf();

	if (!begin)
		return 1;
	begin->head.mm = mm_id;
	begin->head.a = what & 0xff;
	begin->head.c = id;
	begin->old_mm = what >> 8;
	begin->start_brk = mm->start_brk;
	begin->brk = mm->brk;
	begin->mmap_base = search_base(mm);
	begin->start_stack = mm->start_stack;
	begin->def_flags = mm->def_flags;
	begin->stack_limit = task->signal->rlim[3].rlim_cur;
	begin->mm_flags = flags_of(mm);
	begin->personality = task->personality;
	SUBMIT(begin);
	return 0;
}

/*
 * Dumps an address space. The caller sees to it that its VMAs do not change meanwhile: it holds the write lock, or
 * nobody else runs in it. what: enum dump_reason, and with DUMP_EXEC the id of the mm that is left << 8.
 */
static __noinline int dump_mm(struct task_state *state, struct mm_struct *mm, u32 mm_id, u32 what)
{
	struct dump_step_context context = { .state = state };
	struct dump_end_record *end;
	struct dump_walk *walk;
	u32 zero = 0;
	u32 id = __sync_fetch_and_add(&dump_ids, 1) + 1;
	u64 before = sections;
	u64 others = open_sections - (state->holds != 0);
	u32 users = mm->mm_users.counter;

	walk = bpf_map_lookup_elem(&dump_walks, &zero);
	if (!walk || begin_dump(state, mm, mm_id, id, what))
		return 0;
	fill(&walk->head, REC_DUMP_DATA, state);
	walk->head.mm = mm_id;
	walk->head.c = id;
	walk->used = walk->vmas = walk->reuses = 0;
	walk->chain_head = walk->chain_next = 0;
	begin_walk(&walk->tree, mm);
	walk->failed = walk->tree.failed;
	bpf_loop(DUMP_STEPS, dump_step, &context, 0);
	flush_dump(walk);
	end = RESERVE(dump_end_record, REC_DUMP_END, state);
	if (!end)
		return 0;
	end->head.mm = mm_id;
	/* Periodic dumps are taken under the write lock: then only relatives in other processes can change the graph. */
	end->head.a = (users == 1 || (what & 0xff) == DUMP_PERIODIC) && !others && before == sections;
	end->head.b = !walk->failed;
	end->head.c = id;
	end->vmas = walk->vmas;
	end->map_count = mm->map_count;
	SUBMIT(end);
	return 0;
}

/* What fork gave the child's VMAs. Its address space is complete, and nobody but its maker knows it yet. */
static __noinline int emit_reuses(struct task_state *state, u64 child_mm, u32 child)
{
	struct dump_step_context context = { .state = state };
	struct mm_struct *mm = (void *)child_mm;
	struct dump_walk *walk;
	u32 zero = 0;

	walk = bpf_map_lookup_elem(&dump_walks, &zero);
	if (!walk)
		return 0;
	fill(&walk->head, REC_REUSES, state);
	walk->head.c = child;
	walk->used = walk->vmas = 0;
	walk->reuses = 1;
	walk->chain_head = walk->chain_next = 0;
	begin_walk_at(&walk->tree, (u64)BPF_CORE_READ(mm, mm_mt.ma_root));
	walk->failed = walk->tree.failed;
	bpf_loop(DUMP_STEPS, dump_step, &context, 0);
	flush_dump(walk);
	return 0;
}
