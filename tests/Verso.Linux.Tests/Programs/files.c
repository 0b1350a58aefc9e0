/*
 * Private mappings of a file of 64 pages whose pages are all in the page cache. Of the first, 5 pages are written, 7 read
 * and the rest left alone; of the second, which is for reading only, 3 are read. The third is of a sparse file of 2^28
 * pages: 600 are written, no two of them adjacent, and then the last one; one is read. Then a child writes a page of each
 * kind of the first, and reads none of the second. Prints the addresses, then, at the first line, the child's id.
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
#define MANY (1L << 28)

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
	char *first, *second, *third;
	int file, sparse = memfd_create("sparse", 0);
	pid_t child;

	if (count < 2 || !named || ftruncate(sparse, MANY * PAGE))
		return 1;
	file = fileno(named);
	memset(text, 'x', sizeof(text));
	for (int page = 0; page < PAGES; page++)
		if (write(file, text, PAGE) != PAGE)
			return 1;
	first = map(file, PROT_READ | PROT_WRITE);
	second = map(file, PROT_READ);
	third = mmap(NULL, MANY * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, sparse, 0);
	if (first == MAP_FAILED || second == MAP_FAILED || third == MAP_FAILED)
		return 1;
	for (int page = 0; page < 5; page++)
		first[page * PAGE] = 1;
	keep(first, 40, 47, 5, PAGES);
	keep(second, 10, 13, 0, PAGES);
	for (int page = 0; page < 1200; page += 2)
		third[page * PAGE] = 1;
	third[(MANY - 1) * PAGE] = 1;
	(void)*(volatile char *)(third + MANY / 2 * PAGE);
	printf("%p %p %p\n", (void *)first, (void *)second, (void *)third);
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
