/* A VMA for each flag that a program can set, none beside another. What a kernel lacks is left out. Prints a line. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define DROPPABLE (0x08 | MAP_ANONYMOUS)
#define GUARD_INSTALL 102
#define ONFAULT 1
#define MSEAL 462
#define WRITE_PROTECT 2
#define MINOR 4

static unsigned long next = 0x100000000000UL;

static char *map(int flags, int file)
{
	next += 16 * PAGE;
	return mmap((void *)next, PAGE, RW, flags | MAP_FIXED, file, 0);
}

static void watch(char *at, unsigned long mode)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { (unsigned long)at, PAGE }, .mode = mode };
	int faults = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (faults >= 0 && !ioctl(faults, UFFDIO_API, &api))
		ioctl(faults, UFFDIO_REGISTER, &range);
}

int main(void)
{
	static const int advice[] = {
		MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTFORK, MADV_DONTDUMP, MADV_WIPEONFORK, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_MERGEABLE, GUARD_INSTALL,
	};
	int memory = memfd_create("letters", 0);

	for (unsigned long each = 0; each < sizeof(advice) / sizeof(*advice); each++)
		madvise(map(PRIVATE, -1), PAGE, advice[each]);
	mlock(map(PRIVATE, -1), PAGE);
	syscall(SYS_mlock2, map(PRIVATE, -1), PAGE, ONFAULT);
	map(DROPPABLE, -1);
	map(PRIVATE | MAP_NORESERVE, -1);
	map(PRIVATE | MAP_GROWSDOWN, -1);
	syscall(MSEAL, map(PRIVATE, -1), PAGE, 0);
	watch(map(PRIVATE, -1), UFFDIO_REGISTER_MODE_MISSING);
	watch(map(PRIVATE, -1), WRITE_PROTECT);
	if (!ftruncate(memory, PAGE))
		watch(map(MAP_SHARED, memory), MINOR);
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
