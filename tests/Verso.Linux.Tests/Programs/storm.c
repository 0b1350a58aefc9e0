/*
 * storm NAME CHILDREN: a process of that name with 400 VMAs, whose children write a page, live for a moment and end, so
 * many at once and as fast as they can be forked, until its input ends; but the first ten stay as long as it does.
 * Nobody shares an address space with anybody.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { Vmas = 400, Lasting = 10, PageBytes = 4096, MostMicroseconds = 40000 };

static void live(int lasts)
{
    char *page = mmap(NULL, PageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    *page = 1;
    if (lasts)
        pause();
    srand(getpid());
    usleep(rand() % MostMicroseconds);
    _exit(0);
}

int main(int count, char **words)
{
    struct pollfd input = { .fd = 0, .events = POLLIN };
    int most, children = 0, forked = 0;

    if (count < 3)
        return 2;
    most = atoi(words[2]);
    prctl(PR_SET_NAME, words[1]);
    for (int i = 0; i < Vmas; i++) {
        char *page = mmap(NULL, PageBytes, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (i & 1)
            *page = 1;
    }
    puts("ready");
    fflush(stdout);
    while (poll(&input, 1, 0) == 0) {
        if (children < most) {
            pid_t child = fork();
            if (child == 0)
                live(forked < Lasting);
            children += child > 0;
            forked += child > 0;
        }
        while (waitpid(-1, NULL, children < most ? WNOHANG : 0) > 0)
            if (--children < most)
                break;
    }
    return 0;
}
