/* 3,000 VMAs, and then 30,000 changes of one more. */
#include <sys/mman.h>

#define VMAS 3000
#define CHANGES 30000

int main(void)
{
	char *area = mmap(0, 2 * VMAS * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return 1;
	for (int at = 1; at < VMAS; at += 2)
		if (mprotect(area + at * 4096L, 4096, PROT_READ | PROT_WRITE))
			return 1;
	for (int change = 0; change < CHANGES; change++)
		if (mprotect(area + (2 * VMAS - 2) * 4096L, 4096, change & 1 ? PROT_NONE : PROT_READ))
			return 1;
	return 0;
}
