/* Source: https://github.com/opensearch-project/OpenSearch/issues/18226 (246K of 252K maps are deleted .dvd files); bleve 1305, pmdk 5131 alike
 * Situation: many small index files mapped read-only and shared, deleted from the directory while still mapped.
 * Expected answer: these are different files, no merge can help; how many, which name or suffix, that they are deleted: close them.
 */
#include <stdio.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
int main(int c, char **v) {
    int never = c > 1 && !strcmp(v[1], "never");
    char p[64], b[8192] = {0};
    for (int i = 0; i < 3000; i++) {
        sprintf(p, "seg.%06d", i);
        int f = open(p, O_RDWR | O_CREAT | O_TRUNC, 0600);
        write(f, b, sizeof b); 
        void *m = mmap(0, 8192, PROT_READ, MAP_SHARED, f, 0);
        close(f); unlink(p);
        if (never) munmap(m, 8192);
    }
    printf("READY %d\n", getpid()); fflush(stdout);
    pause();
}
