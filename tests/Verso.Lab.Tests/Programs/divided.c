/* Situation: memory that something divides at every second of 200 parts of 16 KiB; each remedy that explain has for it.
 *   Arguments: the situation, then, to have done so from the start, the remedy.
 * Expected answer: the VMAs that explain says for a remedy are those of this program with it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/userfaultfd.h>
#define PARTS 200
#define SIZE 16384L
#define ALL (PARTS * SIZE)
#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define FIXED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)
#define HUGE (2L << 20)

static char *const area = (char *)0x100000000000, *const other = (char *)0x110000000000;
static const char *situation, *remedy;
static char *part(long i) { return area + i * SIZE; }
static int is(const char *name) { return !strcmp(situation, name); }
static int with(const char *name) { return !strcmp(remedy, name); }
static void check(int bad, const char *what) { if (bad) { perror(what); exit(1); } }
static void *map(char *at, long bytes, int prot, int flags, int f, long offset) {
    void *p = mmap(at, bytes, prot, flags, f, offset);
    check(p == MAP_FAILED, "mmap");
    return p;
}
static void protect(char *at, long bytes, int prot) { check(mprotect(at, bytes, prot), "mprotect"); }
static void write_from(long i, long step) { for (; i < PARTS; i += step) *part(i) = 1; }
static int file(void) {
    int f = open("data", O_RDWR | O_CREAT, 0600);
    check(f < 0 || ftruncate(f, ALL), "data");
    return f;
}
static void in_child(void) {
    int status, child = fork();
    check(child < 0, "fork");
    if (child) exit(wait(&status) < 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}
static void commit(long from, long step) { for (long i = from; i < PARTS; i += step) { protect(part(i), SIZE, RW); *part(i) = 1; } }

static void forked(void) {
    int whole = with("whole-before"), before = with("alike-before");
    map(area, ALL, whole ? RW : PROT_NONE, FIXED, -1, 0);
    if (whole) write_from(0, 1);
    else commit(0, 2);
    if (before) commit(1, 2);
    in_child();
    if (!before && !whole) commit(1, 2);
}
static void fork_holes(void) {
    map(area, ALL, RW, FIXED, -1, 0);
    write_from(0, 1);
    for (long i = 1; i < PARTS; i += 2) munmap(part(i), SIZE);
    if (!with("alike-before")) in_child();
    if (with("map-anew")) map(other, ALL / 2, RW, FIXED, -1, 0);
    else for (long i = 1; i < PARTS; i += 2) map(part(i), SIZE, RW, FIXED, -1, 0);
    if (with("alike-before")) in_child();
}
static void file_parts(int shared, int prot, int other_prot, int written) {
    map(area, ALL, prot, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED, file(), 0);
    if (written) write_from(0, 1);
    for (long i = 1; i < PARTS && !with("file-protection"); i += 2) protect(part(i), SIZE, other_prot);
}
static void protected(int prot, int other_prot) {
    int apart = with("execute-only-apart"), whole = with("one-arena") || with("readable-code");
    if (with("two-views")) {
        int f = memfd_create("code", 0);
        check(ftruncate(f, ALL), "memfd");
        map(area, ALL, RW, MAP_SHARED | MAP_FIXED, f, 0);
        map(other, ALL, RX, MAP_SHARED | MAP_FIXED, f, 0);
        return;
    }
    map(area, ALL, RW, FIXED, -1, 0);
    write_from(0, 1);
    if (prot != RW || whole) protect(area, ALL, prot);
    for (long i = 1; i < PARTS && !apart && !whole; i += 2) protect(part(i), SIZE, other_prot);
    if (apart) protect(area + ALL / 2, ALL / 2, other_prot);
}
static void segments(long count, long bytes) {
    for (long i = 0; i < count; i++) {
        int id = shmget(IPC_PRIVATE, bytes, 0600 | IPC_CREAT);
        check(id < 0 || shmat(id, area + i * bytes, 0) == (void *)-1, "shmat");
        shmctl(id, IPC_RMID, 0);
    }
}
static void registered(void) {
    int u = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    struct uffdio_api api = { .api = UFFD_API };
    check(u < 0 || ioctl(u, UFFDIO_API, &api), "userfaultfd");
    map(area, ALL, RW, FIXED, -1, 0);
    for (long i = 0; i < PARTS; i++) {
        struct uffdio_register r = { .range = { (long)part(i), SIZE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
        if (with("all-registered") || i % 2 == 0) check(ioctl(u, UFFDIO_REGISTER, &r), "UFFDIO_REGISTER");
        else *part(i) = 1;
    }
}
static void device(void) {
    int f = open("/dev/zero", O_RDWR), none = with("no-device");
    for (long i = 0; i < PARTS; i++) {
        map(part(i), SIZE, RW, MAP_PRIVATE | MAP_FIXED | (none ? MAP_ANONYMOUS : 0), none ? -1 : f, 0);
        *part(i) = 1;
    }
}
static void over_file(void) {
    int f = file();
    map(area, ALL, RW, FIXED, -1, 0);
    write_from(0, 1);
    for (long i = 1; i < PARTS; i += 2) {
        if (with("read-in")) check(pread(f, part(i), SIZE, i * SIZE) != SIZE, "pread");
        else map(part(i), SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, f, i * SIZE);
    }
}
static void moved(void) {
    map(area, 2 * ALL, RW, FIXED, -1, 0);
    if (!with("moved-before")) write_from(0, 1);
    for (long i = 1; i < PARTS; i += 2)
        check(mremap(part(i), SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, part(PARTS + i)) == MAP_FAILED, "mremap");
    for (long i = 1; i < PARTS && with("moved-back"); i += 2)
        check(mremap(part(PARTS + i), SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, part(i)) == MAP_FAILED, "mremap");
    if (with("moved-before")) { write_from(0, 1); for (long i = 1; i < PARTS; i += 2) *part(PARTS + i) = 1; }
}
static void gathered(void) {
    for (long i = 0; i < PARTS; i++) {
        char *from = map(other + 2 * i * SIZE, SIZE, RW, FIXED, -1, 0);
        if (!with("moved-before")) *from = 1;
        check(mremap(from, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, part(i)) == MAP_FAILED, "mremap");
        *part(i) = 1;
    }
}
static void file_order(int prot, int flags, int opens) {
    int f = file(), in_order = with("in-order");
    for (long i = 0; i < PARTS; i++) {
        map(part(i), SIZE, prot, flags | MAP_FIXED, opens && !in_order ? file() : f, (in_order ? i : PARTS - 1 - i) * SIZE);
        if (prot & PROT_WRITE) *part(i) = 1;
    }
}
static void sealed(void) {
    map(area, ALL, RW, FIXED, -1, 0);
    write_from(0, 1);
    for (long i = 0; i < PARTS; i++)
        if (with("all-sealed") || i % 2) check(syscall(462, part(i), SIZE, 0), "mseal");
}
int main(int count, char **argument) {
    situation = count > 1 ? argument[1] : "", remedy = count > 2 ? argument[2] : "";
    if (is("forked")) forked();
    else if (is("fork-holes")) fork_holes();
    else if (is("private-file")) file_parts(0, PROT_READ, PROT_NONE, 0);
    else if (is("private-file-written")) file_parts(0, RW, PROT_READ, 1);
    else if (is("shared-file")) file_parts(1, RW, PROT_READ, 1);
    else if (is("program-file")) file_parts(0, RX, PROT_READ, 0);
    else if (is("execute-only")) protected(RW, PROT_EXEC);
    else if (is("execute-only-code")) protected(RX, PROT_EXEC);
    else if (is("arena")) protected(with("one-arena") ? RX : RW, RX);
    else if (is("registered")) registered();
    else if (is("device")) device();
    else if (is("segments")) segments(with("one-segment") ? 1 : 40, with("one-segment") ? 40 * SIZE : SIZE);
    else if (is("segment-parts")) {
        segments(1, ALL);
        for (long i = 1; i < PARTS && !with("segment-whole"); i += 2) protect(part(i), SIZE, PROT_READ);
    } else if (is("huge-pages")) {
        long parts = with("huge-once") ? 1 : 40;
        for (long i = 0; i < parts; i++)
            map(area + i * HUGE, 40 / parts * HUGE, RW, FIXED | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
    } else if (is("over-file")) over_file();
    else if (is("moved")) moved();
    else if (is("gathered")) gathered();
    else if (is("file-order")) file_order(RW, MAP_PRIVATE, 0);
    else if (is("file-order-opens")) file_order(PROT_READ, MAP_SHARED, 1);
    else if (is("sealed")) sealed();
    else return 2;
    char line[64];
    snprintf(line, sizeof line, "READY %d\n", getpid());
    return write(1, line, strlen(line)) < 0 ? 1 : pause();
}
