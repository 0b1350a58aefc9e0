/*
 * Memory calls from functions that a stack should name: callers WORD...
 *   guard N    a page without access in each of N buffers
 *   fork       the same once, in a child
 *   made NAME  the same once, from code that the program writes as it runs, and names in /tmp/perf-PID.map
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static volatile int done;

__attribute__((noinline)) static void guard_buffer(char *at)
{
	mprotect(at, PAGE, PROT_NONE);
	done++;
}

__attribute__((noinline)) static void guard_buffers(int count)
{
	char *at = mmap(0, 2L * PAGE * count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < count; i++)
		guard_buffer(at + 2L * PAGE * i);
	done++;
}

/* push %rbp; mov %rsp,%rbp; mov %rdi,%rax; mov %rsi,%rdi; call *%rax; pop %rbp; ret */
static const unsigned char code[] = {
	0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0xff, 0xd0, 0x5d, 0xc3,
};

__attribute__((noinline)) static void run_made_code(const char *name)
{
	char *made = mmap(0, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64];
	FILE *map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	memcpy(made, code, sizeof(code));
	((void (*)(void (*)(char *), char *))made)(guard_buffer, at);
	map = fopen(path, "w");
	fprintf(map, "%lx %lx %s\n", (long)made, (long)sizeof(code), name);
	fclose(map);
	puts(path);
	done++;
}

int main(int count, char **words)
{
	for (int at = 1; at < count; at++) {
		if (!strcmp(words[at], "guard"))
			guard_buffers(atoi(words[++at]));
		else if (!strcmp(words[at], "made"))
			run_made_code(words[++at]);
		else if (!fork())
			exit((guard_buffers(1), 0));
		else
			wait(0);
	}
	return 0;
}
