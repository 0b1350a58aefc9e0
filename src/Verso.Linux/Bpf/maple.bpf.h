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

struct node_scratch {
	u64 words[NODE_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct node_scratch);
} node_scratches SEC(".maps");

/* The VMA that contains an address, or 0. Takes no lock: under threads it may miss what is just being changed. */
static __noinline u64 find_vma(u64 entry, u64 address)
{
	struct node_scratch *node;
	u64 max = ~0ULL;
	u32 zero = 0;
	u32 depth, slot, type;
	u64 end;

	node = bpf_map_lookup_elem(&node_scratches, &zero);
	if (!node)
		return 0;
	for (depth = 0; depth < TREE_DEPTH; depth++) {
		if (!is_pointer(entry))
			return 0;
		type = node_type(entry);
		if (bpf_probe_read_kernel(node, sizeof(*node), (void *)node_address(entry)))
			return 0;
		for (slot = 0; slot < 16; slot++) {
			end = slot_end(node->words, type, slot, max);
			if (address <= end || end >= max)
				break;
		}
		if (slot >= 16)
			return 0;
		entry = slot_entry(node->words, type, slot);
		max = end;
		if (type == NODE_LEAF)
			return is_pointer(entry) ? entry : 0;
	}
	return 0;
}
