/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The VMAs and the anon_vma graph of one process (link_info.task.pid) or of all, as the records of graph_records.h.
 *
 * The kernel calls the program for each VMA with the mmap lock held for reading, and lets go of the lock for others that
 * wait: so the VMAs of one address space may be of different moments. What is written for one VMA comes out whole or not
 * at all: if the buffer (8 pages) is full, it is dropped, and the VMA shown again at the next read. Hence a bound on the
 * entries of a chain that one read gives; the rest comes with a second reading, chain_skip entries further on.
 *
 * The state between two calls is for one reader at a time.
 */
#include "kernel.h"
#include "graph_records.h"

#define CHAIN_MOST (1 << 23)
#define PATH_BYTES 1024
#define NAME_BYTES 80		/* ANON_VMA_NAME_MAX_LEN */
#define MAX_LEVELS 32

#define MNT_NOEXEC 4
#define SB_I_NOEXEC 2
#define MPOL_LOCAL 4
#define PF_KTHREAD 0x00200000

const volatile u32 namespace_inode;
/* How many entries one read gives: so many of 48 bytes that a VMA, a file and its path fit with them in 8 pages. */
const volatile u32 chain_entries = 480;

u64 chain_skip;			/* how many entries of every chain to leave out; VMAs without more are left out too */
u64 hidden_start, hidden_end;	/* VMAs that begin there are left out: what a tool has put there itself */
u32 least_count;		/* processes with fewer VMAs are left out of a pass of counts */
u64 last_session;
u64 last_mm;
u32 last_tgid;

/* Never read: it keeps the types in the object's BTF, for the test that compares them with the other half. */
const union {
	struct graph_mm mm;
	struct graph_file file;
	struct graph_vma vma;
	struct graph_link link;
	struct graph_holder holder;
	struct graph_count count;
	enum graph_kind kind;
} graph_layouts;

struct file_key {
	u64 inode;
	u32 device;
	u32 access;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);		/* struct file * */
	__type(value, struct file_key);
} named_files SEC(".maps");

struct text_record {
	u64 head;
	char text[PATH_BYTES];
};

struct text_record path_scratch;
struct text_record name_scratch;

#define HEAD(kind, bytes, upper) ((u64)(kind) | (u64)((bytes) / 8) << 8 | (u64)(upper) << 32)

/* The process id as the reader's namespace has it. */
static __always_inline u32 pid_of(struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);
	u32 levels = BPF_CORE_READ(pid, level);

	for (u32 level = 0; level < MAX_LEVELS && level <= levels; level++) {
		struct upid *number = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid);

		if (BPF_CORE_READ(number, ns, ns.inum) == namespace_inode)
			return BPF_CORE_READ(number, nr);
	}
	return task->tgid;
}

static __always_inline u32 lock_sequence(struct mm_struct *mm, u64 *traits)
{
	struct mm_struct___plain *plain = (void *)mm;

	if (bpf_core_field_exists(mm->mm_lock_seq.sequence)) {
		*traits |= TRAIT_HAS_SEQUENCE;
		return mm->mm_lock_seq.sequence;
	}
	if (bpf_core_field_exists(plain->mm_lock_seq)) {
		*traits |= TRAIT_HAS_SEQUENCE;
		return BPF_CORE_READ(plain, mm_lock_seq);
	}
	return 0;
}

/* Where a kernel has no such count, an exec shows by the mm alone. */
static __always_inline u32 execs_of(struct task_struct *task)
{
	return bpf_core_field_exists(task->self_exec_id) ? BPF_CORE_READ(task, group_leader, self_exec_id) : 0;
}

static __noinline int write_mm(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct graph_mm record = {};
	struct mm_struct *mm;

	if (!task || !vma)
		return 1;
	mm = vma->vm_mm;
	record.head = HEAD(GRAPH_MM, sizeof(record), pid_of(task));
	record.mm = (u64)mm;
	record.start_time = BPF_CORE_READ(task, group_leader, start_boottime);
	record.start_brk = BPF_CORE_READ(mm, start_brk);
	record.brk = BPF_CORE_READ(mm, brk);
	record.mmap_base = search_base(mm);
	record.start_stack = BPF_CORE_READ(mm, start_stack);
	record.def_flags = BPF_CORE_READ(mm, def_flags);
	record.stack_limit = BPF_CORE_READ(task, signal, rlim[3].rlim_cur);
	record.total_vm = BPF_CORE_READ(mm, total_vm);
	record.locked_vm = BPF_CORE_READ(mm, locked_vm);
	record.map_count = BPF_CORE_READ(mm, map_count);
	record.execs = execs_of(task);
	BPF_CORE_READ_STR_INTO(&record.comm, task, group_leader, comm);
	return bpf_seq_write(seq, &record, sizeof(record)) != 0;
}

