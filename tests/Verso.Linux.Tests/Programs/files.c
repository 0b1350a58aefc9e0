/*
 * Private mappings of a file of 64 pages whose pages are all in the page cache. Of the first, 5 pages are written, 7 read
 * and the rest left alone; of the second, which is for reading only, 3 are read. Then a child writes a page of each kind
 * of the first, and reads none of the second. Prints the addresses, then, line by line, the child's id.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 64

static char *map(int file, int protection)
{
	return mmap(NULL, PAGES * PAGE, protection, MAP_PRIVATE, file, 0);
}

/* A fault maps what is around it too: of what was touched so, these pages alone stay. */
static void keep(char *pages, int first, int end, int low, int high)
{
	for (int page = first; page < end; page++)
		(void)*(volatile char *)(pages + page * PAGE);
	madvise(pages + low * PAGE, (first - low) * PAGE, MADV_DONTNEED);
	madvise(pages + end * PAGE, (high - end) * PAGE, MADV_DONTNEED);
}

int main(int count, char **words)
{
	char text[PAGE];
	FILE *named = fopen(words[1], "w+");
	char *first, *second;
	int file;
	pid_t child;

	if (count < 2 || !named)
		return 1;
	file = fileno(named);
	memset(text, 'x', sizeof(text));
	for (int page = 0; page < PAGES; page++)
		if (write(file, text, PAGE) != PAGE)
			return 1;
	first = map(file, PROT_READ | PROT_WRITE);
	second = map(file, PROT_READ);
	if (first == MAP_FAILED || second == MAP_FAILED)
		return 1;
	for (int page = 0; page < 5; page++)
		first[page * PAGE] = 1;
	keep(first, 40, 47, 5, PAGES);
	keep(second, 10, 13, 0, PAGES);
	printf("%p %p\n", (void *)first, (void *)second);
	fflush(stdout);
	if (getchar() == EOF)
		return 0;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		first[0] = 2;			/* a copy of the copy */
		first[40 * PAGE] = 2;		/* mapped until now */
		first[20 * PAGE] = 2;		/* never touched */
		printf("%d\n", getpid());
		fflush(stdout);
		pause();
		return 0;
	}
	while (getchar() != EOF)
		;
	kill(child, SIGKILL);
	return 0;
}
