/*
 * Pairs of neighbouring VMAs that differ only in their protection, each written for the first time by two threads at
 * once: their anon_vmas are prepared under the read lock, in a race that only the kernel decides.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char *area;
static int pairs;
static int arrived;

/* Both threads leave within some ten nanoseconds of each other, unless there is only one processor for them. */
static void meet(int round)
{
	__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
	for (int spins = 0; __atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < 2 * (round + 1); spins++)
		if (spins > 100000)
			sched_yield();
}

static void *write_left(void *unused)
{
	(void)unused;
	for (int i = 0; i < pairs; i++) {
		meet(i);
		area[i * 3 * 4096L] = 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t other;
	char line[32];
	int n;

	pairs = atoi(argv[argc - 1]);
	area = mmap(0, pairs * 3 * 4096L, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < pairs; i++) {
		mprotect(area + i * 3 * 4096L, 4096, PROT_READ | PROT_WRITE);
		mprotect(area + (i * 3 + 1) * 4096L, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
	}
	pthread_create(&other, 0, write_left, 0);
	for (int i = 0; i < pairs; i++) {
		meet(i);
		area[(i * 3 + 1) * 4096L] = 1;
	}
	pthread_join(other, 0);
	n = snprintf(line, sizeof(line), "%lx\n", (unsigned long)area);
	return write(1, line, n) < 0;
}
