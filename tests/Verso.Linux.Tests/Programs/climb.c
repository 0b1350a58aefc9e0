/* SPDX-License-Identifier: Apache-2.0 */
/*
 * climb FROM TO SECONDS: maps memory and divides it until it has FROM VMAs, tells a line, and goes on evenly to TO in so
 * many seconds; tells another, and waits for a line, or for the end of its input. Where the kernel refuses it aborts, as
 * programs do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STEPS 100

static char *pages;
static long divided;
static long page;

/* Every other page forbids access: two VMAs more each. */
static int grow(long vmas)
{
	for (; divided < vmas / 2; divided++)
		if (mprotect(pages + (2 * divided + 1) * page, page, PROT_NONE))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	long from = atol(argv[1]), to = atol(argv[2]);
	double seconds = argc > 3 ? atof(argv[3]) : 0;
	struct timespec pause = { 0, (long)(seconds * 1e9 / STEPS) };

	page = sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, (size_t)(to + 2) * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pages == MAP_FAILED || grow(from))
		return 1;
	puts("from");
	fflush(stdout);
	for (long step = 1; step <= STEPS; step++) {
		if (grow(from + (to - from) * step / STEPS))
			abort();
		nanosleep(&pause, NULL);
	}
	puts("to");
	fflush(stdout);
	(void)!getchar();
	return 0;
}
