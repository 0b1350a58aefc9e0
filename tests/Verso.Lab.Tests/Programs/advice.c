/* Every advice for several ranges, of the process itself and of another: what is refused, and what was done before. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define SELF -10001	/* PIDFD_SELF_THREAD_GROUP, since 6.14 */

static char *const at = (char *)0x50000000;

static long advise(int pidfd, struct iovec *ranges, unsigned long count, int advice, unsigned int flags)
{
	return syscall(SYS_process_madvise, pidfd, ranges, count, advice, flags);
}

/* At 8 a page that cannot be written, at 20 one that is locked, at 40 a hole. */
static void lay_out(void)
{
	mmap(at, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(at, 1, 64 * PAGE);
	munmap(at + 40 * PAGE, 2 * PAGE);
	mprotect(at + 8 * PAGE, PAGE, PROT_READ);
	mlock(at + 20 * PAGE, PAGE);
}

static void advise_each(int pidfd)
{
	struct iovec whole[] = { { at, 4 * PAGE }, { at + 6 * PAGE, 4 * PAGE }, { at + 12 * PAGE, PAGE } };
	struct iovec locked[] = { { at, 4 * PAGE }, { at + 18 * PAGE, 4 * PAGE }, { at + 12 * PAGE, PAGE } };
	struct iovec hole[] = { { at, 4 * PAGE }, { at + 39 * PAGE, 4 * PAGE }, { at + 12 * PAGE, PAGE } };
	struct iovec first[] = { { at + 18 * PAGE, 4 * PAGE }, { at, PAGE } };
	struct iovec outside[] = { { at, PAGE }, { (void *)0xffffffffff600000, PAGE } };

	for (int advice = 0; advice < 110; advice++) {
		if (advice == MADV_HWPOISON || advice == MADV_HWPOISON + 1)	/* MADV_SOFT_OFFLINE */
			continue;
		advise(pidfd, whole, 3, advice, 0);
		advise(pidfd, locked, 3, advice, 0);
		advise(pidfd, hole, 3, advice, 0);
		advise(pidfd, first, 2, advice, 0);
		advise(pidfd, outside, 2, advice, 0);
		advise(pidfd, whole, 3, advice, 1);
		advise(pidfd, whole, 5000, advice, 0);
		advise(12345, whole, 3, advice, 0);
	}
}

/* [vvar] and [vdso] among them. */
static void advise_everything(int advice)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512];

	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) == 2)
			madvise((void *)start, end - start, advice);
	}
	fclose(maps);
}

int main(void)
{
	int child, other;

	lay_out();
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	other = syscall(SYS_pidfd_open, child, 0);
	advise_each(other);
	advise_each(syscall(SYS_pidfd_open, getpid(), 0));
	advise_each(SELF);
	advise_everything(MADV_COLD);
	advise_everything(MADV_PAGEOUT);
	kill(child, SIGKILL);
	wait(0);
	return 0;
}
