/* Grows the stack by two megabytes, a page at a time, then says where it began and ended. */
#include <stdio.h>
#include <unistd.h>

static unsigned long deepest;

__attribute__((noinline)) static int descend(int left)
{
	volatile char frame[4096];

	frame[0] = (char)left;
	deepest = (unsigned long)frame;
	return left ? descend(left - 1) + frame[0] : 0;
}

int main(void)
{
	char line[64];
	int top = 0, n;

	descend(500);
	n = snprintf(line, sizeof(line), "%lx %lx\n", deepest, (unsigned long)&top);
	return write(1, line, n) < 0;
}
