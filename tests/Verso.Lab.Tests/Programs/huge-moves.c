/* mremap of huge pages: lengths become whole huge pages, nothing grows. Nothing is touched, so no pool is needed. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE (2UL << 20)
#define PAGE 4096UL

static char *room;

static char *fresh(int type)
{
	munmap(room, 32 * HUGE);
	return mmap(room + 8 * HUGE, 4 * HUGE, PROT_READ | PROT_WRITE,
		    type | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static void move(int type, unsigned long start, unsigned long from, unsigned long to, int flags, char *target)
{
	char *memory = fresh(type);

	if (memory != MAP_FAILED)
		mremap(memory + start, from, to, flags, target);
}

int main(void)
{
	static const int types[] = { MAP_PRIVATE, MAP_SHARED };
	const int there = MREMAP_MAYMOVE | MREMAP_FIXED;

	room = mmap(0, 64 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	room = (char *)(((uintptr_t)room + HUGE - 1) & ~(HUGE - 1));
	for (int at = 0; at < 2; at++) {
		move(types[at], 0, 4 * HUGE, 8 * HUGE, MREMAP_MAYMOVE, 0);
		move(types[at], 0, 4 * HUGE, 4 * HUGE + PAGE, 0, 0);
		move(types[at], 0, 2 * HUGE, 8 * HUGE, MREMAP_MAYMOVE, 0);
		move(types[at], 0, 4 * HUGE, 8 * HUGE, there, room);
		move(types[at], 0, 4 * HUGE, 4 * HUGE, there, room);
		move(types[at], 0, PAGE, PAGE, there, room);
		move(types[at], 0, 2 * HUGE, 2 * HUGE, there, room);
		move(types[at], PAGE, PAGE, PAGE, there, room);
		move(types[at], 0, 4 * HUGE, 4 * HUGE, there, room + PAGE);
		move(types[at], 0, 4 * HUGE, PAGE, 0, 0);
		move(types[at], 0, 4 * HUGE, 2 * HUGE + PAGE, 0, 0);
		move(types[at], 0, 4 * HUGE, 2 * HUGE, there, room);
		move(types[at], 0, 4 * HUGE, 4 * HUGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
		move(types[at], 0, 0, 4 * HUGE, MREMAP_MAYMOVE, 0);
		move(types[at], 0, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	}
	return 0;
}
