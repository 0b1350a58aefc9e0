/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* process_madvise: the ranges it was given, and whose memory it is about. */
#pragma once
#include "files.bpf.h"

struct ranges_context {
	struct task_state *state;
};

/* Some of what process_madvise was given. The kernel has read it just now, so it can be read without faulting. */
static long emit_some_ranges(u32 index, struct ranges_context *context)
{
	struct task_state *state = context->state;
	u64 done = (u64)index * RANGES_MAX;
	u64 count = state->args[2] - done;
	struct ranges_record *ranges;
	u32 pairs[2 * RANGES_MAX];
	u64 width = state->compat ? 8 : 16;
	u64 from = state->args[1] + done * width;
	long failed;

	if (state->args[2] <= done && index)
		return 1;
	ranges = RESERVE(ranges_record, REC_RANGES, state);
	if (!ranges)
		return 1;
	if (count > RANGES_MAX)
		count = RANGES_MAX;
	if (state->compat) {
		failed = bpf_probe_read_user(pairs, (count * 8) & 255, (void *)from);
		for (int at = 0; at < 2 * RANGES_MAX; at++)
			ranges->ranges[at] = pairs[at];
	} else {
		failed = bpf_probe_read_user(ranges->ranges, (count * 16) & 511, (void *)from);
	}
	if (failed) {
		count_lost(LOST_ARGUMENTS);
		count = 0;
	}
	ranges->head.b = done;
	ranges->head.c = count;
	SUBMIT(ranges);
	return failed != 0;
}

#define RANGES_MOST 1024	/* UIO_MAXIOV */

static __noinline int emit_ranges(struct task_state *state)
{
	struct ranges_context context = { .state = state };

	if (state->args[2] <= RANGES_MOST)
		bpf_loop(RANGES_MOST / RANGES_MAX, emit_some_ranges, &context, 0);
	return 0;
}

#define PID_FS_MAGIC 0x50494446
#define PIDFD_SELF_THREAD -10000
#define PIDFD_SELF_THREAD_GROUP -10001

/* Whether a descriptor stands for the process that has it. */
static __always_inline int is_own_pidfd(struct task_struct *task, u64 descriptor)
{
	struct file *file = (void *)file_of_descriptor(task, (u32)descriptor);
	struct inode *inode;
	struct pid *pid;

	if ((int)descriptor == PIDFD_SELF_THREAD || (int)descriptor == PIDFD_SELF_THREAD_GROUP)
		return 1;
	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if (BPF_CORE_READ(inode, i_sb, s_magic) != PID_FS_MAGIC)
		return 0;
	pid = BPF_CORE_READ(inode, i_private);
	return BPF_CORE_READ(pid, numbers[0].nr) == task->tgid;
}

/*
 * process_madvise looks at descriptor, flags and advice, and at all ranges, before it takes a lock. What it refused then
 * without having taken one it refused for another process, unless it is its own: there one lock of a VMA may do.
 */
static __always_inline int refused_early(struct task_state *state, struct task_struct *task, s64 result)
{
	return result < 0 && ((u32)state->args[4] || state->args[2] > RANGES_MOST ||
			      (!state->other_mm && !is_own_pidfd(task, state->args[0])));
}
