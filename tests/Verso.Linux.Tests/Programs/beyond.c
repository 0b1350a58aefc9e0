// Changes its VMAs once in the way named by argv[1]; prints nothing.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define PR_SET_MEMORY_MERGE 67
#define I386_MADVISE 219

static char *map(int flags)
{
	char *at = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (at == MAP_FAILED)
		_exit(2);
	return at;
}

static int by_ioctl(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_register range = {
		.range = { (unsigned long)map(0) + PAGE, PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return 3;
	return ioctl(fd, UFFDIO_REGISTER, &range) ? 4 : 0;
}

static int by_32bit_call(void)
{
	long result;

	asm volatile("int $0x80" : "=a"(result)
		     : "a"(I386_MADVISE), "b"(map(MAP_32BIT)), "c"(PAGE), "d"(MADV_DONTDUMP) : "memory");
	return result ? 3 : 0;
}

int main(int argc, char **argv)
{
	aio_context_t ring = 0;
	const char *way = argc > 1 ? argv[1] : "";

	if (!strcmp(way, "call"))
		return madvise(map(0), PAGE, MADV_DONTDUMP) ? 3 : 0;
	if (!strcmp(way, "refused"))
		return madvise(map(0) + 1, PAGE, MADV_DONTDUMP) ? 0 : 3;
	if (!strcmp(way, "ioctl"))
		return by_ioctl();
	if (!strcmp(way, "int80"))
		return by_32bit_call();
	if (!strcmp(way, "prctl"))
		return prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) ? 3 : 0;
	if (!strcmp(way, "aio"))
		return syscall(SYS_io_setup, 8, &ring) ? 3 : 0;
	return 9;
}
