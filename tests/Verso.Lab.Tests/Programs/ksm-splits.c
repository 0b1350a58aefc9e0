/* Source: https://github.com/deeplethe/forkd/pull/267 (KSM does not merge memfd MAP_SHARED); sandboxes with KSM; and ksmd's long walks over one anon_vma
 * Situation: one faulted area split into 5,000 VMAs (alternating MADV_MERGEABLE), so that 5,000 VMAs hang in one anon_vma.
 * Expected answer: explain: Mergeable flag differs; --rmap: one anon_vma, tree of 5,000 VMAs, a walk visits 1 (a KSM walk all, before 7.3).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
int main(int c, char **v) {
    int never = c > 1 && !strcmp(v[1], "never");
    long n = 5000; char *p = mmap(0, n * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (long i = 0; i < n; i++) p[i * 4096] = 1;
    for (long i = 0; !never && i < n; i += 2) madvise(p + i * 4096, 4096, MADV_MERGEABLE);
    printf("READY %d\n", getpid()); fflush(stdout);
    pause();
}
