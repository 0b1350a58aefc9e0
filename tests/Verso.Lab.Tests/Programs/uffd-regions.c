/* Source: https://github.com/llnl/umap/issues/91 (UFFDIO_REGISTER ENOMEM after ~950 regions)
 * Situation: many anonymous regions mapped side by side; each registered with a userfaultfd (variant 1: its own, variant 2: one for all).
 *   Arguments: none: its own; some: every second region with one for all; never: all with one.
 * Expected answer: userfaultfd contexts differ: one userfaultfd for all. With one: nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <linux/userfaultfd.h>
static int uffd(void) { int f = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    struct uffdio_api a = { .api = UFFD_API }; ioctl(f, UFFDIO_API, &a); return f; }
int main(int c, char **v) {
    int own = c == 1 /* else "some" or "never" */, some = c > 1 && !strcmp(v[1], "some"), f = uffd(), bad = 0;
    for (int i = 0; i < 900; i++) {
        char *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct uffdio_register r = { .range = { (long)p, 65536 }, .mode = UFFDIO_REGISTER_MODE_MISSING };
        if (some && i % 2) continue;
        if (ioctl(own && i ? uffd() : f, UFFDIO_REGISTER, &r)) bad++;
    }
    printf("READY %d failed %d\n", getpid(), bad); fflush(stdout);
    pause();
}
