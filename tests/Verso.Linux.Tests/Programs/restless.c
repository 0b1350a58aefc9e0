/* Divides a range page by page and makes one VMA of it again, without rest, until its input ends. */
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>

enum { Pages = 600, PageBytes = 4096 };

int main(void)
{
    char *range = mmap(NULL, Pages * PageBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct pollfd input = { .fd = 0, .events = POLLIN };
    if (range == MAP_FAILED)
        return 1;
    puts("ready");
    fflush(stdout);
    while (poll(&input, 1, 0) == 0) {
        for (int page = 0; page < Pages; page += 2)
            mprotect(range + (size_t)page * PageBytes, PageBytes, PROT_READ);
        mprotect(range, Pages * PageBytes, PROT_NONE);
    }
    return 0;
}
