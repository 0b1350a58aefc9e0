/* Source: https://github.com/ocaml/ocaml/issues/14865 and https://github.com/WebKit/WebKit/pull/69072: at vm.max_map_count munmap fails with
 *   ENOMEM and madvise with EAGAIN.
 * Situation: as many VMAs as vm.max_map_count allows, less argv[1]; then calls that would need more, each in a child of its own.
 * Expected answer: which calls fail, and with which error. Prints "call error" for each, then READY.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAGE 4096L

static char *area;
static int segment;

static long count(void)
{
    char line[512];
    long lines = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        lines += strstr(line, "vsyscall") == NULL;
    fclose(maps);
    return lines;
}

/* area: 64 pages, read and write; what a call needs beyond what it has are new VMAs. */
static long run(int call)
{
    unsigned long nodes = 1;
    char *end;
    switch (call) {
    case 0: return (long)mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    case 1: return mprotect(area, PAGE, PROT_READ);
    case 2: return mprotect(area + 8 * PAGE, PAGE, PROT_READ);
    case 3: return munmap(area, PAGE);
    case 4: return munmap(area + 8 * PAGE, PAGE);
    case 5: return madvise(area, PAGE, MADV_DONTDUMP);
    case 6: return madvise(area + 8 * PAGE, PAGE, MADV_DONTDUMP);
    case 7: return mlock(area, PAGE);
    case 8: return mlock(area + 8 * PAGE, PAGE);
    case 9: return syscall(SYS_mbind, area, PAGE, 1, &nodes, 2UL, 0);
    case 10: return syscall(SYS_mbind, area + 8 * PAGE, PAGE, 1, &nodes, 2UL, 0);
    case 11: return (long)mremap(area, 64 * PAGE, 65 * PAGE, MREMAP_MAYMOVE);
    case 12: end = (char *)syscall(SYS_brk, 0); return (char *)syscall(SYS_brk, end + PAGE) == end + PAGE ? 0 : -1;
    case 13: return (long)shmat(segment, 0, 0);
    case 14: return (long)mremap(area, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x100000000);
    case 15: return (long)mmap(area + 8 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    default: return munmap(area, 64 * PAGE);
    }
}

static const char *names[] = {"mmap", "mprotect", "mprotect-inside", "munmap", "munmap-inside", "madvise", "madvise-inside", "mlock",
    "mlock-inside", "mbind", "mbind-inside", "mremap", "brk", "shmat", "mremap-fixed",
    "mmap-inside", "munmap-whole"};

int main(int argc, char **argv)
{
    long left = argc > 1 ? atol(argv[1]) : 0, most, now;
    FILE *sysctl = fopen("/proc/sys/vm/max_map_count", "r");
    int scanned = fscanf(sysctl, "%ld", &most);
    fclose(sysctl);
    segment = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
    struct shmid_ds state;
    area = mmap(0, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *many = mmap(0, (most + 64) * 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    now = count();
    setvbuf(stdout, malloc(1 << 16), _IOFBF, 1 << 16);
    for (long at = 0; now + 2 <= most - left && now + 2 <= most; at++, now += 2)
        if (mprotect(many + (2 * at + 1) * PAGE, PAGE, PROT_READ)) { printf("refused %s after %ld\n", strerror(errno), at); break; }
    char *more = many + (most + 60) * 2 * PAGE;
    for (; now < most - left; now++, more -= 4 * PAGE)
        if (now < most ? mprotect(many + (most + 63) * 2 * PAGE, 2 * PAGE, PROT_READ)
            : mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
            printf("refused at last: %s\n", strerror(errno));
    for (int call = 0; scanned == 1 && call < (int)(sizeof names / sizeof *names); call++) {
        fflush(stdout);
        pid_t child = fork();
        if (!child) { errno = 0; _exit(run(call) == -1 ? errno ? errno : ENOMEM : 0); }
        int status;
        waitpid(child, &status, 0);
        printf("%s %s\n", names[call], WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "0");
    }
    shmctl(segment, IPC_RMID, &state);
    printf("READY %d left %ld\n", getpid(), most - count());
    fflush(stdout);
    pause();
}
