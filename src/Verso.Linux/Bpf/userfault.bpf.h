/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * userfaultfd. Its ioctls change VMAs and fill pages of the address space that it was made in, whoever makes them; and
 * when its last descriptor is closed nothing is watched any more, which is no call of anybody's: fput's work does it.
 * By then the context says that it is released, so that every write lock that no call explains is looked at.
 */
#pragma once
#include "maple.bpf.h"
#include "state.bpf.h"

#define USERFAULT_IOCTL 0xaa
#define USERFAULT_LAST 8	/* UFFDIO_POISON */
#define USERFAULT_WAKE 2

u64 known_userfaults;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);		/* struct userfaultfd_ctx * */
	__type(value, u32);		/* the id of its address space */
} userfaults SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tree_walk);
} watch_walks SEC(".maps");

struct watch_walk {
	struct task_state *state;
	u32 mm_id;
};

struct released_walk {
	struct task_state *state;
	u64 mm;
	u64 found;
};

static __always_inline int is_userfault_request(u64 request)
{
	u64 number = request & 0xff;

	return ((request >> 8) & 0xff) == USERFAULT_IOCTL && number <= USERFAULT_LAST && number != USERFAULT_WAKE;
}

/* The call in progress is such an ioctl of file. Keeps the context, whose mm is the target. Returns 0 if it is not. */
static __noinline int begin_userfault(struct task_state *state, u64 file, u64 request, u64 argument)
{
	struct file *descriptor = (void *)file;
	struct userfaultfd_ctx *context;

	if (!file)
		return 0;
	context = BPF_CORE_READ(descriptor, private_data);
	state->other_mm = (u64)BPF_CORE_READ(context, mm);
	state->args[0] = argument;
	state->args[4] = (u64)context;
	state->args[5] = request & 0xff;
	return id_of_mm(state, state->other_mm);
}

/*
 * The ioctl's own arguments, once the kernel has read them, so that they can be read without a fault: address, length,
 * mode, and the source of a move; of a registration the features of the context.
 */
static __noinline int describe_userfault(struct task_state *state)
{
	struct userfaultfd_ctx *context = (void *)state->args[4];
	u64 number = state->args[5];
	u64 words[4] = {};
	u32 mm_id = id_of_mm(state, state->other_mm);

	bpf_probe_read_user(words, 2 * sizeof(u64), (void *)state->args[0]);
	bpf_probe_read_user(&words[2], number == 1 ? 0 : sizeof(u64), (void *)(state->args[0] + 16));
	if (number == 3 || number == 5) {	/* UFFDIO_COPY, UFFDIO_MOVE: dst, src, len, mode */
		words[3] = words[1];
		words[1] = words[2];
		words[2] = 0;
	} else if (!number) {
		words[3] = BPF_CORE_READ(context, features);
		if (!bpf_map_update_elem(&userfaults, &state->args[4], &mm_id, BPF_ANY))
			known_userfaults = 1;
		else
			count_lost(LOST_MM_TABLE);
	}
	state->args[0] = words[0];
	state->args[1] = words[1];
	state->args[2] = words[2];
	state->args[3] = words[3];
	return 0;
}

/* How many bytes were filled: the last word of what the ioctl was given. */
static __always_inline u64 filled_bytes(u64 argument, u64 number)
{
	s64 bytes = 0;

	if (number < 3 || number == 6)
		return 0;
	bpf_probe_read_user(&bytes, sizeof(bytes), (void *)(argument + (number == 3 || number == 5 ? 32 : 24)));
	return bytes < 0 ? 0 : bytes;
}

static long look_if_released(void *map, u64 *key, u32 *mm_id, struct released_walk *walk)
{
	struct userfaultfd_ctx *context = (void *)*key;
	struct watch_record *end;

	if ((u64)BPF_CORE_READ(context, mm) != walk->mm || !BPF_CORE_READ(context, released))
		return 0;
	if (*mm_id == id_of_mm(walk->state, walk->mm)) {
		walk->found = 1;
		end = RESERVE(watch_record, REC_WATCH_END, walk->state);
		if (end) {
			end->head.mm = *mm_id;
			end->address = 0;
			end->context = *key;
			SUBMIT(end);
		}
	}
	bpf_map_delete_elem(&userfaults, key);
	return 0;
}

/* A write lock of mm ends that no call explains. Returns 1 if a context was released, which may have watched nothing. */
static __noinline int find_released(struct task_state *state, u64 mm)
{
	struct released_walk walk = { .state = state, .mm = mm };

	if (known_userfaults)
		bpf_for_each_map_elem(&userfaults, look_if_released, &walk, 0);
	return walk.found != 0;
}

static long look_if_watched(u32 index, struct watch_walk *context)
{
	struct watch_record *watched;
	struct vm_area_struct *vma;
	struct tree_walk *walk;
	u32 zero = 0;
	u64 key;

	walk = bpf_map_lookup_elem(&watch_walks, &zero);
	if (!walk || walk->failed)
		return 1;
	vma = (void *)step_walk(walk);
	key = vma ? (u64)BPF_CORE_READ(vma, vm_userfaultfd_ctx.ctx) : 0;
	if (key && !bpf_map_lookup_elem(&userfaults, &key)) {
		watched = RESERVE(watch_record, REC_WATCHED, context->state);
		if (watched) {
			watched->head.mm = context->mm_id;
			watched->address = BPF_CORE_READ(vma, vm_start);
			watched->context = key;
			SUBMIT(watched);
		}
		if (bpf_map_update_elem(&userfaults, &key, &context->mm_id, BPF_ANY))
			count_lost(LOST_MM_TABLE);
	}
	return walk->over != 0;
}

/* A fork's child is complete: which contexts watch it that the parent's ioctls have not named (UFFD_FEATURE_EVENT_FORK). */
static __noinline int name_child_userfaults(struct task_state *state, struct mm_struct *mm, u32 mm_id)
{
	struct watch_walk context = { .state = state, .mm_id = mm_id };
	struct tree_walk *walk;
	u32 zero = 0;

	if (!known_userfaults)
		return 0;
	walk = bpf_map_lookup_elem(&watch_walks, &zero);
	if (!walk)
		return 0;
	begin_walk(walk, mm);
	bpf_loop(4 << 20, look_if_watched, &context, 0);
	return 0;
}
