/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The recorder's programs, one a tracepoint. Each first asks for the state of the current task, which only tasks of
 * the recorded tree have; all others leave at once. docs/fidelity.md says what each hook covers.
 */
#include "locks.bpf.h"
#include "sizes.bpf.h"

typedef u8 bool;

DESCRIBE_RECORDS

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	u8 kind = call_kind(number);
	u8 compat_kind = compat_call_kind(number);
	struct task_struct *task;
	struct task_state *state;

	if (!(kind | compat_kind))
		return 0;
	task = bpf_get_current_task_btf();
	state = tracked(task);
	if (!state)
		return 0;
	if (task->thread_info.status & TS_COMPAT)
		kind = compat_kind;
	if (kind)
		enter_call(state, task, regs, kind);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long returned)
{
	struct task_struct *task;
	struct task_state *state;
	u64 number = regs->orig_ax;
	int has_size = size_call(number) | compat_size_call(number);

	if (!(has_size | call_kind(number) | compat_call_kind(number)))
		return 0;
	task = bpf_get_current_task_btf();
	state = tracked(task);
	if (state && has_size)
		after_size_call(state, task, regs, returned);
	if (state && state->call)
		leave_call(state, task, returned);
	return 0;
}

static __always_inline int on_fault(u64 address, u64 error_code)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = tracked(task);
	struct fault_record *fault;

	/* Between exec's switch and its end the new address space is not yet ours to follow. */
	if (!state || (u64)task->mm != state->mm || address >= TASK_SIZE_MAX)
		return 0;
	state->fault = 1;
	state->fault_address = address;
	if (!with_faults)
		return 0;
	fault = RESERVE(fault_record, REC_FAULT, state);
	if (!fault)
		return 0;
	fault->head.a = error_code & 0xff;
	fault->address = address;
	SUBMIT(fault);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(on_page_fault_user, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return on_fault(address, error_code);
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(on_page_fault_kernel, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return on_fault(address, error_code);
}

SEC("tp_btf/kmem_cache_alloc")
int BPF_PROG(on_kmem_cache_alloc, unsigned long call_site, const void *object, struct kmem_cache *cache)
{
	struct task_state *state;

	if (call_site - prepare_start >= prepare_length)
		return 0;
	state = state_of(bpf_get_current_task_btf());
	if (!state || state->role < ROLE_VISITOR || stop || !object)
		return 0;
	/* First the chain entry, then, unless a neighbour's is reused, the anon_vma, whose cache is never merged. */
	if (cache->object_size == bpf_core_type_size(struct anon_vma)) {
		state->prepare_allocated = 1;
		return 0;
	}
	if (state->prepare_chain)
		end_prepare(state, state->writes != 0);
	enter_section(state);
	state->prepare_chain = (u64)object;
	state->prepare_allocated = 0;
	return 0;
}

/*
 * A task that is not recorded takes the lock of an address space that is: a debugger, a reader of /proc, a kernel
 * thread. Nearly every lock of the machine ends here at the first test.
 */
static __always_inline struct task_state *visitor(struct task_struct *task, struct task_state *state, u64 mm)
{
	/* One that has begun a section ends it, though exit_mmap's is no address space of ours by then. */
	if (state && state->holds)
		return state;
	if (((u64)task->mm == mm && !(task->flags & PF_KTHREAD)) || stop || !bpf_map_lookup_elem(&mms, &mm))
		return 0;
	return state ? state : new_state(task, ROLE_VISITOR);
}

/* Whose records stand for what a holder of this lock does, or NULL. */
static __always_inline struct task_state *holder_of(struct task_struct *task, u64 mm)
{
	struct task_state *state = state_of(task);

	if (state && state->role >= ROLE_TRACKED)
		return stop ? 0 : state;
	return visitor(task, state, mm);
}

/*
 * The lock's programs come twice: up to 6.12 its events carry the cgroup's path before the flags. User space asks the
 * kernel's BTF and loads one of each pair.
 */
static __always_inline int on_acquired(struct mm_struct *mm, u8 write, u8 success)
{
	struct task_state *state = holder_of(bpf_get_current_task_btf(), (u64)mm);

	if (!state || !success)
		return 0;
	if (state->call == CALL_PROCESS_MADVISE && (u64)mm != state->mm)
		state->other_mm = (u64)mm;
	if (write) {
		write_lock_taken(state, mm);
	} else if (state->writes && state->writes == (u64)mm) {
		state->downgraded = 1;
		write_lock_ends(state, mm);
	} else if (is_unfollowed(state, (u64)mm)) {
		/* expand_stack in the address space of another process. */
		state->downgraded = 1;
		end_unfollowed(state, mm, (u64)mm);
	}
	return 0;
}

static __always_inline int on_released(struct mm_struct *mm, u8 write)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_state *state = holder_of(task, (u64)mm);
	u32 other;

	if (!state)
		return 0;
	if (!write) {
		read_lock_ends(state, task, mm);
		return 0;
	}
	if ((u64)mm == state->mm) {
		write_lock_ends(state, mm);
		if (state->role == ROLE_TRACKED && periodic_dump_is_due(state, mm))
			dump_mm(state, mm, state->mm_id, DUMP_PERIODIC);
	} else if (state->call != CALL_PROCESS_MADVISE && state->call != CALL_USERFAULT) {
		end_unfollowed(state, mm, (u64)mm);
		if (state->prepare_chain)
			end_prepare(state, 1);
	} else if (!state->emitted) {
		other = id_of_mm(state, (u64)mm);
		if (other)
			emit_call(state, other);
	}
	leave_section(state);
	return 0;
}

SEC("tp_btf/mmap_lock_acquire_returned")
int BPF_PROG(on_lock_acquired, struct mm_struct *mm, bool write, bool success)
{
	return on_acquired(mm, write, success);
}

SEC("?tp_btf/mmap_lock_acquire_returned")
int BPF_PROG(on_lock_acquired_with_path, struct mm_struct *mm, const char *path, bool write, bool success)
{
	return on_acquired(mm, write, success);
}

SEC("tp_btf/mmap_lock_released")
int BPF_PROG(on_lock_released, struct mm_struct *mm, bool write)
{
	return on_released(mm, write);
}

SEC("?tp_btf/mmap_lock_released")
int BPF_PROG(on_lock_released_with_path, struct mm_struct *mm, const char *path, bool write)
{
	return on_released(mm, write);
}

#include "tree.bpf.h"
