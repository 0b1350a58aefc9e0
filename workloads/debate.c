/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cases that the mails argue about, each as small as it can be. MODE:
 *
 *   moved           200 mappings of 4 written pages, each moved by mremap beside the one before; then 8 children write
 *   moved-asked     the same by a program that asks for MREMAP_RELOCATE_ANON (2025), and does without where it is unknown
 *   moved-shared    the same while a child shares every page (2022: "only if the VMAs share no pages with others")
 *   limit           970 mappings more than vm.max_map_count, each written and moved beside the one before
 *   vectors         64 vectors grow in turn by mremap, as realloc does with large blocks, to 1 MiB each
 *   compact         a collector moves every other region of 64 KiB together, and gives back the rest
 *   guards          1,000 slabs with a guard page each, then a child (2025: an anon_vma for that alone)
 *   stacks          100 thread stacks with guard regions, of which the threads use a page; then a child
 *   server          a parent forks 30 workers, one after the other, and both rewrite 511 of 512 pages (2000: how deep?)
 *   prefork         8 workers that live, each with 3 pages of its own of 256
 *   children        100 children copy the parent's 100 pages (2010: what one anon_vma for a family costs)
 *   generations     300 generations, each parent exits when it has forked
 *   deep            12 generations that all live
 *   shell           300 children, one after the other, while the parent writes
 *   file-slices     2,000 one-page mappings of one file, in 5 processes (2003: many mappings of one file)
 *   mergeable       4 processes with 256 equal pages each, MADV_MERGEABLE
 *   hot-cold        1,024 pages shared by 16 children, of which the parent rewrites 64 again and again
 *   commit          a heap that 4 children share: each opens, writes and closes every other piece of 4 pages
 *   refill          a heap of 512 pieces; the parent, then 4 children, unmap and refill every other one (2011)
 *   grow            16 children and then their parent go on behind what they share, with 64 pages each (2011)
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define RW (PROT_READ | PROT_WRITE)
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MREMAP_RELOCATE_ANON
#define MREMAP_RELOCATE_ANON 8
#endif

/* Far from each other and from all else, so that nothing merges by chance. */
static char *const from = (char *)0x310000000000;
static char *const to = (char *)0x300000000000;

