/*
 * Asks to be traced by its parent and stops itself, as a program does that waits for its tracer; then again by a
 * signal that it handles. Its exit status tells that it got that far: 7.
 */
#include <signal.h>
#include <sys/ptrace.h>
#include <unistd.h>

static volatile sig_atomic_t seen;

static void handle(int signal)
{
	seen = signal;
}

int main(void)
{
	signal(SIGUSR1, handle);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		return 1;
	raise(SIGUSR1);
	if (seen != SIGUSR1)
		return 2;
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		return 3;
	raise(SIGSTOP);
	return 7;
}
