/*
 * A mapped file grows and shrinks by every call that can do so, by its own descriptor, by another, by its path; and
 * what is in the middle of it goes. Each time the last page is read, and one beyond it written where there is one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)

static char page[PAGE];
static const char *path;
static int file, other;
static char *shared, *private;

static void touch(unsigned long from, unsigned long to)
{
	for (unsigned long at = from; at < to; at++) {
		shared[at * PAGE] = 1;
		private[at * PAGE] = 2;
	}
}

static void child(void)
{
	if (!fork()) {
		private[0] = 3;
		_exit(0);
	}
	wait(0);
}

/* Of 2 pages each; what is there is forgotten first. */
static void grow(void)
{
	struct iovec two[] = { { page, PAGE }, { page, PAGE } };
	loff_t at = 8 * PAGE;
	int ends[2];

	pwrite(file, page, PAGE, 1 * PAGE);
	touch(0, 2);
	lseek(other, 2 * PAGE, SEEK_SET);
	write(other, page, PAGE);
	write(other, page, PAGE);
	touch(2, 4);
	writev(other, two, 2);
	touch(4, 6);
	pwritev(file, two, 2, 6 * PAGE);
	touch(6, 8);
	copy_file_range(file, &(loff_t){ 0 }, other, &at, 2 * PAGE, 0);
	touch(8, 10);
	lseek(other, 10 * PAGE, SEEK_SET);
	sendfile(other, file, &(off_t){ 0 }, 2 * PAGE);
	touch(10, 12);
	fallocate(file, 0, 12 * PAGE, 2 * PAGE);
	touch(12, 14);
	pipe(ends);
	write(ends[1], page, PAGE);
	at = 14 * PAGE;
	splice(ends[0], 0, other, &at, PAGE, 0);
	touch(14, 15);
	ftruncate(other, 16 * PAGE);
	touch(15, 16);
	truncate(path, 18 * PAGE);
	touch(16, 18);
	child();
}

static void lose(void)
{
	fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE, 2 * PAGE);
	touch(2, 4);
	fallocate(file, FALLOC_FL_ZERO_RANGE, 3 * PAGE, 2 * PAGE);
	touch(3, 5);
	fallocate(file, FALLOC_FL_COLLAPSE_RANGE, 4 * PAGE, 2 * PAGE);
	touch(4, 16);
	fallocate(file, FALLOC_FL_INSERT_RANGE, 4 * PAGE, 2 * PAGE);
	touch(4, 18);
	ftruncate(file, 12 * PAGE);
	touch(11, 12);
	truncate(path, 8 * PAGE);
	touch(7, 8);
	close(open(path, O_RDWR | O_TRUNC));
	ftruncate(file, 2 * PAGE);
	touch(0, 2);
	close(creat(path, 0600));
	write(file, page, PAGE);
	touch(0, 1);
	child();
}

int main(int count, char **arguments)
{
	path = count > 1 ? arguments[1] : "sizes";
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	other = open(path, O_RDWR);
	memset(page, 'f', PAGE);
	write(file, page, PAGE);
	shared = mmap((void *)0x50000000, 20 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
	private = mmap((void *)0x60000000, 20 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, other, 0);
	grow();
	lose();
	/* While nobody maps it. */
	munmap(shared, 20 * PAGE);
	munmap(private, 20 * PAGE);
	ftruncate(file, 6 * PAGE);
	shared = mmap((void *)0x50000000, 20 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
	private = mmap((void *)0x60000000, 20 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, other, 0);
	touch(0, 6);
	unlink(path);
	return 0;
}
