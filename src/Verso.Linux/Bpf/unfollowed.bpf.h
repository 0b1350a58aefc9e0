/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Episodes of the write lock that no followed call explains: an ioctl, a ring operation, a breakpoint, a kernel thread,
 * a debugger. Whoever holds it, a fingerprint of the VMAs when the lock was taken is compared with one before it is let
 * go, so nothing has to be known about the holder: what changes no VMA is never reported, whatever else it may do. What a
 * fingerprint leaves out on purpose: vma->anon_vma, because preparations are followed by themselves.
 */
#pragma once
#include "files.bpf.h"
#include "maple.bpf.h"
#include "userfault.bpf.h"

#define PF_IO_WORKER 0x10
#define PF_KTHREAD 0x200000
#define PF_USER_WORKER 0x4000
#define NO_CALL -1
#define TS_COMPAT 2
#define CALL_NUMBER_IOCTL 16
#define CALL_NUMBER_PRCTL 157
#define VM_GROWSDOWN 0x100ULL
#define FINGERPRINT_STEPS (4 << 20)

struct fingerprint_walk {
	struct tree_walk tree;
	u64 value;
	u64 grown;		/* the start of a stack whose VMA was locked in this episode */
	u32 sequence;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct fingerprint_walk);
} fingerprint_walks SEC(".maps");

/* The multiplier of FNV-1a, a word at a time, with the upper half folded in so that every bit counts below. */
static __always_inline u64 mix(u64 value, u64 word)
{
	value = (value ^ word) * 0x100000001b3ULL;
	return value ^ value >> 29;
}

static __always_inline u64 mix_vma(struct fingerprint_walk *walk, struct vm_area_struct *vma)
{
	u64 value = walk->value;

	value = mix(value, BPF_CORE_READ(vma, vm_start));
	value = mix(value, BPF_CORE_READ(vma, vm_end));
	value = mix(value, BPF_CORE_READ(vma, vm_flags));
	value = mix(value, BPF_CORE_READ(vma, vm_pgoff));
	value = mix(value, (u64)BPF_CORE_READ(vma, vm_file));
	value = mix(value, (u64)BPF_CORE_READ(vma, vm_ops));
	if (bpf_core_field_exists(vma->vm_policy))
		value = mix(value, (u64)BPF_CORE_READ(vma, vm_policy));
	if (bpf_core_field_exists(vma->vm_userfaultfd_ctx.ctx))
		value = mix(value, (u64)BPF_CORE_READ(vma, vm_userfaultfd_ctx.ctx));
	if (bpf_core_field_exists(vma->anon_name))
		value = mix(value, (u64)BPF_CORE_READ(vma, anon_name));
	return value;
}

static long fingerprint_step(u32 index, void *unused)
{
	struct fingerprint_walk *walk;
	struct vm_area_struct *vma;
	u32 zero = 0;

	walk = bpf_map_lookup_elem(&fingerprint_walks, &zero);
	if (!walk || walk->tree.failed)
		return 1;
	vma = (void *)step_walk(&walk->tree);
	if (vma) {
		walk->value = mix_vma(walk, vma);
		if ((BPF_CORE_READ(vma, vm_flags) & VM_GROWSDOWN) && bpf_core_field_exists(vma->vm_lock_seq) &&
		    (u32)BPF_CORE_READ(vma, vm_lock_seq) == walk->sequence)
			walk->grown = BPF_CORE_READ(vma, vm_start);
	}
	return walk->tree.over != 0;
}

/* What the write lock's holder marks VMAs with that it changes. */
static __always_inline u32 write_sequence(struct mm_struct *mm)
{
	struct mm_struct___plain *plain = (void *)mm;

	if (bpf_core_field_exists(mm->mm_lock_seq.sequence))
		return mm->mm_lock_seq.sequence;
	return bpf_core_field_exists(plain->mm_lock_seq) ? (u32)BPF_CORE_READ(plain, mm_lock_seq) : 0;
}

/* All VMAs of an address space whose write lock is held, as a number. grown, unless NULL: see there. */
static __noinline u64 fingerprint(struct mm_struct *mm, u64 *grown)
{
	struct fingerprint_walk *walk;
	u32 zero = 0;

	walk = bpf_map_lookup_elem(&fingerprint_walks, &zero);
	if (!walk)
		return 0;
	walk->value = mix(0, mm->def_flags);
	walk->grown = 0;
	walk->sequence = write_sequence(mm);
	begin_walk(&walk->tree, mm);
	bpf_loop(FINGERPRINT_STEPS, fingerprint_step, 0, 0);
	if (grown)
		*grown = walk->grown;
	return walk->value | 1;
}

/* The system call that the current task is in, or NO_CALL: then it came by an exception. */
static __always_inline s64 call_number(struct task_struct *task)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);

	return BPF_CORE_READ(regs, orig_ax);
}