/* f_mode's FMODE_READ and FMODE_WRITE are 1 and 2; then path_noexec. */
static __always_inline u32 access_of(struct file *file, struct inode *inode)
{
	u32 access = BPF_CORE_READ(file, f_mode) & 3;

	if ((BPF_CORE_READ(file, f_path.mnt, mnt_flags) & MNT_NOEXEC) ||
	    (BPF_CORE_READ(inode, i_sb, s_iflags) & SB_I_NOEXEC))
		access |= 4;
	return access;
}

static __always_inline int write_file(struct seq_file *seq, struct file *file, struct file_key *key)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct graph_file record = {};
	long length = bpf_d_path(&file->f_path, path_scratch.text, PATH_BYTES);
	u64 bytes;

	if (length < 0 || length > PATH_BYTES)
		length = 0;
	bytes = ((u64)length + 7) & ~7ULL;
	record.head = HEAD(GRAPH_FILE, sizeof(record) + bytes, length);
	record.file = (u64)file;
	record.inode = key->inode;
	record.size = BPF_CORE_READ(inode, i_size);
	record.magic = BPF_CORE_READ(inode, i_sb, s_magic);
	record.device = key->device;
	record.rdev = BPF_CORE_READ(inode, i_rdev);
	record.mode = BPF_CORE_READ(inode, i_mode);
	record.access = key->access;
	if (bpf_seq_write(seq, &record, sizeof(record)))
		return 1;
	return bytes && bytes <= PATH_BYTES && bpf_seq_write(seq, path_scratch.text, bytes);
}

static __always_inline int write_name(struct seq_file *seq, struct vm_area_struct *vma)
{
	struct anon_vma_name *name;
	long length;

	if (!bpf_core_field_exists(vma->anon_name))
		return 0;
	/* Until 6.1 the field shared its place with what files need, and only memory without a file had a name. */
	if (vma->vm_file && bpf_core_field_exists(vma->shared) &&
	    bpf_core_field_offset(vma->anon_name) == bpf_core_field_offset(vma->shared))
		return 0;
	name = BPF_CORE_READ(vma, anon_name);
	if (!name)
		return 0;
	length = bpf_probe_read_kernel_str(name_scratch.text, NAME_BYTES,
					   (void *)name + bpf_core_field_offset(struct anon_vma_name, name));
	if (length <= 0)
		return 0;
	name_scratch.head = HEAD(GRAPH_NAME, 8 + NAME_BYTES, length);
	return bpf_seq_write(seq, &name_scratch, 8 + NAME_BYTES) != 0;
}

/* Plain loads: the verifier knows the types from vma on, and no helper has to be called. */
static __always_inline int write_vma(struct seq_file *seq, struct vm_area_struct *vma)
{
	const struct vm_operations_struct *ops = vma->vm_ops;
	struct graph_vma record = {};
	struct mempolicy *policy = 0;

	record.head = HEAD(GRAPH_VMA, sizeof(record), lock_sequence(vma->vm_mm, &record.traits));
	record.start = vma->vm_start;
	record.end = vma->vm_end;
	record.flags = vma->vm_flags;
	record.pgoff = vma->vm_pgoff;
	record.file = (u64)vma->vm_file;
	record.anon_vma = (u64)vma->anon_vma;
	record.ops = (u64)ops;
	if (ops && ops->close)
		record.traits |= TRAIT_CLOSES;
	if (bpf_core_field_exists(vma->vm_policy))
		policy = vma->vm_policy;
	if (policy) {
		record.policy = policy->mode | (u64)policy->flags << 16;
		if (bpf_core_field_exists(policy->home_node))
			record.policy |= (u64)(u32)policy->home_node << 32;

		/* Of MPOL_LOCAL the kernel neither sets nor compares them (__mpol_equal). */
		if (policy->mode != MPOL_LOCAL)
			record.policy_nodes = policy->nodes.bits[0];
	}
	if (bpf_core_field_exists(vma->vm_userfaultfd_ctx.ctx))
		record.userfault = (u64)vma->vm_userfaultfd_ctx.ctx;
	record.anon_pgoff = ~0ULL;
	if (bpf_core_field_exists(vma->__vm_anon_pgoff_lo))
		record.anon_pgoff = (u64)vma->__vm_anon_pgoff_hi << 32 | vma->__vm_anon_pgoff_lo;
	return bpf_seq_write(seq, &record, sizeof(record)) != 0;
}

struct chain_walk {
	struct seq_file *seq;
	struct list_head *head;
	struct list_head *next;
	u64 failed;
};

static long skip_link(u32 index, struct chain_walk *walk)
{
	struct list_head *link = walk->next;

	if (!link || link == walk->head)
		return 1;
	walk->next = BPF_CORE_READ(link, next);
	return 0;
}

