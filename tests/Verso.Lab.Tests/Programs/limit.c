/* With ARGUMENT VMAs left to the limit: which calls fail, and what they have split by then. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static char *const fill = (char *)0x100000000;
static char *const at = (char *)0x90000000;

static int lines_of(const char *path)
{
	FILE *file = fopen(path, "r");
	int lines = 0, c;

	while ((c = fgetc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static int limit(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	int most = 0;

	if (fscanf(file, "%d", &most) != 1)
		exit(1);
	fclose(file);
	return most;
}

int main(int count, char **arguments)
{
	unsigned long node = 1;
	int most = limit();
	int vmas;

	mmap(at, 64 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	at[0] = 1;
	at[20 * PAGE] = 1;
	/* [vsyscall] is no VMA. */
	vmas = lines_of("/proc/self/maps") - 1;
	for (int i = 0; vmas + i < most - atoi(arguments[1]); i++)
		mmap(fill + 2 * i * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(at + 4 * PAGE, 2 * PAGE, MADV_DONTFORK);
	madvise(at + 4 * PAGE, 2 * PAGE, MADV_DOFORK);
	mprotect(at + 8 * PAGE, 2 * PAGE, PROT_READ);
	mprotect(at + 8 * PAGE, 2 * PAGE, RW);
	mlock(at + 12 * PAGE, 2 * PAGE);
	munlock(at + 12 * PAGE, 2 * PAGE);
	munmap(at + 16 * PAGE, 2 * PAGE);
	mmap(at + 16 * PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	mremap(at + 20 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 0x100000);
	mremap(at + 20 * PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	mremap(at + 20 * PAGE, 4 * PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	syscall(SYS_mbind, at + 30 * PAGE, PAGE, 1, &node, 64, 0);
	madvise(at + 34 * PAGE, PAGE, MADV_MERGEABLE);
	mmap(0, PAGE, RW, ANONYMOUS, -1, 0);
	mmap(0, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mmap(at + 40 * PAGE, 2 * PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(at - PAGE, 8 * PAGE, MADV_DONTFORK);
	mprotect(at + 50 * PAGE, 30 * PAGE, PROT_READ);
	if (!fork()) {
		mprotect(at + 8 * PAGE, 2 * PAGE, PROT_READ);
		madvise(at + 44 * PAGE, PAGE, MADV_DONTFORK);
		_exit(0);
	}
	wait(0);
	munmap(fill, 100 * PAGE);
	return count == 2 ? 0 : 1;
}