static __noinline int begin_unfollowed(struct task_state *state, struct mm_struct *mm, u64 key)
{
	struct mm_entry *entry = bpf_map_lookup_elem(&mms, &key);

	if (!entry)
		return 0;
	entry->holder = state->tid;
	entry->fingerprint = 0;
	/* A deep stack takes the lock for each of its pages, and counters tell all that a fault can do. */
	if (key != state->mm || !state->fault || call_number(bpf_get_current_task_btf()) != NO_CALL)
		entry->fingerprint = fingerprint(mm, 0);
	entry->total_vm = mm->total_vm;
	entry->stack_vm = mm->stack_vm;
	entry->map_count = mm->map_count;
	return 0;
}

/* Nothing but stacks grew since the lock was taken. */
static __always_inline int only_stacks_grew(struct mm_entry *entry, struct mm_struct *mm)
{
	return mm->map_count == entry->map_count && mm->stack_vm > entry->stack_vm &&
	       mm->total_vm - entry->total_vm == mm->stack_vm - entry->stack_vm;
}

/* Who the current task is to the address space whose lock it holds, and what it is doing. */
static __always_inline void describe_holder(struct unfollowed_record *record, struct task_struct *task,
					    struct mm_struct *mm)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	s64 number = call_number(task);
	int is_own = task->mm == mm;
	struct file *file;

	record->number = 0;
	record->name[0] = 0;
	if (task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER) || !is_own) {
		record->head.a = UNFOLLOWED_OTHER_PROCESS;
		record->number = number;
		if (task->flags & PF_KTHREAD)
			record->head.a = UNFOLLOWED_KERNEL_THREAD;
		else if (task->flags & (PF_IO_WORKER | PF_USER_WORKER))
			record->head.a = UNFOLLOWED_WORKER;
		if (record->head.a != UNFOLLOWED_OTHER_PROCESS)
			record->number = 0;
		BPF_CORE_READ_STR_INTO(&record->name, task, comm);
	} else if (number == NO_CALL) {
		record->head.a = UNFOLLOWED_EXCEPTION;
	} else if (task->thread_info.status & TS_COMPAT) {
		record->head.a = UNFOLLOWED_COMPAT_CALL;
		record->number = (u32)number;
	} else if (number == CALL_NUMBER_IOCTL) {
		record->head.a = UNFOLLOWED_IOCTL;
		record->number = (u32)BPF_CORE_READ(regs, si);
		file = (void *)file_of_descriptor(task, (u32)BPF_CORE_READ(regs, di));
		if (file)
			bpf_probe_read_kernel_str(record->name, UNFOLLOWED_NAME,
						  BPF_CORE_READ(file, f_path.dentry, d_name.name));
	} else if (number == CALL_NUMBER_PRCTL) {
		record->head.a = UNFOLLOWED_PRCTL;
		record->number = (u32)BPF_CORE_READ(regs, di);
	} else {
		record->head.a = UNFOLLOWED_SYSTEM_CALL;
		record->number = number;
	}
}

static __always_inline void emit_unfollowed(struct task_state *state, struct mm_struct *mm, u32 mm_id)
{
	struct unfollowed_record *record = RESERVE(unfollowed_record, REC_UNFOLLOWED, state);

	if (!record)
		return;
	record->head.mm = mm_id;
	describe_holder(record, bpf_get_current_task_btf(), mm);
	SUBMIT(record);
}

/* The task holds this write lock in such an episode. */
static __always_inline int is_unfollowed(struct task_state *state, u64 key)
{
	struct mm_entry *entry;

	if (key == state->mm)
		return 0;
	entry = bpf_map_lookup_elem(&mms, &key);
	return entry && entry->holder == state->tid;
}

static __noinline int emit_growth(struct task_state *state, u32 mm_id, u64 address)
{
	struct fault_record *grow = RESERVE(fault_record, REC_GROW, state);

	if (!grow)
		return 0;
	grow->head.mm = mm_id;
	grow->address = address;
	SUBMIT(grow);
	return 0;
}

/* The lock is about to be let go. A stack that grew for an access of the kernel's, or another process's, is followed. */
static __noinline int end_unfollowed(struct task_state *state, struct mm_struct *mm, u64 key)
{
	struct mm_entry *entry = bpf_map_lookup_elem(&mms, &key);
	u64 grown = 0;
	int released;

	if (!entry || entry->holder != state->tid)
		return 0;
	entry->holder = 0;
	released = find_released(state, key);
	if (entry->fingerprint) {
		if (fingerprint(mm, &grown) == entry->fingerprint)
			return 0;
	} else {
		if (mm->total_vm == entry->total_vm && mm->map_count == entry->map_count)
			return 0;
		grown = state->fault_address;
	}
	if (released)
		return 0;
	if (!grown || !only_stacks_grew(entry, mm))
		emit_unfollowed(state, mm, entry->id);
	else if (entry->fingerprint || !with_faults)
		emit_growth(state, entry->id, grown);
	return 0;
}
