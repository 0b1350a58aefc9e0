/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's part of bench/vma-index: its maple tree in a program, nanoseconds an operation, least of rounds. The
 * same work as VmaIndexBenchmark.cs: COUNT entries of a page with holes of a page between them, so that a search for
 * two pages has to pass all of them.
 * usage: maple COUNT ROUNDS
 */
#include "maple-stubs.h"
#include <time.h>
#include MAPLE_TREE_C

enum { PAGE = 4096, PROBES = 1 << 14 };

#define BASE 0x100000000000UL
#define TOP 0x7ffffffff000UL

static unsigned long count;
static unsigned int *probes;
static volatile unsigned long sink;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static unsigned long start_of(unsigned long at)
{
	return BASE + at * 2 * PAGE;
}

static void *entry_of(unsigned long at)
{
	return (void *)((at + 1) << 12);
}

static void store(struct maple_tree *tree, unsigned long at, void *entry)
{
	MA_STATE(mas, tree, start_of(at), start_of(at) + PAGE - 1);

	if (mas_store_gfp(&mas, entry, GFP_KERNEL))
		abort();
}

static void fill(struct maple_tree *tree)
{
	mt_init_flags(tree, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN);
	for (unsigned long at = count; at-- > 0;)
		store(tree, at, entry_of(at));
}

static double store_downwards(struct maple_tree *tree)
{
	double begin = now(), spent;
	struct maple_tree fresh;

	(void)tree;
	fill(&fresh);
	spent = now() - begin;
	__mt_destroy(&fresh);
	return spent / count;
}

static double erase_and_store(struct maple_tree *tree)
{
	double begin = now();

	for (int at = 0; at < PROBES; at++) {
		store(tree, probes[at], NULL);
		store(tree, probes[at], entry_of(probes[at]));
	}
	return (now() - begin) / PROBES / 2;
}

static double load(struct maple_tree *tree)
{
	double begin = now();
	unsigned long sum = 0;

	for (int at = 0; at < PROBES; at++) {
		MA_STATE(mas, tree, start_of(probes[at]), start_of(probes[at]));

		sum += (unsigned long)mas_walk(&mas);
	}
	sink = sum;
	return (now() - begin) / PROBES;
}

static double step(struct maple_tree *tree)
{
	double begin = now();
	unsigned long sum = 0;
	void *entry;
	MA_STATE(mas, tree, 0, 0);

	mas_for_each(&mas, entry, ULONG_MAX)
		sum += (unsigned long)entry;
	sink = sum;
	return (now() - begin) / count;
}

static double hole_downwards(struct maple_tree *tree)
{
	double begin = now();
	unsigned long sum = 0;

	for (int at = 0; at < PROBES; at++) {
		MA_STATE(mas, tree, 0, 0);

		if (mas_empty_area_rev(&mas, PAGE, start_of(probes[at]) - 1, 2 * PAGE))
			abort();
		sum += mas.last;
	}
	sink = sum;
	return (now() - begin) / PROBES;
}

static double hole_upwards(struct maple_tree *tree)
{
	double begin = now();
	unsigned long sum = 0;

	for (int at = 0; at < PROBES; at++) {
		MA_STATE(mas, tree, 0, 0);

		if (mas_empty_area(&mas, start_of(probes[at]), TOP - 1, 2 * PAGE))
			abort();
		sum += mas.index;
	}
	sink = sum;
	return (now() - begin) / PROBES;
}

/* As dup_mmap does: the whole tree, then each entry is replaced by the child's own. */
static double duplicate(struct maple_tree *tree)
{
	struct maple_tree copy;
	double begin = now(), spent;
	void *entry;
	MA_STATE(mas, &copy, 0, 0);

	mt_init_flags(&copy, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN);
	if (__mt_dup(tree, &copy, GFP_KERNEL))
		abort();
	mas_for_each(&mas, entry, ULONG_MAX)
		mas_store(&mas, (char *)entry + (1UL << 40));
	spent = now() - begin;
	__mt_destroy(&copy);
	return spent / count;
}

static void measure(const char *name, double (*work)(struct maple_tree *), struct maple_tree *tree, int rounds)
{
	unsigned long repeats = count < PROBES ? PROBES / count : 1;
	double least = 1e18;

	for (int round = 0; round < rounds; round++) {
		double spent = 0;

		for (unsigned long repeat = 0; repeat < repeats; repeat++)
			spent += work(tree);
		least = spent / repeats < least ? spent / repeats : least;
	}
	printf("%s %lu %.1f\n", name, count, least);
}

int main(int words, char **word)
{
	unsigned long long state = 1;
	struct maple_tree tree;
	int rounds;

	if (words != 3)
		return 2;
	count = strtoul(word[1], NULL, 10);
	rounds = atoi(word[2]);
	probes = malloc(PROBES * sizeof(*probes));
	for (int at = 0; at < PROBES; at++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		probes[at] = (state >> 33) % count;
	}
	maple_tree_init();
	fill(&tree);
	measure("store-downwards", store_downwards, &tree, rounds);
	measure("erase-and-store", erase_and_store, &tree, rounds);
	measure("load", load, &tree, rounds);
	measure("step", step, &tree, rounds);
	measure("hole-downwards", hole_downwards, &tree, rounds);
	measure("hole-upwards", hole_upwards, &tree, rounds);
	measure("duplicate", duplicate, &tree, rounds);
	return 0;
}
