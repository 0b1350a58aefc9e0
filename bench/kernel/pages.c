/* SPDX-License-Identifier: Apache-2.0 */
/* The live kernel's part of bench/run: nanoseconds a page for the work of PageBenchmarks.cs, least of 9 rounds. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGES = 4096, PAGE = 4096, ROUNDS = 9 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void touch(volatile char *range)
{
	for (long page = 0; page < PAGES; page++)
		range[page * PAGE] = 1;
}

static void fault_and_zap(char *range)
{
	madvise(range, (size_t)PAGES * PAGE, MADV_DONTNEED);
	touch(range);
}

static void fork_and(char *range, void (*in_child)(volatile char *))
{
	pid_t child = fork();

	if (child == 0) {
		if (in_child)
			in_child(range);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void fork_and_exit(char *range)
{
	fork_and(range, NULL);
}

static void fork_cow_and_exit(char *range)
{
	fork_and(range, touch);
}

static void measure(const char *name, void (*work)(char *), char *range)
{
	double least = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now(), spent;

		work(range);
		spent = now() - start;
		least = spent < least ? spent : least;
	}
	printf("%-24s %10.1f\n", name, least / PAGES);
}

int main(void)
{
	char *range = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (range == MAP_FAILED)
		return 1;
	madvise(range, (size_t)PAGES * PAGE, MADV_NOHUGEPAGE);
	touch(range);
	measure("FaultAndZap", fault_and_zap, range);
	measure("ForkAndExit", fork_and_exit, range);
	measure("ForkCopyOnWriteAndExit", fork_cow_and_exit, range);
	return 0;
}
