/* Every kind of page in one mapping, in this process and, from the first line on, in a child. Prints the address. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define MADV_GUARD_INSTALL 102

static void wait_for_line(void)
{
	if (getchar() == EOF)
		exit(0);
}

int main(void)
{
	char *pages = mmap(NULL, 1000 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int file = memfd_create("pages", 0);
	char *shared;
	int stop[2];
	pid_t child;

	if (ftruncate(file, 2 * PAGE) || pipe(stop))
		return 1;
	shared = mmap(pages + 8 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
	madvise(pages, 1000 * PAGE, MADV_NOHUGEPAGE);
	pages[0] = 1;				/* written */
	(void)*(volatile char *)(pages + PAGE);	/* read: the zero page */
	madvise(pages + 2 * PAGE, PAGE, MADV_GUARD_INSTALL);
	pages[3 * PAGE] = 1;			/* the child writes it */
	pages[990 * PAGE] = 1;
	shared[0] = 1;
	printf("%p\n", (void *)pages);
	fflush(stdout);
	wait_for_line();
	child = fork();
	if (!child) {
		char byte;

		close(stop[1]);
		pages[3 * PAGE] = 2;
		printf("%d\n", getpid());
		fflush(stdout);
		return read(stop[0], &byte, 1) != 0;
	}
	close(stop[0]);
	wait_for_line();
	close(stop[1]);
	waitpid(child, NULL, 0);
	pages[0] = 3;				/* the last one left: reused */
	puts("alone");
	fflush(stdout);
	wait_for_line();
	execlp("cat", "cat", NULL);
	return 1;
}
