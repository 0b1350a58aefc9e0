/*
 * family tree SEED: forks of forks, on as many processors as there are, whose parents often exit before their children
 * fork again; all of them write, split, map and unmap.
 * family line N: N generations, each of which writes, forks the next and exits at once.
 * family standing N: the same, but all of them stay until the last has forked.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { Page = 4096, Pages = 32, Rounds = 8, Depth = 3 };

static char *area;
static unsigned state;

static unsigned any(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static void change(void)
{
	area[any(24) * Page] = 1;
	if (any(2)) {
		mprotect(area + any(Pages - 2) * Page, 2 * Page, PROT_READ);
		mprotect(area, Pages * Page, PROT_READ | PROT_WRITE);
	}
	if (any(3) == 0)
		*(char *)mmap(0, 4 * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
}

static void tree(int depth)
{
	for (int child = 0; child < 4; child++) {
		change();
		if (depth && !fork()) {
			state ^= getpid() * 2654435761u;
			tree(depth - 1);
			if (any(2))
				munmap(area + 24 * Page, 8 * Page);
			_exit(0);
		}
		if (any(3) == 0)
			waitpid(-1, 0, 0);
	}
	while (depth && any(2) && wait(0) > 0)
		;
}

static void line(int generations, int stand)
{
	int last[2], end[2];
	char byte;

	if (pipe(last) || pipe(end))
		exit(1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int generation = 0; generation < generations; generation++) {
		area[generation % Pages * Page] = 1;
		if (generation == generations - 1)
			_exit(0);
		if (fork() == 0)
			continue;
		close(last[1]);
		if (generation == 0) {
			/* Open in whoever has yet to fork. */
			while (read(last[0], &byte, 1) > 0)
				;
			close(end[1]);
			while (wait(0) > 0)
				;
			exit(0);
		}
		if (stand) {
			close(end[1]);
			while (read(end[0], &byte, 1) > 0)
				;
		}
		_exit(0);
	}
}

int main(int count, char **words)
{
	if (count < 3)
		return 2;
	area = mmap(0, Pages * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	state = atoi(words[2]) * 77 + 1;
	if (strcmp(words[1], "tree"))
		line(atoi(words[2]), !strcmp(words[1], "standing"));
	for (int round = 0; round < Rounds; round++)
		tree(Depth);
	while (wait(0) > 0)
		;
	return 0;
}
