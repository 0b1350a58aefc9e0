/* Pages that come without a fault of the program: each line of output names what was done and where. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* One page of its own: its neighbours are not accessible. */
static char *lonely(int protection)
{
	char *area = mmap(0, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(area + 4096, 4096, protection);
	return area + 4096;
}

static void say(const char *what, void *where)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%s %lx\n", what, (unsigned long)where);

	if (write(1, line, n) < 0)
		_exit(1);
}

int main(void)
{
	char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	char word[8] = "written";
	struct iovec from = { word, 8 }, to;
	int memory = open("/proc/self/mem", O_RDWR);

	say("populate", p);
	p = lonely(PROT_READ | PROT_WRITE);
	mlock(p, 4096);
	say("mlock", p);
	p = lonely(PROT_READ | PROT_WRITE);
	madvise(p, 4096, MADV_POPULATE_WRITE);
	say("advise", p);
	p = lonely(PROT_READ | PROT_WRITE);
	to.iov_base = p;
	to.iov_len = 8;
	process_vm_writev(getpid(), &from, 1, &to, 1, 0);
	say("writev", p);
	p = lonely(PROT_READ | PROT_WRITE);
	if (pwrite(memory, word, 8, (off_t)(unsigned long)p) != 8)
		return 1;
	say("memory", p);
	p = lonely(PROT_READ | PROT_WRITE);
	*p = 1;
	say("fault", p);
	return 0;
}
