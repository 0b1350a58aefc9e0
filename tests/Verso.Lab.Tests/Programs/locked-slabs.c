/* Source: https://github.com/GrapheneOS/hardened_malloc/issues/154 with keys in locked memory (gnupg, libsodium)
 * Situation: slabs between guards of one page, every fourth slab locked (mlock).
 * Expected answer: guards and locks divide; guard markers are refused in locked memory (EINVAL): not both remedies.
 */
#include <stdio.h>
#include <unistd.h>
#include <sys/mman.h>
int main(void) {
    long page = 4096, slab = 4 * page;
    char *r = mmap(0, 256 * slab, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 128; i++) {
        if (i % 2) mprotect(r + i * slab, page, PROT_NONE);
        else if (i % 8 == 0) mlock(r + i * slab + 2 * page, page);
        r[i * slab + page] = 1;
    }
    printf("READY %d\n", getpid()); fflush(stdout);
    pause();
}
