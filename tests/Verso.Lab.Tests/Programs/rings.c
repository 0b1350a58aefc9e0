/* Mappings whose driver has a say, and calls that are about memory only now and then. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)

static char *map(unsigned long at, unsigned long pages, int prot)
{
	return mmap((void *)at, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void child(void)
{
	if (!fork()) {
		map(0x70000000, 2, RW)[0] = 1;
		_exit(0);
	}
	wait(0);
}

static void aio(void)
{
	aio_context_t small = 0, large = 0;

	syscall(SYS_io_setup, 8, &small);
	syscall(SYS_io_setup, 1000, &large);
	child();
	syscall(SYS_io_destroy, small);
	syscall(SYS_io_destroy, 12345);
	mprotect((void *)large, PAGE, PROT_READ);
	mprotect((void *)large, PAGE, RW);
}

static void uring(void)
{
	struct io_uring_params parameters = {};
	int fd = syscall(SYS_io_uring_setup, 8, &parameters);

	if (fd < 0)
		return;
	mmap(0, 4 * PAGE, RW, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	mmap(0, PAGE, RW, MAP_SHARED, fd, IORING_OFF_SQES);
	child();
	close(fd);
}

static void perf(void)
{
	struct perf_event_attr event = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(event),
					 .config = PERF_COUNT_SW_DUMMY, .exclude_kernel = 1 };
	int fd = syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
	char *ring = fd < 0 ? MAP_FAILED : mmap(0, 3 * PAGE, RW, MAP_SHARED, fd, 0);

	child();
	if (ring != MAP_FAILED)
		munmap(ring, 3 * PAGE);
}

static void secret(void)
{
	int fd = syscall(447, 0);	/* memfd_secret */
	char *memory;

	if (fd < 0 || ftruncate(fd, 8 * PAGE))
		return;
	memory = mmap((void *)0x60000000, 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	mmap((void *)0x60000000 + 4 * PAGE, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 4 * PAGE);
	memory[0] = 1;
	munlock(memory + PAGE, PAGE);
	mlock(memory, PAGE);
	mprotect(memory + 2 * PAGE, PAGE, PROT_READ);
	child();
}

static void sealed(void)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	if (ftruncate(fd, 4 * PAGE))
		return;
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	mmap(0, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
}

static void file_pages(void)
{
	int fd = memfd_create("pages", 0);
	char *memory;

	if (ftruncate(fd, 16 * PAGE))
		return;
	memory = mmap((void *)0x50000000, 8 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
	syscall(SYS_remap_file_pages, memory + 2 * PAGE, 2 * PAGE, 0, 8, 0);
	syscall(SYS_remap_file_pages, memory + 4 * PAGE, PAGE, 0, 10, 0x10000);
	syscall(SYS_remap_file_pages, memory, PAGE, 1, 0, 0);
	syscall(SYS_remap_file_pages, memory + 7 * PAGE, 4 * PAGE, 0, 0, 0);
}

static int deep(int left)
{
	volatile char room[64 * 1024];

	room[0] = left;
	return left ? deep(left - 1) + room[0] : 0;
}

static void limits(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_STACK, &limit);
	limit.rlim_cur = 64UL << 20;
	if (limit.rlim_max < limit.rlim_cur)
		limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_STACK, &limit);
	deep(400);
	child();
}

static void implied(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);

	personality(READ_IMPLIES_EXEC);
	map(0x40000000, 2, RW);
	map(0x40000000 + 4 * PAGE, 2, PROT_NONE);
	mprotect((void *)0x40000000 + 4 * PAGE, PAGE, PROT_READ);
	mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	sbrk(300 * PAGE);
	child();
	personality(0);
	map(0x40000000 + 8 * PAGE, 2, RW);
}

int main(void)
{
	aio();
	uring();
	perf();
	secret();
	sealed();
	file_pages();
	limits();
	implied();
	prctl(0x53564d41, 0, map(0x48000000, 4, RW), PAGE, "a name");
	mmap(0, 7 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return 0;
}
