/* Every memory call once, with arguments that can be told apart. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
	char *p = mmap((void *)0x10000000, 16 * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	unsigned long mask = 1;
	struct iovec ranges[2] = { { p, 4096 }, { p + 8192, 8192 } };
	int self = syscall(SYS_pidfd_open, getpid(), 0);
	int shm = shmget(IPC_PRIVATE, 3 * 4096, IPC_CREAT | 0600);
	void *attached = shmat(shm, 0, 0);
	int file = memfd_create("sized", 0);

	shmctl(shm, IPC_RMID, 0);
	shmdt(attached);
	munmap(p + 15 * 4096, 4096);
	munmap((void *)0x10000001, 4096);
	mprotect(p + 14 * 4096, 4096, PROT_READ);
	syscall(SYS_pkey_mprotect, p + 13 * 4096, 4096, PROT_READ, -1);
	mremap(p + 12 * 4096, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x20000000);
	madvise(p, 4096, MADV_DONTNEED);
	madvise(p, 4096, MADV_DONTFORK);
	syscall(SYS_process_madvise, self, ranges, 2, MADV_COLD, 0);
	mlock(p, 4096);
	mlock2(p + 4096, 4096, MLOCK_ONFAULT);
	munlock(p, 8192);
	mlockall(MCL_FUTURE | MCL_ONFAULT);
	munlockall();
	syscall(SYS_mbind, p, 4096, 1, &mask, 8, 0);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	syscall(SYS_pkey_free, syscall(SYS_pkey_alloc, 0, 0));
	sbrk(8192);
	if (ftruncate(file, 8192) == 0)
		mmap(0, 8192, PROT_READ, MAP_SHARED, file, 0);
	if (ftruncate(file, 4096))
		return 1;
	syscall(462, 0x20000000, 4096, 0);
	return 0;
}
