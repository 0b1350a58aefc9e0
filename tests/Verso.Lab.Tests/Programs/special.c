// Acts on parts of [vvar] and [vdso], which cannot be split, and on the whole of them. Prints nothing; 0: as expected.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL

static int find(const char *name, unsigned long *start, unsigned long *end)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	int found = 0;

	while (!found && fgets(line, sizeof(line), maps))
		found = strstr(line, name) && sscanf(line, "%lx-%lx", start, end) == 2;
	fclose(maps);
	return found;
}

static int refused(long result)
{
	return result == -1 && errno == EINVAL;
}

static int try_parts(unsigned long start, unsigned long end)
{
	char *at = (char *)start;
	char *room = mmap(0, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!refused(munmap(at, PAGE)) || !refused(munmap((char *)end - PAGE, PAGE)))
		return 10;
	if (!refused(mprotect(at, PAGE, PROT_NONE)) || !refused(madvise(at, PAGE, MADV_DONTFORK)))
		return 11;
	if (!refused((long)mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room)))
		return 12;
	if (!refused((long)mremap(at, end - start, PAGE, 0)))
		return 13;
	return 0;
}

int main(void)
{
	unsigned long start, end;
	char *moved;
	int status;

	if (!find("[vvar]", &start, &end))
		return 2;
	status = try_parts(start, end);
	if (status)
		return status;
	if (!find("[vdso]", &start, &end))
		return 3;
	status = try_parts(start, end);
	if (status)
		return status;
	if (!fork())
		_exit(0);
	wait(0);
	moved = mmap(0, end - start, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mremap((char *)start, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, moved) != moved)
		return 4;
	if (!fork())
		_exit(0);
	wait(0);
	if (mprotect(moved, end - start, PROT_READ) || munmap(moved, end - start))
		return 5;
	return 0;
}
