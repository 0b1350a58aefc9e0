/* Source: https://github.com/DeusData/codebase-memory-mcp/pull/1666 (16 Aug 2026) and https://github.com/flowlog-rs/flowlog/pull/177
 *   (13 Jun 2026): mimalloc with arena_eager_commit=0
 * Situation: PROT_NONE reservation; threads commit 64 KiB slices with mprotect as they need them, touch them, in mixed order.
 * Expected answer: (a) reserve/committed borders = flags; (b) neighbours both committed but with anon_vmas of their own. Commit
 *   eagerly (one READ|WRITE NORESERVE mapping).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>
#include <sys/mman.h>
static int never;
static char *h; static long n = 1024, g = 65536; static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; static char *used;
static void *w(void *p) {
    unsigned s = (long)p;
    for (int i = 0; i < 160; i++) {
        long k; pthread_mutex_lock(&m); do k = rand_r(&s) % n; while (used[k]); used[k] = 1; pthread_mutex_unlock(&m);
        if (!never) mprotect(h + k * g, g, PROT_READ | PROT_WRITE); h[k * g] = 1; h[k * g + 4096] = 1;
    }
    return 0;
}
int main(int c, char **v) {
    never = c > 1 && !strcmp(v[1], "never");
    used = calloc(n, 1);
    h = mmap(0, n * g, never ? PROT_READ | PROT_WRITE : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    pthread_t t[4];
    /* One after another: what is committed is the same in every run. */
    for (long i = 0; i < 4; i++) { pthread_create(&t[i], 0, w, (void *)(i + 1)); pthread_join(t[i], 0); }
    printf("READY %d\n", getpid()); fflush(stdout);
    pause();
}
