/* Shared mappings of what the kernel made itself: no one may execute them, whatever they are opened as. */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL

static int mapped;

static void map(int file, unsigned long pages, unsigned long offset)
{
	char *memory = file < 0 ? MAP_FAILED : mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset);

	if (memory == MAP_FAILED)
		return;
	mapped++;
	mprotect(memory, PAGE, PROT_READ | PROT_EXEC);
	mprotect(memory, PAGE, PROT_READ);
}

int main(void)
{
	struct io_uring_params ring = { 0 };
	struct perf_event_attr event = { .type = PERF_TYPE_SOFTWARE, .size = sizeof event };
	aio_context_t context = 0;
	int secret = syscall(SYS_memfd_secret, 0), file = syscall(SYS_io_uring_setup, 8, &ring);

	map(file, 1, IORING_OFF_SQ_RING);
	map(file, 1, IORING_OFF_SQES);
	if (secret >= 0 && !ftruncate(secret, 4 * PAGE))
		map(secret, 4, 0);
	map(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0), 5, 0);
	mapped += !syscall(SYS_io_setup, 64, &context);
	return mapped == 0;
}
