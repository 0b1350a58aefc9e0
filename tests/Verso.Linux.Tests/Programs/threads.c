/* Threads that map, write, protect and unmap side by side. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

static int rounds;

static void *work(void *unused)
{
	(void)unused;
	for (int i = 0; i < rounds; i++) {
		char *p = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		p[0] = 1;
		p[8192] = 1;
		mprotect(p + 4096, 4096, PROT_READ);
		if (i & 1)
			madvise(p, 16384, MADV_DONTNEED);
		munmap(p, 16384);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int count = atoi(argv[1]);
	pthread_t threads[64];

	rounds = argc > 2 ? atoi(argv[2]) : 100;
	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], 0, work, 0);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], 0);
	return 0;
}
