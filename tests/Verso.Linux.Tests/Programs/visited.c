// Tells its pid, an untouched page of its own and a flag in the file argv[1], and waits until somebody else has set
// that: to look at the page would touch it.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

int main(int argc, char **argv)
{
	char *room = mmap(0, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *at = room + PAGE;	/* with neighbours that it cannot merge with */
	static volatile char flag = 1;
	char name[512];
	FILE *file;

	snprintf(name, sizeof(name), "%s.new", argv[1]);
	file = fopen(name, "w");
	if (argc < 2 || room == MAP_FAILED || mprotect(room + PAGE, PAGE, PROT_READ | PROT_WRITE) || !file)
		return 2;
	flag = 0;
	fprintf(file, "%d %lx %lx\n", getpid(), (unsigned long)at, (unsigned long)&flag);
	fclose(file);
	if (rename(name, argv[1]))
		return 3;
	for (int patience = 0; !flag; patience++) {
		if (patience == 10000)
			return 4;
		usleep(1000);
	}
	if (!fork())
		_exit(0);
	wait(0);
	return 0;
}
