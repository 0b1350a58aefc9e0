/* Moves a page between two addresses for ever, a thousand other VMAs between them. Prints both addresses. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define VMAS 1000

static char *low, *high;

static void *swing(void *arg)
{
	for (;;) {
		mremap(low, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, high);
		mremap(high, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, low);
	}
	return arg;
}

int main(void)
{
	pthread_t thread;

	low = mmap(NULL, 2 * (VMAS + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	high = low + 2 * (VMAS + 1) * PAGE;
	munmap(high - PAGE, 3 * PAGE);
	for (int i = 0; i < VMAS; i++)
		mprotect(low + (2 * i + 2) * PAGE, PAGE, PROT_READ);
	mprotect(low, PAGE, PROT_READ | PROT_WRITE);
	munmap(low + PAGE, PAGE);
	printf("%p %p\n", (void *)low, (void *)high);
	fflush(stdout);
	if (pthread_create(&thread, NULL, swing, NULL))
		return 1;
	getchar();
	return 0;
}
