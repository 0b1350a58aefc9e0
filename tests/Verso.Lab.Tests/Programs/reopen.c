// Opens one file for reading, then for both, again and again: the kernel gives every one of them the same struct file.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 65536

int main(void)
{
	char path[] = "/tmp/verso-reopen-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || ftruncate(fd, BYTES))
		return 2;
	close(fd);
	for (int round = 0; round < 4; round++) {
		char *at;
		volatile char seen;

		fd = open(path, O_RDONLY);
		at = mmap(0, BYTES, PROT_READ, MAP_SHARED, fd, 0);
		seen = at[0];
		munmap(at, BYTES);
		close(fd);
		fd = open(path, O_RDWR);
		at = mmap(0, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (at == MAP_FAILED)
			return 3;
		at[0] = seen + 1;
		if (!fork())
			_exit(0);
		wait(0);
		munmap(at, BYTES);
		close(fd);
	}
	unlink(path);
	return 0;
}
