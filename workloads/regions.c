/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserves 1 GiB without access and commits it in 256 regions of 4 MiB by mprotect, in the order of MODE; touches each
 * region when it is committed (or all at the end), and prints how many VMAs the committed range has at last. With a
 * second argument it then waits for the end of standard input.
 *
 *   sequential        in order
 *   evenodd           regions 0, 2, 4, ... then 1, 3, 5, ...
 *   random            in a fixed random order: the order of a collector that takes regions as it needs them
 *   random-touchlast  the same, but nothing is touched before all is committed
 *   random-hint       the same as random, but one page of the whole reservation was written before it was divided
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define REGIONS 256
#define REGION_BYTES ((size_t)4 << 20)

static char *reservation;

static int vmas_inside(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end, low = (unsigned long)reservation;
	char line[512];
	int count = 0;

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && start >= low && end <= low + REGIONS * REGION_BYTES)
			count++;
	if (maps)
		fclose(maps);
	return count;
}

static void choose_order(int *order, const char *mode)
{
	int at = 0;

	for (int i = 0; i < REGIONS; i++)
		order[i] = i;
	if (!strcmp(mode, "evenodd")) {
		for (int first = 0; first < 2; first++)
			for (int i = first; i < REGIONS; i += 2)
				order[at++] = i;
	} else if (strcmp(mode, "sequential")) {
		srand(1);
		for (int i = REGIONS - 1; i > 0; i--) {
			int other = rand() % (i + 1), kept = order[i];

			order[i] = order[other];
			order[other] = kept;
		}
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "random";
	int order[REGIONS], late = !strcmp(mode, "random-touchlast");

	reservation = mmap(NULL, REGIONS * REGION_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reservation == MAP_FAILED)
		return 1;
	choose_order(order, mode);
	if (!strcmp(mode, "random-hint")) {
		mprotect(reservation, REGIONS * REGION_BYTES, PROT_READ | PROT_WRITE);
		reservation[0] = 1;
		mprotect(reservation, REGIONS * REGION_BYTES, PROT_NONE);
	}
	for (int i = 0; i < REGIONS; i++) {
		mprotect(reservation + order[i] * REGION_BYTES, REGION_BYTES, PROT_READ | PROT_WRITE);
		if (!late)
			reservation[order[i] * REGION_BYTES] = 1;
	}
	for (int i = 0; late && i < REGIONS; i++)
		reservation[order[i] * REGION_BYTES] = 1;
	printf("%s: %d VMAs in %d committed regions\n", mode, vmas_inside(), REGIONS);
	if (argc > 2) {
		/* Told to hold: it stands until standard input ends. */
		printf("standing %d\n", getpid());
		fflush(stdout);
		while (getchar() != EOF)
			;
	}
	return 0;
}
