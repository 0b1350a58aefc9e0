// Grows the stack and a MAP_GROWSDOWN mapping of its child through /proc/PID/mem; then the child forks.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL

static unsigned long stack_start(pid_t pid)
{
	char line[512], path[64];
	unsigned long start = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	while (fgets(line, sizeof(line), maps))
		if (__builtin_strstr(line, "[stack]"))
			start = strtoul(line, 0, 16);
	fclose(maps);
	return start;
}

int main(void)
{
	char *room = mmap(0, 1024 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *top = room + 1000 * PAGE;
	int ready[2], go[2], memory, status;
	char path[64], byte = 1;
	pid_t child;

	munmap(room, 1024 * PAGE);
	if (mmap(top, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0) != top ||
	    pipe(ready) || pipe(go))
		return 2;
	child = fork();
	if (!child) {
		if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(3);
		if (!fork())
			_exit(0);
		wait(0);
		_exit(0);
	}
	if (read(ready[0], &byte, 1) != 1)
		return 4;
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	memory = open(path, O_RDWR);
	if (pwrite(memory, &byte, 1, (off_t)(top - 7 * PAGE)) != 1)
		return 5;
	if (pwrite(memory, &byte, 1, (off_t)(stack_start(child) - 3 * PAGE)) != 1)
		return 6;
	if (write(go[1], &byte, 1) != 1)
		return 7;
	wait(&status);
	return status;
}
