/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process with a pair of neighbouring VMAs for each reason that explain knows, each pair apart from the others, from
 * 0x100000000000 up, 16 MiB for each. The child has them all; the parent prints its pid and waits. Made into
 * reasons.vsnap by:
 *
 *   cc -static -o /usr/local/bin/reasons reasons.c && reasons &
 *   verso snapshot --pid PID -o reasons.vsnap
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define BIND 2

static char *place(int pair)
{
	return (char *)(0x100000000000UL + ((unsigned long)pair << 24));
}

static void check(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

static char *map(char *at, unsigned long pages, int access, int flags, int file, long offset)
{
	check(mmap(at, pages * PAGE, access, flags, file, offset) == at, "mmap");
	return at;
}

static void allow(char *at, unsigned long pages, int access)
{
	check(!mprotect(at, pages * PAGE, access), "mprotect");
}

/* Three parts, the outer ones written first: the last two have an anon_vma each. */
static void islands(char *at)
{
	map(at, 3, PROT_NONE, ANONYMOUS, -1, 0);
	for (int part = 0; part < 4; part += part ? -1 : 2) {
		allow(at + part * PAGE, 1, RW);
		at[part * PAGE] = 1;
		if (part == 1)
			break;
	}
}

static void flags(void)
{
	char *at = map(place(2), 3, RW, ANONYMOUS, -1, 0);

	allow(at + PAGE, 1, PROT_NONE);				/* a guard */
	map(place(3), 512, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);
	allow(place(3), 64, RW);				/* part of a reserve */
	place(3)[0] = 1;
	at = map(place(4), 2, RW, ANONYMOUS, -1, 0);
	check(!madvise(at + PAGE, PAGE, MADV_DONTDUMP), "madvise");
	map(place(5), 1, RW, ANONYMOUS, -1, 0);
	map(place(5) + PAGE, 1, RW, ANONYMOUS | MAP_NORESERVE, -1, 0);
	at = map(place(6), 2, RW, ANONYMOUS, -1, 0);
	check(!mlock(at + PAGE, PAGE), "mlock");
}

/* The pages were written together, so all have one anon_vma; then the last one takes the place of the second. */
static void moved(char *at)
{
	memset(map(at, 4, RW, ANONYMOUS, -1, 0), 1, 4 * PAGE);
	check(mremap(at + 3 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + PAGE) == at + PAGE, "mremap");
}

static void files(void)
{
	int file = open("/var/tmp/reasons.data", O_RDWR | O_CREAT, 0600);
	int again = open("/var/tmp/reasons.data", O_RDONLY);

	check(file >= 0 && again >= 0 && !ftruncate(file, 8 * PAGE), "/var/tmp/reasons.data");
	map(place(8), 1, PROT_READ, MAP_SHARED | MAP_FIXED, file, 4 * PAGE);
	map(place(8) + PAGE, 1, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
	map(place(9), 1, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
	map(place(9) + PAGE, 1, PROT_READ, MAP_PRIVATE | MAP_FIXED, again, PAGE);
}

static void registered(char *at)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	map(at, 2, RW, ANONYMOUS, -1, 0);
	for (int page = 0; page < 2; page++) {
		int faults = syscall(SYS_userfaultfd, O_CLOEXEC);

		api.features = 0;
		check(faults >= 0 && !ioctl(faults, UFFDIO_API, &api), "userfaultfd");
		range.range.start = (unsigned long)at + page * PAGE;
		range.range.len = PAGE;
		check(!ioctl(faults, UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
	}
}

/* A System V segment that was divided and made alike again: each part has a close callback, so none is removed. */
static void segment(char *at)
{
	int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);

	check(id >= 0 && shmat(id, at, 0) == at, "shmat");
	shmctl(id, IPC_RMID, NULL);
	allow(at + PAGE, 1, PROT_READ);
	allow(at + PAGE, 1, RW);
}

static void reasons(void)
{
	unsigned long node = 1;
	char *at;

	check(!madvise(place(0) + PAGE, PAGE, MADV_DODUMP), "madvise");	/* alike, but the first went through fork */
	check(!madvise(place(15) + PAGE, PAGE, MADV_DODUMP), "madvise");	/* alike, but fork gave each an anon_vma */
	islands(place(1));
	flags();
	moved(place(7));
	files();
	at = map(place(10), 2, RW, ANONYMOUS, -1, 0);
	check(!syscall(SYS_mbind, at + PAGE, PAGE, BIND, &node, 64, 0), "mbind");
	registered(place(11));
	segment(place(12));
	islands(place(13));			/* and what has the other anon_vma moves away, and leaves an empty VMA */
	at = place(13) + 2 * PAGE;
	check(mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, place(14)) == place(14), "mremap");
}

int main(void)
{
	pid_t child;
	int told[2];
	char done;

	check(!pipe(told), "pipe");
	map(place(0), 2, RW, ANONYMOUS, -1, 0);
	check(!madvise(place(0) + PAGE, PAGE, MADV_DONTDUMP), "madvise");
	place(0)[0] = 1;
	memset(map(place(15), 2, RW, ANONYMOUS, -1, 0), 1, 2 * PAGE);
	check(!madvise(place(15) + PAGE, PAGE, MADV_DONTDUMP), "madvise");
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, 9);
		reasons();
		check(write(told[1], "", 1) == 1, "write");
		pause();
	}
	close(told[1]);
	if (read(told[0], &done, 1) == 1)
		printf("%d\n", child);
	fflush(stdout);
	waitpid(child, NULL, 0);
	return 0;
}