static char *map_at(char *at, size_t bytes)
{
	char *got = mmap(at, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (got == MAP_FAILED)
		exit(3);
	return got;
}

static void write_pages(char *at, size_t pages)
{
	for (size_t page = 0; page < pages; page++)
		at[page * PAGE]++;
}

static void join(int children)
{
	while (children-- > 0)
		wait(0);
}

/* Children wait for the end of this pipe, so that they live together. */
static int gate[2];

static void stand(void)
{
	char byte;

	close(gate[1]);
	if (read(gate[0], &byte, 1) < 0)
		_exit(3);
	_exit(0);
}

static void open_gate(void)
{
	if (pipe(gate))
		exit(3);
}

/* EINVAL is the answer of a kernel that has no such flag. glibc's mremap gives it without asking the kernel. */
static int move(char *old, size_t bytes, char *new, int wish)
{
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	if (wish && syscall(SYS_mremap, old, bytes, bytes, flags | wish, new) != -1)
		return 0;
	return mremap(old, bytes, bytes, flags, new) == MAP_FAILED ? 3 : 0;
}

static int moved(int shared, int wish)
{
	enum { COUNT = 200, EACH = 4, CHILDREN = 8 };

	open_gate();
	for (int i = 0; i < COUNT; i++)
		write_pages(map_at(from + i * 16 * PAGE, EACH * PAGE), EACH);
	if (shared && !fork())
		stand();
	for (int i = 0; i < COUNT; i++)
		if (move(from + i * 16 * PAGE, EACH * PAGE, to + i * EACH * PAGE, wish))
			return 3;
	for (int child = 0; child < CHILDREN; child++)
		if (!fork()) {
			for (int i = 0; i < COUNT; i += 4)
				write_pages(to + i * EACH * PAGE, 1);
			stand();
		}
	close(gate[1]);
	join(CHILDREN + shared);
	return 0;
}

static int limit(void)
{
	FILE *setting = fopen("/proc/sys/vm/max_map_count", "r");
	int most = 0, failed = 0;

	if (!setting || fscanf(setting, "%d", &most) != 1)
		return 3;
	fclose(setting);
	for (int i = 0; i < most + 970; i++) {
		char *page = mmap(from + i * 2 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		if (page == MAP_FAILED) {
			failed++;
			continue;
		}
		*page = 1;
		failed += mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + i * PAGE) == MAP_FAILED;
	}
	printf("%d calls failed\n", failed);
	return 0;
}

static int vectors(void)
{
	enum { COUNT = 64, LAST = 256 };
	char *at[COUNT];

	for (int i = 0; i < COUNT; i++)
		at[i] = mmap(0, 32 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t pages = 32; pages <= LAST; pages += pages / 2)
		for (int i = 0; i < COUNT; i++) {
			size_t grown = pages + pages / 2;

			write_pages(at[i], pages);
			at[i] = mremap(at[i], pages * PAGE, grown * PAGE, MREMAP_MAYMOVE);
			if (at[i] == MAP_FAILED)
				return 3;
		}
	if (!fork()) {
		for (int i = 0; i < COUNT; i += 2)
			write_pages(at[i], 16);
		_exit(0);
	}
	join(1);
	return 0;
}

static int compact(void)
{
	enum { REGIONS = 512, EACH = 16 };

	for (int round = 0; round < 3; round++) {
		map_at(from, REGIONS * EACH * PAGE);
		for (int i = 0; i < REGIONS; i++)
			write_pages(from + i * EACH * PAGE, EACH);
		for (int i = 0; i < REGIONS; i += 2)
			if (mremap(from + i * EACH * PAGE, EACH * PAGE, EACH * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				   to + (round * REGIONS / 2 + i / 2) * EACH * PAGE) == MAP_FAILED)
				return 3;
		munmap(from, REGIONS * EACH * PAGE);
		write_pages(to + round * REGIONS / 2 * EACH * PAGE, REGIONS / 2 * EACH);
	}
	if (!fork())
		_exit(0);
	join(1);
	return 0;
}

static int guards(void)
{
	for (int i = 0; i < 1000; i++)
		if (madvise(map_at(from + i * 256 * PAGE, 16 * PAGE), PAGE, MADV_GUARD_INSTALL))
			return 4;
	if (!fork())
		_exit(0);
	join(1);
	return 0;
}

static pthread_barrier_t all_run;

static void *use_a_page(void *stack)
{
	write_pages((char *)stack + 62 * PAGE, 1);
	pthread_barrier_wait(&all_run);
	return 0;
}

static int stacks(void)
{
	enum { COUNT = 100 };
	pthread_t threads[COUNT];

	pthread_barrier_init(&all_run, 0, COUNT + 1);
	for (int i = 0; i < COUNT; i++) {
		char *stack = map_at(from + i * 128 * PAGE, 64 * PAGE);
		pthread_attr_t attributes;

		if (madvise(stack, PAGE, MADV_GUARD_INSTALL))
			return 4;
		pthread_attr_init(&attributes);
		pthread_attr_setstack(&attributes, stack + PAGE, 63 * PAGE);
		if (pthread_create(&threads[i], &attributes, use_a_page, stack))
			return 3;
	}
	if (!fork())
		_exit(0);
	join(1);
	pthread_barrier_wait(&all_run);
	for (int i = 0; i < COUNT; i++)
		pthread_join(threads[i], 0);
	return 0;
}

static int server(void)
{
	enum { WORKERS = 30, PAGES = 512 };
	char *pool = map_at(from, PAGES * PAGE);

	open_gate();
	write_pages(pool, PAGES);
	for (int worker = 0; worker < WORKERS; worker++) {
		if (!fork()) {
			write_pages(pool, PAGES - 1);
			stand();
		}
		write_pages(pool, PAGES - 1);
	}
	close(gate[1]);
	join(WORKERS);
	return 0;
}

static int children(int count, int pages, int own)
{
	char *pool = map_at(from, pages * PAGE);

	open_gate();
	write_pages(pool, pages);
	for (int child = 0; child < count; child++)
		if (!fork()) {
			write_pages(pool + (own < pages ? child * own % pages : 0) * PAGE, own);
			stand();
		}
	close(gate[1]);
	join(count);
	return 0;
}

static int generations(int count, int live)
{
	char *pool = map_at(from, 4 * PAGE);

	write_pages(pool, 4);
	for (int generation = 0; generation < count; generation++) {
		if (fork()) {
			if (live)
				wait(0);
			_exit(0);
		}
		write_pages(pool + PAGE, 1);
	}
	return 0;
}

static int shell(void)
{
	char *pool = map_at(from, 64 * PAGE);

	write_pages(pool, 64);
	for (int child = 0; child < 300; child++) {
		if (!fork()) {
			write_pages(pool, 2);
			_exit(0);
		}
		write_pages(pool + child % 64 * PAGE, 1);
		join(1);
	}
	return 0;
}

static int file_slices(void)
{
	enum { SLICES = 2000, PROCESSES = 5 };
	FILE *file = tmpfile();

	if (!file || ftruncate(fileno(file), SLICES * PAGE))
		return 3;
	open_gate();
	for (int i = 0; i < SLICES; i++) {
		char *slice = mmap(from + i * 2 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, fileno(file), i * PAGE);

		if (slice == MAP_FAILED)
			return 3;
		*slice = 1;
	}
	for (int process = 1; process < PROCESSES; process++)
		if (!fork()) {
			for (int i = 0; i < SLICES; i++)
				from[i * 2 * PAGE]++;
			stand();
		}
	close(gate[1]);
	join(PROCESSES - 1);
	return 0;
}

static int mergeable(void)
{
	enum { PROCESSES = 4, PAGES = 256 };

	open_gate();
	for (int process = 0; process < PROCESSES; process++)
		if (!fork()) {
			char *pool = map_at(from, PAGES * PAGE);

			if (madvise(pool, PAGES * PAGE, MADV_MERGEABLE))
				_exit(4);
			memset(pool, 1, PAGES * PAGE);
			stand();
		}
	close(gate[1]);
	join(PROCESSES);
	return 0;
}

static int hot_cold(void)
{
	enum { CHILDREN = 16, PAGES = 1024, HOT = 64 };
	char *pool = map_at(from, PAGES * PAGE);

	open_gate();
	write_pages(pool, PAGES);
	for (int child = 0; child < CHILDREN; child++) {
		if (!fork()) {
			write_pages(pool + (PAGES / CHILDREN) * child * PAGE, 8);
			stand();
		}
		write_pages(pool, HOT);
	}
	close(gate[1]);
	join(CHILDREN);
	return 0;
}

static int commit(void)
{
	enum { CHILDREN = 4, PIECES = 256, EACH = 4 };
	char *heap = map_at(from, PIECES * EACH * PAGE);

	open_gate();
	write_pages(heap, PIECES * EACH);
	if (mprotect(heap, PIECES * EACH * PAGE, PROT_READ))
		return 3;
	for (int child = 0; child < CHILDREN; child++)
		if (!fork()) {
			for (int i = 0; i < PIECES; i += 2) {
				char *piece = heap + i * EACH * PAGE;

				if (mprotect(piece, EACH * PAGE, RW))
					_exit(3);
				write_pages(piece, 1);
				if (mprotect(piece, EACH * PAGE, PROT_READ))
					_exit(3);
			}
			stand();
		}
	close(gate[1]);
	join(CHILDREN);
	return 0;
}

static int refill_pieces(char *heap, int pieces, size_t pages)
{
	for (int i = 1; i < pieces; i += 2) {
		char *piece = heap + i * pages * PAGE;

		if (munmap(piece, pages * PAGE))
			return 3;
		write_pages(map_at(piece, pages * PAGE), 1);
	}
	return 0;
}

static int refill(void)
{
	enum { CHILDREN = 4, PIECES = 512, EACH = 4 };
	char *heap = map_at(from, PIECES * EACH * PAGE);

	open_gate();
	write_pages(heap, PIECES * EACH);
	if (refill_pieces(heap, PIECES, EACH))
		return 3;
	for (int child = 0; child < CHILDREN; child++)
		if (!fork()) {
			if (refill_pieces(heap, PIECES, EACH))
				_exit(3);
			stand();
		}
	close(gate[1]);
	join(CHILDREN);
	return 0;
}

static int grow(void)
{
	enum { CHILDREN = 16, PAGES = 64 };
	char *heap = map_at(from, PAGES * PAGE), *end = heap + PAGES * PAGE;

	open_gate();
	write_pages(heap, PAGES);
	for (int child = 0; child < CHILDREN; child++)
		if (!fork()) {
			write_pages(map_at(end, PAGES * PAGE), PAGES);
			stand();
		}
	write_pages(map_at(end, PAGES * PAGE), PAGES);
	close(gate[1]);
	join(CHILDREN);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "moved"))
		return moved(0, 0);
	if (!strcmp(mode, "moved-asked"))
		return moved(0, MREMAP_RELOCATE_ANON);
	if (!strcmp(mode, "moved-shared"))
		return moved(1, 0);
	if (!strcmp(mode, "limit"))
		return limit();
	if (!strcmp(mode, "vectors"))
		return vectors();
	if (!strcmp(mode, "compact"))
		return compact();
	if (!strcmp(mode, "guards"))
		return guards();
	if (!strcmp(mode, "stacks"))
		return stacks();
	if (!strcmp(mode, "server"))
		return server();
	if (!strcmp(mode, "prefork"))
		return children(8, 256, 3);
	if (!strcmp(mode, "children"))
		return children(100, 100, 100);
	if (!strcmp(mode, "generations"))
		return generations(300, 0);
	if (!strcmp(mode, "deep"))
		return generations(12, 1);
	if (!strcmp(mode, "shell"))
		return shell();
	if (!strcmp(mode, "file-slices"))
		return file_slices();
	if (!strcmp(mode, "mergeable"))
		return mergeable();
	if (!strcmp(mode, "hot-cold"))
		return hot_cold();
	if (!strcmp(mode, "commit"))
		return commit();
	if (!strcmp(mode, "refill"))
		return refill();
	if (!strcmp(mode, "grow"))
		return grow();
	fprintf(stderr, "debate: no mode '%s': see the head of debate.c\n", mode);
	return 2;
}
