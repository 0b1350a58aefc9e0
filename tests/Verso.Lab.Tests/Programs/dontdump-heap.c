/* Source: https://github.com/WebKit/WebKit/pull/69072 (10 Jul 2026), bugs.webkit.org 319025; also varnish PR 2082
 * Situation: an allocator marks every decommitted 16 KiB of its heap MADV_DONTDUMP and every committed one MADV_DODUMP;
 *   live chunks are scattered, so the heap becomes one VMA per run; at vm.max_map_count madvise fails (EAGAIN, not ENOMEM).
 * Expected answer: flags (DontDump) keep them apart; use one advice for the whole heap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <sys/mman.h>
int main(int c, char **v) {
    int never = c > 1 && !strcmp(v[1], "never");
    long n = 2000, g = 16384;
    char *h = mmap(0, n * g, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!never) madvise(h, n * g, MADV_DONTDUMP);
    long bad = 0; int err = 0;
    srand(1);
    for (long i = 0; i < n; i++) if (rand() & 1) {
        if (!never && madvise(h + i * g, g, MADV_DODUMP)) { bad++; err = errno; }
        h[i * g] = 1;
    }
    printf("READY %d failed %ld %s\n", getpid(), bad, bad ? strerror(err) : ""); fflush(stdout);
    pause();
}
