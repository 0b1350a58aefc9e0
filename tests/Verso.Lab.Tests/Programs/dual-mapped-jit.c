/* Source: https://github.com/erlang/otp/pull/2840 and https://github.com/asmjit/asmjit/issues/399 (dual-mapped JIT code: memfd mapped rw and rx);
 * Situation: code blocks of one memfd mapped twice (rw- and r-x), block after block, both views beside each other.
 * Expected answer: rw and rx differ, and offsets of the two views never continue: map each view in one go.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
int main(int c, char **v) {
    int never = c > 1 && !strcmp(v[1], "never");
    int f = memfd_create("jit", 0); ftruncate(f, 400 * 65536L);
    if (never) {
        mmap(0, 400 * 65536L, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
        mmap(0, 400 * 65536L, PROT_READ | PROT_EXEC, MAP_SHARED, f, 0);
    }
    for (int i = 0; !never && i < 400; i++) {
        char *w = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, f, i * 65536L);
        char *x = mmap(0, 65536, PROT_READ | PROT_EXEC, MAP_SHARED, f, i * 65536L); w[0] = (char)0xc3;
    }
    printf("READY %d\n", getpid()); fflush(stdout);
    pause();
}
