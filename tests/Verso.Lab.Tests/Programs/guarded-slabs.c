/* Source: https://github.com/GrapheneOS/hardened_malloc/issues/154 , https://github.com/secureblue/secureblue/issues/262
 * Situation: slab region reserved PROT_NONE; every second slab is made accessible, the ones between stay as guards.
 * Expected answer: guards divide: MADV_GUARD_INSTALL on an accessible region.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
int main(int c, char **v) {
    int never = c > 1 && !strcmp(v[1], "never");
    for (int cls = 0; cls < 8; cls++) {
        long slab = 4096L << cls; char *r = mmap(0, 512 * slab, never ? PROT_READ | PROT_WRITE : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        for (int i = 0; i < 256; i++) {
            if (never) madvise(r + (2 * i + 1) * slab, slab, 102 /* MADV_GUARD_INSTALL */);
            else mprotect(r + 2 * i * slab, slab, PROT_READ | PROT_WRITE);
            r[2 * i * slab] = 1; }
    }
    printf("READY %d\n", getpid()); fflush(stdout);
    pause();
}
