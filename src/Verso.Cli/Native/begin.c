/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be done before the .NET runtime begins: linked into the native program, called before main. The runtime
 * ends without a word, or in the middle of one, where a limit is too small for it or the processor too old, and what it
 * opens first takes the number of a standard stream that is closed. ./verso looks at limits and streams too, for what it
 * builds and starts; a test holds the two to the same words.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define TROUBLE 2

struct least {
	int resource;
	unsigned long long least;
	unsigned int unit;	/* of ulimit */
	char flag;		/* of ulimit */
	const char *what;
};

static const struct least limits[] = {
	{ RLIMIT_AS, 1ULL << 30, 1024, 'v', "bytes of address space" },
	{ RLIMIT_DATA, 1ULL << 27, 1024, 'd', "bytes of data" },
	{ RLIMIT_NPROC, 16, 1, 'u', "processes of one user" },
	{ RLIMIT_NOFILE, 64, 1, 'n', "open files" },
};

/* Each closed stream is opened the other way round, so that using it still fails. */
static void occupy_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

static void require(const struct least *limit)
{
	struct rlimit now;

	if (limit->resource == RLIMIT_NPROC && geteuid() == 0)
		return;
	if (getrlimit(limit->resource, &now) != 0)
		return;
	/* .NET raises its limit of files to the hard one by itself. */
	rlim_t allowed = limit->resource == RLIMIT_NOFILE ? now.rlim_max : now.rlim_cur;
	if (allowed == RLIM_INFINITY || allowed >= limit->least)
		return;
	dprintf(STDERR_FILENO, "verso: %llu %s are too few: ulimit -%c %llu is the least that works\n",
		(unsigned long long)allowed, limit->what, limit->flag, limit->least / limit->unit);
	_exit(TROUBLE);
}

/* IlcInstructionSet in Verso.Cli.csproj. */
static void require_processor(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"))
		return;
	dprintf(STDERR_FILENO, "verso: compiled for processors with SSE4.2 and POPCNT, which this one lacks: "
		"remove artifacts, and VERSO_BUILD=quick ./verso builds one that runs here\n");
	_exit(TROUBLE);
}

__attribute__((constructor)) static void begin(void)
{
	occupy_standard_streams();
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		require(&limits[i]);
	require_processor();
}
