/* Maps this and that, then shows /proc/self/maps and ends without touching its mappings again. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char text[1 << 20];

int main(int argc, char **argv)
{
	int holes = argc > 1 ? atoi(argv[1]) : 10;
	char *base = mmap(0, (2 * holes + 1) * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int self = open("/proc/self/exe", O_RDONLY);
	int maps = open("/proc/self/maps", O_RDONLY);
	long length = 0, n;

	for (int i = 0; i < holes; i++)
		mprotect(base + (2 * i + 1) * 4096, 4096, PROT_READ);
	mmap(0, 8192, PROT_READ, MAP_PRIVATE, self, 4096);
	mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(base, 1, 4096);
	memset(text, 0, sizeof(text));
	while (length < (long)sizeof(text) && (n = read(maps, text + length, sizeof(text) - length)) > 0)
		length += n;
	for (long done = 0; done < length; done += n)
		if ((n = write(1, text + done, length - done)) <= 0)
			break;
	_exit(0);
}
