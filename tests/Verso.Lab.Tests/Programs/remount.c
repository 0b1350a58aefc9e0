// Maps one open file on a noexec mount, lifts noexec, and maps it again: the second mapping may be executed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 65536

int main(void)
{
	char place[] = "/tmp/verso-remount-XXXXXX";
	int fd;

	if (!mkdtemp(place) || unshare(CLONE_NEWNS) || mount("none", "/", 0, MS_REC | MS_PRIVATE, 0) ||
	    mount("none", place, "tmpfs", MS_NOEXEC, 0) || chdir(place))
		return 2;
	fd = open("file", O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, BYTES))
		return 3;
	if (mmap(0, BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED ||
	    mmap(0, BYTES, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return 4;
	if (mount("none", place, 0, MS_REMOUNT | MS_BIND, 0) && mount("none", place, "tmpfs", MS_REMOUNT, 0))
		return 5;
	if (mmap(0, BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return 6;
	if (!fork())
		_exit(0);
	wait(0);
	if (chdir("/") || umount2(place, MNT_DETACH))
		return 7;
	return rmdir(place) ? 8 : 0;
}
