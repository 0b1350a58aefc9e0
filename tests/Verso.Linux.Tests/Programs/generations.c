/* A chain of forks, each generation writing to the same page while all its ancestors are alive. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int depth = atoi(argv[1]);
	/* Alone between two unmapped pages, so that it merges with nothing. */
	char *area = mmap(0, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *page = area + 4096;

	mprotect(page, 4096, PROT_READ | PROT_WRITE);
	printf("%lx\n", (unsigned long)page);
	fflush(stdout);
	*page = 1;
	for (int generation = 1; generation <= depth; generation++) {
		int child = fork();

		if (child) {
			int status;

			waitpid(child, &status, 0);
			_exit(WEXITSTATUS(status));
		}
		*page = generation;
	}
	_exit(7);
}
