/* DEPTH generations, each of which writes a page and forks the next. The last prints its pid and the page's address. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words)
{
	volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int depth = count > 1 ? atoi(words[1]) : 2;

	page[0] = 1;
	while (--depth) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (child) {
			waitpid(child, NULL, 0);
			return 0;
		}
		page[0]++;
	}
	printf("%d %p\n", getpid(), (void *)page);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
