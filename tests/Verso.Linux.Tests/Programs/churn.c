/* Threads that map, split, protect and unmap until standard input ends, in one process that forks and execs others. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 64
#define PAGE 4096UL

static volatile int stop;

static void *churn(void *arg)
{
	unsigned int seed = (unsigned long)arg;

	while (!stop) {
		char *pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; i < 16; i++) {
			char *page = pages + rand_r(&seed) % PAGES * PAGE;

			if (!mprotect(page, PAGE, PROT_READ | PROT_WRITE))
				*page = 1;
			mprotect(page, PAGE, rand_r(&seed) % 2 ? PROT_READ : PROT_READ | PROT_WRITE);
		}
		munmap(pages, PAGES * PAGE);
	}
	return NULL;
}

static void *spawn(void *arg)
{
	while (!stop) {
		pid_t child = fork();

		if (!child)
			execlp("true", "true", NULL);
		waitpid(child, NULL, 0);
		child = vfork();
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	return arg;
}

int main(void)
{
	pthread_t threads[4];

	for (unsigned long i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, i < 3 ? churn : spawn, (void *)i))
			return 1;
	puts("churning");
	fflush(stdout);
	getchar();
	stop = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
