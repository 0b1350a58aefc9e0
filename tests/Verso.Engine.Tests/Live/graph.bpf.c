/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Prints the reverse map of every VMA of every process named "verso-puppet", as text when the pinned iterator is read:
 *
 *   v TGID START END PGOFF ANON_VMA
 *   c ANON_VMA ROOT PARENT NUM_CHILDREN NUM_ACTIVE_VMAS      (of the VMA before, newest first)
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define MAX_CHAIN 64

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next;
};

struct anon_vma {
	struct anon_vma *root;
	unsigned long num_children;
	unsigned long num_active_vmas;
	struct anon_vma *parent;
};

struct anon_vma_chain {
	struct anon_vma *anon_vma;
	struct list_head same_vma;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_pgoff;
	struct list_head anon_vma_chain;
	struct anon_vma *anon_vma;
};

struct task_struct {
	int tgid;
	char comm[16];
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

#pragma clang attribute pop

SEC("iter/task_vma")
int print_graph(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct list_head *head, *at;
	char comm[16];

	if (!task || !vma)
		return 0;
	BPF_CORE_READ_STR_INTO(&comm, task, comm);
	if (comm[0] != 'v' || comm[5] != '-' || comm[6] != 'p' || comm[7] != 'u' || comm[8] != 'p')
		return 0;
	BPF_SEQ_PRINTF(seq, "v %x %lx %lx %lx %lx\n", task->tgid, vma->vm_start, vma->vm_end, vma->vm_pgoff,
		       (unsigned long)vma->anon_vma);
	head = (void *)vma + bpf_core_field_offset(struct vm_area_struct, anon_vma_chain);
	at = BPF_CORE_READ(vma, anon_vma_chain.next);
	for (int i = 0; i < MAX_CHAIN && at && at != head; i++) {
		struct anon_vma_chain *link =
			(void *)at - bpf_core_field_offset(struct anon_vma_chain, same_vma);
		struct anon_vma *node = BPF_CORE_READ(link, anon_vma);

		BPF_SEQ_PRINTF(seq, "c %lx %lx %lx %lx %lx\n", (unsigned long)node,
			       (unsigned long)BPF_CORE_READ(node, root),
			       (unsigned long)BPF_CORE_READ(node, parent), BPF_CORE_READ(node, num_children),
			       BPF_CORE_READ(node, num_active_vmas));
		at = BPF_CORE_READ(at, next);
	}
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