static long write_link(u32 index, struct chain_walk *walk)
{
	struct list_head *link = walk->next;
	struct graph_link record;
	struct anon_vma_chain *chain;
	struct anon_vma *node;

	if (!link || link == walk->head)
		return 1;
	chain = (void *)link - bpf_core_field_offset(struct anon_vma_chain, same_vma);
	node = BPF_CORE_READ(chain, anon_vma);
	record.head = HEAD(GRAPH_LINK, sizeof(record), BPF_CORE_READ(node, refcount.counter));
	record.anon_vma = (u64)node;
	record.root = (u64)BPF_CORE_READ(node, root);
	record.parent = (u64)BPF_CORE_READ(node, parent);
	record.num_children = record.num_active_vmas = ~0ULL;
	if (bpf_core_field_exists(node->num_children)) {
		record.num_children = BPF_CORE_READ(node, num_children);
		record.num_active_vmas = BPF_CORE_READ(node, num_active_vmas);
	}
	walk->failed = bpf_seq_write(walk->seq, &record, sizeof(record)) != 0;
	walk->next = BPF_CORE_READ(link, next);
	return walk->failed;
}

static __always_inline int is_named(struct file *file, struct file_key *key)
{
	u64 pointer = (u64)file;
	struct inode *inode = file->f_inode;
	struct file_key *known;

	key->inode = inode->i_ino;
	key->device = inode->i_sb->s_dev;
	key->access = access_of(file, inode);
	known = bpf_map_lookup_elem(&named_files, &pointer);
	return known && known->inode == key->inode && known->device == key->device && known->access == key->access;
}

/* Nothing is remembered unless all of the VMA went out: what did not fit is written again. */
SEC("iter/task_vma")
int read_graph(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct chain_walk walk = {};
	struct file_key key = {};
	struct file *file;
	u64 pointer, mm;
	int names = 0;

	if (!task || !vma)
		return 0;
	if (vma->vm_start >= hidden_start && vma->vm_start < hidden_end)
		return 0;
	walk.seq = seq;
	walk.head = (void *)vma + bpf_core_field_offset(struct vm_area_struct, anon_vma_chain);
	walk.next = vma->anon_vma_chain.next;
	if (chain_skip) {
		bpf_loop(chain_skip < CHAIN_MOST ? chain_skip : CHAIN_MOST, skip_link, &walk, 0);
		if (walk.next == walk.head)
			return 0;
	}
	mm = (u64)vma->vm_mm;
	if ((last_session != ctx->meta->session_id || last_mm != mm || last_tgid != task->tgid) && write_mm(ctx))
		return 0;
	file = vma->vm_file;
	pointer = (u64)file;
	if (file && !is_named(file, &key)) {
		names = 1;
		if (write_file(seq, file, &key))
			return 0;
	}
	if (write_name(seq, vma) || write_vma(seq, vma))
		return 0;
	if (walk.next != walk.head)
		bpf_loop(chain_entries, write_link, &walk, 0);
	if (walk.failed)
		return 0;
	if (walk.next && walk.next != walk.head) {
		u64 more = HEAD(GRAPH_MORE, sizeof(more), 0);

		if (bpf_seq_write(seq, &more, sizeof(more)))
			return 0;
	}
	last_session = ctx->meta->session_id;
	last_mm = mm;
	last_tgid = task->tgid;
	if (names)
		bpf_map_update_elem(&named_files, &pointer, &key, BPF_ANY);
	return 0;
}

/*
 * Who has which address space, without a look at its VMAs. One record for a process; more if its first thread has ended,
 * or threads have address spaces of their own. The mm is read again after its sequence: what was the task's before and
 * after was not freed in between.
 */
SEC("iter/task")
int read_holders(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct graph_holder record = {};
	struct mm_struct *mm, *after;
	u64 traits = 0;

	if (!task || (task->flags & PF_KTHREAD))
		return 0;
	mm = task->mm;
	if (!mm || (task->pid != task->tgid && BPF_CORE_READ(task, group_leader, mm) == mm))
		return 0;
	record.head = HEAD(GRAPH_HOLDER, sizeof(record), pid_of(task));
	record.start_time = BPF_CORE_READ(task, group_leader, start_boottime);
	record.execs = execs_of(task);
	record.sequence = lock_sequence(mm, &traits);
	after = BPF_CORE_READ(task, mm);
	if (!after)
		return 0;
	record.mm = after == mm ? (u64)mm : 0;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

/*
 * Who has how many VMAs, of those that have many: a pass of this must be cheap enough to be made several times a second.
 * Of an address space that ends meanwhile the count may be anything; the next pass has it no more.
 */
SEC("iter/task")
int read_counts(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct graph_count record = {};
	struct mm_struct *mm;

	if (!task || (task->flags & PF_KTHREAD))
		return 0;
	mm = task->mm;
	if (!mm || (task->pid != task->tgid && BPF_CORE_READ(task, group_leader, mm) == mm))
		return 0;
	record.map_count = mm->map_count;
	if (record.map_count < least_count)
		return 0;
	record.head = HEAD(GRAPH_COUNT, sizeof(record), pid_of(task));
	record.start_time = BPF_CORE_READ(task, group_leader, start_boottime);
	record.mm = (u64)mm;
	BPF_CORE_READ_STR_INTO(&record.comm, task, group_leader, comm);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
