/* Source: https://github.com/asmjit/asmjit/issues/399 , https://github.com/erlang/otp/pull/2840: code blocks whose protection is changed one by one
 * Situation: an arena of generated code: a block is written, then made executable; blocks stay between that are writable.
 * Expected answer: rw and rx differ: one protection for the arena, or a dual mapping.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
int main(int c, char **v) {
    int never = c > 1 && !strcmp(v[1], "never");
    long n = 400, g = 65536;
    char *a = mmap(0, n * g, PROT_READ | PROT_WRITE | (never ? PROT_EXEC : 0), MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (long i = 0; i < n; i++) {
        a[i * g] = (char)0xc3;
        if (!never && i % 2) mprotect(a + i * g, g, PROT_READ | PROT_EXEC);
    }
    printf("READY %d\n", getpid()); fflush(stdout);
    pause();
}
