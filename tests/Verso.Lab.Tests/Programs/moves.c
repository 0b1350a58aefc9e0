/* mremap over several VMAs: with holes, seals, locks and what moves alone among them, and what has moved before it stops. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define TO (MREMAP_MAYMOVE | MREMAP_FIXED)

enum { HOLE = 1, HOLE_FIRST = 2, FILE_AMONG = 4, SEAL = 8, LOCK = 16, HOLE_LAST = 32, SEGMENT = 64, SEAL_TARGET = 128 };

static char *from = (char *)0x50000000;
static char *to = (char *)0x150000000;

static void lay_out(int how)
{
	int fd, id;

	/* What is sealed stays where it is. */
	from += 0x1000000;
	to += 0x1000000;
	mmap(from, 32 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (int page = 0; page < 32; page += 4)
		from[page * PAGE] = 1;
	mprotect(from + 4 * PAGE, 4 * PAGE, PROT_READ);
	mprotect(from + 16 * PAGE, 4 * PAGE, PROT_NONE);
	if (how & HOLE)
		munmap(from + 10 * PAGE, 2 * PAGE);
	if (how & HOLE_FIRST)
		munmap(from, 2 * PAGE);
	if (how & FILE_AMONG) {
		fd = memfd_create("among", 0);
		if (!ftruncate(fd, 4 * PAGE))
			mmap(from + 20 * PAGE, 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0);
		close(fd);
	}
	if (how & SEAL)
		syscall(462, from + 24 * PAGE, PAGE, 0);
	if (how & LOCK)
		mlock(from + 26 * PAGE, PAGE);
	if (how & SEGMENT) {
		id = shmget(IPC_PRIVATE, 4 * PAGE, 0600);
		shmat(id, from + 12 * PAGE, SHM_REMAP);
		shmctl(id, IPC_RMID, 0);
	}
	if (how & HOLE_LAST)
		munmap(from + 30 * PAGE, 2 * PAGE);
	if (how & SEAL_TARGET) {
		mmap(to + 20 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		syscall(462, to + 20 * PAGE, PAGE, 0);
	}
}

static void move(int how, unsigned long pages, unsigned long pages_after, int flags)
{
	lay_out(how);
	mremap(from, pages * PAGE, pages_after * PAGE, flags, to);
}

int main(void)
{
	static const int hows[] = { 0, HOLE, HOLE_FIRST, FILE_AMONG, SEAL, LOCK, HOLE_LAST, HOLE | HOLE_FIRST, HOLE | SEAL,
				    SEGMENT, SEGMENT | HOLE, SEAL_TARGET, FILE_AMONG | LOCK | HOLE | HOLE_LAST };

	for (unsigned at = 0; at < sizeof(hows) / sizeof(hows[0]); at++) {
		move(hows[at], 32, 32, TO);
		move(hows[at], 32, 32, MREMAP_MAYMOVE);
		move(hows[at], 32, 16, TO);
		move(hows[at], 16, 32, TO);
		move(hows[at], 32, 32, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
		move(hows[at], 32, 32, TO | MREMAP_DONTUNMAP);
		move(hows[at], 32, 16, 0);
		mremap(from, 16 * PAGE, 24 * PAGE, 0);
		mremap(from + PAGE, 6 * PAGE, 6 * PAGE, TO, from + 3 * PAGE);
		mremap(from + PAGE, 6 * PAGE, 6 * PAGE, TO, to + 1);
		mremap(from + PAGE, 6 * PAGE, 6 * PAGE, TO, (void *)0x7fffffffe000);
		mremap(from + PAGE, 0, 6 * PAGE, TO, to);
		if (!fork()) {
			mremap(from, 16 * PAGE, 16 * PAGE, TO, to + 0x100000);
			_exit(0);
		}
		wait(0);
	}
	return 0;
}
