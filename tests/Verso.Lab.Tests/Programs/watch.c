/* userfaultfd: a monitor thread fills pages, contexts come and go, are inherited, move along, and belong to others. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define MISSING UFFDIO_REGISTER_MODE_MISSING
#define WP UFFDIO_REGISTER_MODE_WP

/* Newer than many a linux/userfaultfd.h. */
struct move {
	unsigned long dst, src, len, mode;
	long moved;
};
#define MOVE _IOWR(UFFDIO, 5, struct move)

static char page[PAGE] __attribute__((aligned(4096)));
static volatile int child_context = -1, over;

static int make(unsigned long features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);

	/* The events need CAP_SYS_PTRACE for fork, and a monitor that may be asked from kernel mode. */
	if (features & UFFD_FEATURE_EVENT_FORK) {
		close(fd);
		fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	}
	if (ioctl(fd, UFFDIO_API, &api))
		exit(2);
	return fd;
}

static char *map(unsigned long at, unsigned long pages, int flags)
{
	return mmap((void *)at, pages * PAGE, RW, MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0);
}

static int watch(int fd, char *start, unsigned long pages, unsigned long mode)
{
	struct uffdio_register range = { .range = { (unsigned long)start, pages * PAGE }, .mode = mode };

	return ioctl(fd, UFFDIO_REGISTER, &range);
}

static int unwatch(int fd, char *start, unsigned long pages)
{
	struct uffdio_range range = { (unsigned long)start, pages * PAGE };

	return ioctl(fd, UFFDIO_UNREGISTER, &range);
}

static int copy(int fd, char *to, unsigned long pages)
{
	struct uffdio_copy fill = { .dst = (unsigned long)to, .src = (unsigned long)page, .len = pages * PAGE };

	return ioctl(fd, UFFDIO_COPY, &fill);
}

static void *monitor(void *argument)
{
	int fd = *(int *)argument;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct uffd_msg message;

	while (!over) {
		if (poll(&ready, 1, 10) <= 0)
			continue;
		if (read(fd, &message, sizeof(message)) != sizeof(message))
			continue;
		if (message.event == UFFD_EVENT_FORK)
			child_context = message.arg.fork.ufd;
		else if (message.event == UFFD_EVENT_PAGEFAULT)
			copy(fd, (char *)(message.arg.pagefault.address & ~(PAGE - 1)), 1);
	}
	return 0;
}

/* Faults of this thread are filled by another. */
static void filled_by_a_thread(void)
{
	int fd = make(UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP);
	char *memory = map(0x10000000, 16, MAP_PRIVATE);
	pthread_t thread;
	int status;

	watch(fd, memory, 16, MISSING);
	pthread_create(&thread, 0, monitor, &fd);
	memory[0] = 1;
	memory[5 * PAGE] += memory[3 * PAGE];
	if (!fork()) {
		munmap(memory + 12 * PAGE, PAGE);
		mprotect(memory, PAGE, PROT_READ);
		mprotect(memory, PAGE, RW);
		_exit(0);
	}
	wait(&status);
	mremap(memory + 8 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x18000000);
	((char *)0x18000000)[0] = 1;
	over = 1;
	pthread_join(thread, 0);
	close(fd);
	if (child_context >= 0)
		close(child_context);
}

/* Contexts that watch nothing when they are closed: the kernel uses their memory again for others. */
static void again_and_again(void)
{
	char *memory = map(0x58000000, 4, MAP_PRIVATE);

	memory[0] = 1;
	for (int round = 0; round < 6; round++) {
		int fd = make(round % 2 ? UFFD_FEATURE_EVENT_REMAP : 0);

		watch(fd, memory, 2, MISSING);
		if (round % 2)
			unwatch(fd, memory, 4);
		else if (mremap(memory, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, memory + 8 * PAGE) != MAP_FAILED)
			map(0x58000000, 1, MAP_PRIVATE);
		unwatch(fd, memory, 4);
		close(fd);
	}
}

int main(void)
{
	int one = make(0), two = make(0), pipes[2];
	char *a = map(0x20000000, 16, MAP_PRIVATE), *b = map(0x28000000, 8, MAP_PRIVATE);
	char *shared = map(0x30000000, 8, MAP_SHARED);
	struct uffdio_zeropage zero = { .range = { (unsigned long)a + 6 * PAGE, 2 * PAGE } };
	struct move move = { .dst = (unsigned long)a + 8 * PAGE, .src = (unsigned long)b, .len = 2 * PAGE };
	struct uffdio_writeprotect protect = { .range = { (unsigned long)a + PAGE, PAGE }, .mode = 1 };
	char byte;

	memset(b, 1, 8 * PAGE);
	watch(one, a, 4, MISSING);
	watch(two, a + 4, 4, MISSING);		/* EINVAL: not aligned */
	watch(two, a + 4 * PAGE, 8, MISSING);
	watch(one, a + 2 * PAGE, 4, MISSING);	/* EBUSY */
	copy(one, a, 2);
	copy(one, a + PAGE, 2);			/* EEXIST */
	copy(two, a + 5 * PAGE, 1);
	ioctl(two, UFFDIO_ZEROPAGE, &zero);
	ioctl(two, MOVE, &move);
	watch(one, a, 4, MISSING | WP);
	ioctl(one, UFFDIO_WRITEPROTECT, &protect);
	watch(one, shared, 4, MISSING);
	copy(one, shared + PAGE, 1);
	mprotect(a + PAGE, PAGE, PROT_READ);
	mprotect(a + PAGE, PAGE, RW);
	unwatch(two, a + 10 * PAGE, 2);
	if (!fork()) {
		a[PAGE] = 2;
		_exit(0);
	}
	wait(0);
	/* The context of another process, which goes on working in ours when we have no descriptor of it any more. */
	if (pipe(pipes))
		return 3;
	if (!fork()) {
		close(pipes[1]);
		copy(one, a + 2 * PAGE, 1);
		watch(one, a + 12 * PAGE, 2, MISSING);
		if (read(pipes[0], &byte, 1))
			_exit(4);
		close(one);
		mmap(0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		_exit(0);
	}
	close(pipes[0]);
	usleep(20000);
	close(one);
	a[0] = 3;
	close(pipes[1]);
	wait(0);
	dup2(0, two);		/* the last descriptor, though not by close() */
	mmap(0, 3 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	again_and_again();
	filled_by_a_thread();
	mmap(0, 5 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return 0;
}
