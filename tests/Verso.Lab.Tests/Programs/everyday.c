// One of each kind of memory call, in any ABI; then children. Prints what process_madvise returned, in bytes.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define RANGES 40

static void *use_heap(void *unused)
{
	char *at = malloc(1000000);

	memset(at, 1, 1000000);
	free(at);
	return 0;
}

static int recurse(int depth)
{
	volatile char frame[8192];

	frame[77] = depth;
	return depth ? recurse(depth - 1) + frame[77] : 0;
}

static void share_segment(void)
{
	int id = shmget(IPC_PRIVATE, 16 * PAGE, IPC_CREAT | 0600);
	volatile char *at = shmat(id, 0, SHM_RDONLY);
	char seen = at[0];

	shmdt((void *)at);
	at = shmat(id, 0, 0);
	at[0] = seen + 1;
	shmctl(id, IPC_RMID, 0);
}

static long advise(char *at)
{
	struct iovec ranges[RANGES];

	for (int i = 0; i < RANGES; i++) {
		ranges[i].iov_base = at + 2 * i * PAGE;
		ranges[i].iov_len = PAGE;
	}
	return syscall(SYS_process_madvise, syscall(SYS_pidfd_open, getpid(), 0), ranges, RANGES, MADV_WILLNEED, 0);
}

int main(int argc, char **argv)
{
	FILE *file = tmpfile();
	pthread_t threads[3];
	char *area, *shared, *copy;
	long advised;

	if (argc > 1)
		return 0;
	area = mmap(0, 256 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 256; i += 2)
		mprotect(area + i * PAGE, PAGE, PROT_READ);
	area[PAGE] = 1;
	if (ftruncate(fileno(file), 256 * PAGE))
		return 2;
	shared = mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 2 * PAGE);
	copy = mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(file), 16 * PAGE);
	shared[0] = copy[0] = 1;
	mremap(area, 128 * PAGE, 512 * PAGE, MREMAP_MAYMOVE);
	madvise(shared, PAGE, MADV_DONTFORK);
	share_segment();
	for (int i = 0; i < 3; i++)
		pthread_create(threads + i, 0, use_heap, 0);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], 0);
	recurse(100);
	mlock(copy, PAGE);
	sbrk(100000);
	advised = advise(area + 128 * PAGE);
	for (int i = 0; i < 4; i++) {
		if (fork())
			continue;
		copy[PAGE] = 2;
		if (i == 2)
			execl("/proc/self/exe", "everyday", "again", NULL);
		_exit(0);
	}
	while (wait(0) > 0)
		;
	printf("%ld\n", advised);
	return 0;
}
