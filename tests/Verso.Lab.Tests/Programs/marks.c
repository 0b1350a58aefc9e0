/* Says of its memory what cannot be seen from the calls of mmap alone: seals, KSM, no gain of execution. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)

static char *map(unsigned long at, unsigned long pages)
{
	return mmap((void *)at, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

int main(int argc, char **argv)
{
	char *seals = map(0x10000000, 16);
	char *more;

	if (argc > 1)		/* the program anew: what it said is inherited */
		return map(0x30000000, 4) == MAP_FAILED;
	seals[0] = 1;
	syscall(462, seals + 4 * PAGE, 4 * PAGE, 0);
	munmap(seals + 2 * PAGE, 4 * PAGE);		/* EPERM, and the VMA is split */
	mprotect(seals + 3 * PAGE, 2 * PAGE, PROT_READ);
	mmap(seals + PAGE, 6 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mremap(seals + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	prctl(67, 1, 0, 0, 0);
	more = map(0x20000000, 8);
	more[0] = 1;
	map(0x20000000 + 8 * PAGE, 8);
	madvise(more + PAGE, PAGE, MADV_UNMERGEABLE);
	prctl(65, 1, 0, 0, 0);
	mprotect(more + 4 * PAGE, PAGE, PROT_READ | PROT_EXEC);
	mmap((void *)0x28000000, PAGE, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (!fork()) {
		map(0x28000000, 2)[0] = 1;
		execl(argv[0], argv[0], "again", (char *)0);
		_exit(1);
	}
	wait(0);
	prctl(67, 0, 0, 0, 0);
	map(0x28000000, 2)[0] = 1;
	return 0;
}
