// Changes its VMAs once in the way named by argv[1]; prints nothing.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

/* Registers a page of the process that made the descriptor, whoever calls. */
static int watch(int fd, char *at)
{
	struct uffdio_register range = {
		.range = { (unsigned long)at, PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return ioctl(fd, UFFDIO_REGISTER, &range) ? 4 : 0;
}

static int by_ioctl(pid_t (*by)(void))
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *at = map(0) + PAGE;
	int status;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return 3;
	if (!by)
		return watch(fd, at);
	if (!by())
		_exit(watch(fd, at));
	wait(&status);
	return WEXITSTATUS(status);
}

static int by_home_node(void)
{
	unsigned long nodes = 1;
	char *at = map(0);

	if (syscall(SYS_mbind, at, 4 * PAGE, MPOL_BIND, &nodes, 2, 0))
		return 3;
	return syscall(450, at, 4 * PAGE, 0, 0) ? 4 : 0;
}

__attribute__((noinline)) static int probed(int value)
{
	asm volatile("" : "+r"(value));
	return value * 3 + 1;
}

/* Where probed lies in the file of this program. */
static long offset_of_probed(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end, offset, at = (unsigned long)probed;
	char line[512];

	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && at >= start && at < end)
			return at - start + offset;
	return -1;
}

static int by_breakpoint(void)
{
	FILE *number = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
	struct perf_event_attr attr = { .size = sizeof(attr), .sample_period = 1 };
	char path[512] = "";

	if (!number || fscanf(number, "%u", &attr.type) != 1)
		return 77;
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return 3;
	attr.config1 = (unsigned long)path;
	attr.config2 = offset_of_probed();
	if (syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) < 0)
		return 77;
	return probed(2) == 7 ? 0 : 4;
}

/* A kernel without IA32_EMULATION, or below a hypervisor that does not pass the interrupt on. */
static void no_32bit_calls(int signal)
{
	(void)signal;
	_exit(77);
}

static int by_32bit_call(void)
{
	long result;

	signal(SIGSEGV, no_32bit_calls);
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
		return by_ioctl(0);
	if (!strcmp(way, "handed"))
		return by_ioctl(fork);
	if (!strcmp(way, "home"))
		return by_home_node();
	if (!strcmp(way, "breakpoint"))
		return by_breakpoint();
	if (!strcmp(way, "int80"))
		return by_32bit_call();
	if (!strcmp(way, "prctl"))
		return prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) ? 3 : 0;
	if (!strcmp(way, "aio"))
		return syscall(SYS_io_setup, 8, &ring) ? 3 : 0;
	return 9;
}
