/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Reading an address space's maple tree by hand: the only way that works inside the unlock tracepoint, where neither
 * bpf_find_vma (it trylocks) nor an iterator (it wants its own program) can be used.
 *
 * A node is 32 words of 8 bytes, named by its address with the type in bits 3..6 of what points to it:
 *
 *   leaf, range  [ parent | 15 pivots | 16 slots ]
 *   arange       [ parent |  9 pivots | 10 slots | 10 gaps | meta ]
 *
 * Slot i covers (pivot[i-1], pivot[i]]; the last slot in use ends at the node's own maximum, and its pivot is that
 * maximum, 0 or absent.
 */
#pragma once
#include "state.bpf.h"

#define NODE_WORDS 32
#define NODE_LEAF 1
#define NODE_RANGE 2
#define NODE_ARANGE 3
#define TREE_DEPTH 8	/* 16 * 10^7 entries: more than any address space has */

/* Small values are marks, not pointers. Only the root says in bit 1 that it is a node; all below it are by level. */
static __always_inline int is_pointer(u64 entry)
{
	return entry > 4096;
}

static __always_inline u32 node_type(u64 entry)
{
	return (entry >> 3) & 0xf;
}

static __always_inline u64 node_address(u64 entry)
{
	return entry & ~0xffULL;
}

static __always_inline u32 node_slots(u32 type)
{
	return type == NODE_ARANGE ? 10 : 16;
}

/* The end of what slot covers, or the node's maximum where it is the last one. */
static __always_inline u64 slot_end(u64 *node, u32 type, u32 slot, u64 max)
{
	u64 pivot;

	if (slot + 1 >= node_slots(type))
		return max;
	pivot = node[(1 + slot) & (NODE_WORDS - 1)];
	return pivot || !slot ? pivot : max;
}

static __always_inline u64 slot_entry(u64 *node, u32 type, u32 slot)
{
	u32 first = type == NODE_ARANGE ? 10 : 16;

	return node[(first + slot) & (NODE_WORDS - 1)];
}

/* A copied scalar: the verifier would let nobody compute with a pointer that it has followed itself. */
static __always_inline u64 tree_root(struct mm_struct *mm)
{
	u64 root = (u64)BPF_CORE_READ(mm, mm_mt.ma_root);

	return (root & 3) == 2 ? root : 0;
}

/* Kept in a map, where the verifier does not follow values: on the stack it would unroll the whole search. */
struct vma_search {
	u64 words[NODE_WORDS];
	u64 address;
	u64 entry;
	u64 max;
	u64 found;
	u32 slot;
	u32 inside;	/* words are the node of entry */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct vma_search);
} vma_searches SEC(".maps");

/* One slot. Returns 1 when the search is over. */
static long search_step(u32 index, void *unused)
{
	struct vma_search *search;
	u32 zero = 0;
	u32 slot, type;
	u64 end;

	search = bpf_map_lookup_elem(&vma_searches, &zero);
	if (!search)
		return 1;
	if (!search->inside) {
		if (!is_pointer(search->entry) ||
		    bpf_probe_read_kernel(search->words, sizeof(search->words), (void *)node_address(search->entry)))
			return 1;
		search->inside = 1;
		search->slot = 0;
	}
	slot = search->slot;
	type = node_type(search->entry);
	end = slot_end(search->words, type, slot, search->max);
	search->slot = slot + 1;
	if (search->address > end && end < search->max)
		return 0;
	search->entry = slot_entry(search->words, type, slot);
	search->max = end;
	search->inside = 0;
	if (type != NODE_LEAF)
		return 0;
	search->found = is_pointer(search->entry) ? search->entry : 0;
	return 1;
}

/* The VMA that contains an address, or 0. Takes no lock: under threads it may miss what is just being changed. */
static __noinline u64 find_vma(u64 root, u64 address)
{
	struct vma_search *search;
	u32 zero = 0;

	search = bpf_map_lookup_elem(&vma_searches, &zero);
	if (!search)
		return 0;
	search->address = address;
	search->entry = root;
	search->max = ~0ULL;
	search->found = 0;
	search->inside = 0;
	bpf_loop(TREE_DEPTH * 16, search_step, 0, 0);
	return search->found;
}

/* A walk over every entry of a tree, in steps small enough for bpf_loop. */
struct tree_walk {
	u64 node[TREE_DEPTH][NODE_WORDS];
	u64 max[TREE_DEPTH];
	u32 slot[TREE_DEPTH];
	u32 type[TREE_DEPTH];
	u32 depth;
	u32 over;
	u32 failed;
	u32 pad;
};

static __always_inline void enter_node(struct tree_walk *walk, u32 depth, u64 entry, u64 max)
{
	if (depth >= TREE_DEPTH || !is_pointer(entry) ||
	    bpf_probe_read_kernel(walk->node[depth], NODE_WORDS * 8, (void *)node_address(entry))) {
		walk->failed = 1;
		return;
	}
	walk->type[depth] = node_type(entry);
	walk->slot[depth] = 0;
	walk->max[depth] = max;
	walk->depth = depth;
}

static __always_inline void begin_walk_at(struct tree_walk *walk, u64 root)
{
	walk->over = walk->failed = 0;
	enter_node(walk, 0, root, ~0ULL);
}

static __always_inline void begin_walk(struct tree_walk *walk, struct mm_struct *mm)
{
	begin_walk_at(walk, tree_root(mm));
}

/* One slot. Returns the VMA in it, or 0. */
static __always_inline u64 step_walk(struct tree_walk *walk)
{
	u32 depth = walk->depth & (TREE_DEPTH - 1);
	u32 slot = walk->slot[depth];
	u32 type = walk->type[depth];
	u64 end, entry;

	if (slot >= node_slots(type)) {
		if (depth)
			walk->depth = depth - 1;
		else
			walk->over = 1;
		return 0;
	}
	end = slot_end(walk->node[depth], type, slot, walk->max[depth]);
	entry = slot_entry(walk->node[depth], type, slot);
	walk->slot[depth] = end >= walk->max[depth] ? NODE_WORDS : slot + 1;
	if (!is_pointer(entry))
		return 0;
	if (type == NODE_LEAF)
		return entry;
	enter_node(walk, depth + 1, entry, end);
	return 0;
}
