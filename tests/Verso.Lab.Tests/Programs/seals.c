/* Sealed memfds: a shared mapping that may never be written (VM_MAYWRITE), calls that are refused for it, merges. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#define PAGE 4096

static int sealed(int seals)
{
	int file = memfd_create("sealed", MFD_ALLOW_SEALING);

	if (file < 0 || ftruncate(file, 8 * PAGE) || fcntl(file, F_ADD_SEALS, seals))
		_exit(1);
	return file;
}

static void seal_memory(int seals)
{
	char *room = mmap(0, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int file = sealed(seals);
	char *shared = mmap(room + 8 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0);
	char *beside = mmap(room + 12 * PAGE, 4 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 4 * PAGE);
	char *own = mmap(room + 24 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0);

	if (shared == MAP_FAILED || beside == MAP_FAILED || own == MAP_FAILED)
		_exit(2);
	/* Refused by the seal, in the middle of mappings that are split for it or not. */
	if (mmap(room + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED)
		_exit(3);
	if (!mprotect(shared + PAGE, PAGE, PROT_READ | PROT_WRITE) || errno != EACCES)
		_exit(4);
	if (mprotect(shared + PAGE, PAGE, PROT_NONE) || mprotect(shared + PAGE, PAGE, PROT_READ))
		_exit(5);
	own[0] = 1;
	mprotect(own, PAGE, PROT_READ);
	if (mremap(shared, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 40 * PAGE) == MAP_FAILED)
		_exit(6);
	if (!fork())
		_exit(!mprotect(room + 40 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	wait(0);
}

int main(void)
{
	seal_memory(F_SEAL_WRITE);
	seal_memory(F_SEAL_FUTURE_WRITE);
	seal_memory(F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE);
	return 0;
}
