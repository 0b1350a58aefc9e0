/*
 * Calls that are refused when some of their work is done: by a driver whose turn comes when what was in the way has been
 * unmapped, by one that lets nobody split its mapping, by a pool of huge pages that is empty, by the second of two VMAs that is
 * sealed or may never be written. And a ring of asynchronous I/O that is destroyed when it is no longer one VMA.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define HUGE (2UL << 20)
#define RW (PROT_READ | PROT_WRITE)
#define MSEAL 462
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static char *next = (char *)0x100000000;

/* Memory that has been written, with room around it. */
static char *fresh(unsigned long bytes)
{
	char *at = mmap(next, bytes, RW, ANONYMOUS | MAP_FIXED, -1, 0);

	next += (bytes + 2 * HUGE) & ~(HUGE - 1);
	memset(at, 1, bytes < 64 * PAGE ? bytes : 64 * PAGE);
	return at;
}

static void map_over(int file, int flags)
{
	mmap(fresh(64 * PAGE) + 4 * PAGE, 2 * PAGE, RW, flags | MAP_FIXED, file, 0);
}

static void refuse_by_driver(const char *regular)
{
	int secret = syscall(SYS_memfd_secret, 0);
	int file = open(regular, O_RDWR | O_CREAT, 0600);

	if (ftruncate(file, 2 * PAGE) || (secret >= 0 && ftruncate(secret, 2 * PAGE)))
		_exit(1);
	map_over(socket(AF_UNIX, SOCK_STREAM, 0), MAP_SHARED);
	map_over(socket(AF_INET, SOCK_DGRAM, 0), MAP_PRIVATE);
	map_over(open("/sys/kernel/mm/ksm/run", O_RDONLY), MAP_SHARED);
	map_over(secret, MAP_PRIVATE);
	map_over(file, MAP_SHARED_VALIDATE | MAP_SYNC);
	/* These are refused earlier, and leave what is there. */
	map_over(open("/dev/null", O_RDWR), MAP_SHARED);
	map_over(open("/", O_RDONLY), MAP_PRIVATE);
	mmap(fresh(PAGE) - PAGE, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, socket(AF_UNIX, SOCK_STREAM, 0), 0);
}

static void split_a_perf_ring(void)
{
	struct perf_event_attr clock = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(clock) };
	char *ring = fresh(64 * PAGE) + 8 * PAGE;

	mmap(ring, 5 * PAGE, RW, MAP_SHARED | MAP_FIXED, syscall(SYS_perf_event_open, &clock, 0, -1, -1, 0), 0);
	munmap(ring + 2 * PAGE, PAGE);
	munmap(ring - 2 * PAGE, 4 * PAGE);
	mprotect(ring - 4 * PAGE, 6 * PAGE, PROT_READ);
	mmap(ring + PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	mmap(ring - PAGE, 4 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	madvise(ring - 3 * PAGE, 5 * PAGE, MADV_RANDOM);
	mremap(ring, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, next);
	mlock(ring - PAGE, 3 * PAGE);
}

static void use_huge_pages(void)
{
	char *pages = mmap(0, 4 * HUGE, RW, ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);

	mmap(0, HUGE, RW, ANONYMOUS | MAP_HUGETLB, -1, 0);
	mmap(fresh(2 * HUGE), HUGE, RW, ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);
	mmap(fresh(2 * HUGE) + PAGE, HUGE, RW, ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);
	munmap(pages + PAGE, PAGE);
	mprotect(pages + HUGE, PAGE, PROT_READ);
	mmap(pages + HUGE + PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	mprotect(pages + 3 * HUGE, HUGE, PROT_READ);
	munmap(pages + HUGE, HUGE);
	munmap(pages + 3 * HUGE - PAGE, 2 * PAGE);
}

static void attach_huge_pages(void)
{
	int segment = shmget(IPC_PRIVATE, 2 * HUGE, IPC_CREAT | SHM_HUGETLB | SHM_NORESERVE | 0600);
	char *first = shmat(segment, 0, 0);
	char *second = shmat(segment, 0, SHM_RDONLY);

	shmctl(segment, IPC_RMID, 0);
	mmap(fresh(PAGE) + 4 * HUGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	shmdt(second);
	mprotect(first + HUGE, HUGE, PROT_READ);
	shmdt(first);
}

static void refuse_at_the_second(const char *regular)
{
	char *sealed = fresh(6 * PAGE);
	char *shared = fresh(6 * PAGE);
	char *locked = fresh(6 * PAGE);

	syscall(MSEAL, sealed + 3 * PAGE, PAGE, 0);
	mprotect(sealed, 6 * PAGE, PROT_READ);
	mprotect(sealed, 6 * PAGE, PROT_READ | PROT_EXEC);
	madvise(sealed, 6 * PAGE, MADV_DONTDUMP);
	munmap(sealed + 2 * PAGE, 2 * PAGE);

	mmap(shared + 3 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, open(regular, O_RDONLY), 0);
	mprotect(shared, 3 * PAGE, PROT_NONE);
	mprotect(shared + PAGE, 5 * PAGE, RW);

	mprotect(locked + 2 * PAGE, PAGE, PROT_NONE);
	syscall(MSEAL, locked + 2 * PAGE, PAGE, 0);
	madvise(locked, 6 * PAGE, MADV_DONTNEED);
	mremap(locked + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, next);
}

static void destroy_rings(void)
{
	unsigned long split = 0, holed = 0, moved = 0;
	char *room = fresh(PAGE) + HUGE;

	if (syscall(SYS_io_setup, 5000, &split) || syscall(SYS_io_setup, 5000, &holed) ||
	    syscall(SYS_io_setup, 100, &moved))
		return;
	mprotect((char *)split, PAGE, PROT_READ);
	munmap((char *)holed + 4 * PAGE, PAGE);
	mmap((char *)holed + 4 * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
	mremap((char *)moved, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	syscall(SYS_io_destroy, split);
	syscall(SYS_io_destroy, holed);
	syscall(SYS_io_destroy, moved);
	syscall(SYS_io_destroy, room);
}

int main(int count, char **arguments)
{
	if (count != 2)
		return 2;
	refuse_by_driver(arguments[1]);
	split_a_perf_ring();
	use_huge_pages();
	attach_huge_pages();
	refuse_at_the_second(arguments[1]);
	destroy_rings();
	return 0;
}
