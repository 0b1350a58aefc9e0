/* Source: https://github.com/ocaml/ocaml/issues/14865 (Gc.compact; munmap fails with ENOMEM, assertion is compiled out, memory leaks)
 * Situation: 4 MiB of pools mapped one by one (the kernel merges them), all touched; compaction unmaps every second one.
 * Expected answer: one VMA became many by holes: munmap in the middle adds a VMA; nothing can merge across a hole; at the limit munmap itself
 *   fails; use MADV_DONTNEED, unmap runs, or keep.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
int main(int c, char **v) {
    int never = c > 1 && !strcmp(v[1], "never"), fill = c > 1 && !strcmp(v[1], "fill");
    long n = 4000, bad = 0; int e = 0;
    char **p = malloc(n * sizeof *p);
    for (long i = 0; i < n; i++) { p[i] = mmap(0, 32768, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); p[i][0] = 1; }
    for (long i = 0; i < n; i += 2) if (never ? madvise(p[i], 32768, MADV_DONTNEED) : munmap(p[i], 32768)) { bad++; e = errno; }
    for (long i = 0; fill && i < n; i += 2)
        mmap(p[i], 32768, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    printf("READY %d munmap failed %ld %s\n", getpid(), bad, bad ? strerror(e) : ""); fflush(stdout);
    pause();
}
