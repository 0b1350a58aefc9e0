/* Six neighbouring pages, all private and anonymous; what else decides merges differs. Prints their address, and that
 * of a segment of System V shared memory, whose end its driver wants to hear of. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL

int main(void)
{
	char *pages = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	unsigned long node = 1;
	int segment;
	int faults = syscall(SYS_userfaultfd, O_CLOEXEC);

	syscall(SYS_mbind, pages + PAGE, PAGE, MPOL_BIND, &node, 64, 0);
	syscall(SYS_mbind, pages + 3 * PAGE, PAGE, MPOL_INTERLEAVE, &node, 64, 0);
	range.range.start = (unsigned long)pages + 5 * PAGE;
	range.range.len = PAGE;
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &range))
		return 1;
	prctl(0x53564d41, 0, pages + 2 * PAGE, PAGE, "two");
	segment = shmget(IPC_PRIVATE, PAGE, 0600);
	printf("%p %p\n", (void *)pages, shmat(segment, NULL, 0));
	shmctl(segment, IPC_RMID, NULL);
	fflush(stdout);
	getchar();
	return 0;
}
