// A process that does what it is told: one line of text, one operation. It allocates nothing by itself, so that its
// address space changes only by those operations.
//
//   ID s NR A B C D E F   a system call with hexadecimal arguments; answers "r RESULT"
//   ID t ADDRESS ACCESS   reads (0) or writes (1) one byte; answers "t OUTCOME"
//   ID m ADDRESS COUNT PROT        mprotect of COUNT single pages, every second one from ADDRESS; answers "m FAILURES"
//   ID f NEW              forks; the child is number NEW; answers "f PID"
//   ID x PARENT           exits; PARENT reaps it and answers "x 0"
//
// ID says who does it. All processes share standard input; exactly one reads it, and passes a line that is for another
// to that one's pipe and waits on its own.
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 16

static int pipes[PROCESSES][2];
static int self;
static sigjmp_buf after_fault;
static volatile int outcome;
static char signal_stack[16384];
static char line[512];

static void say(char kind, long value)
{
	char text[32];
	int at = sizeof(text);
	int negative = value < 0;
	unsigned long rest = negative ? -(unsigned long)value : (unsigned long)value;

	text[--at] = '\n';
	do {
		text[--at] = "0123456789abcdef"[rest & 15];
		rest >>= 4;
	} while (rest);
	if (negative)
		text[--at] = '-';
	text[--at] = ' ';
	text[--at] = kind;
	if (write(1, text + at, sizeof(text) - at) < 0)
		_exit(3);
}

static int read_line(int from)
{
	unsigned int used = 0;

	while (used < sizeof(line) - 1) {
		if (read(from, line + used, 1) != 1)
			_exit(0);
		if (line[used] == '\n')
			break;
		used++;
	}
	line[used] = 0;
	return used;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	outcome = number == SIGBUS ? 3 : info->si_code == SEGV_MAPERR ? 1 : 2;
	siglongjmp(after_fault, 1);
}

static long touch(volatile char *address, int access)
{
	outcome = 0;
	if (sigsetjmp(after_fault, 1))
		return outcome;
	if (access)
		*address = 1;
	else
		(void)*address;
	return outcome;
}

static long number(char **at)
{
	return (long)strtoul(*at, at, 16);
}

static void pass_on(int to)
{
	unsigned int length = strlen(line);

	line[length] = '\n';
	if (write(pipes[to][1], line, length + 1) < 0)
		_exit(3);
}

static void obey(char *at)
{
	long a[7];
	char kind = *++at;

	at++;
	switch (kind) {
	case 's':
		for (int i = 0; i < 7; i++)
			a[i] = number(&at);
		register long r10 __asm__("r10") = a[4];
		register long r8 __asm__("r8") = a[5];
		register long r9 __asm__("r9") = a[6];
		long result;
		__asm__ volatile("syscall"
				 : "=a"(result)
				 : "a"(a[0]), "D"(a[1]), "S"(a[2]), "d"(a[3]), "r"(r10), "r"(r8), "r"(r9)
				 : "rcx", "r11", "memory");
		say('r', result);
		break;
	case 't':
		a[0] = number(&at);
		say('t', touch((char *)a[0], (int)number(&at)));
		break;
	case 'm':
		a[0] = number(&at);
		a[1] = number(&at);
		a[2] = number(&at);
		a[3] = 0;
		for (long i = 0; i < a[1]; i++)
			a[3] += syscall(SYS_mprotect, a[0] + i * 8192, 4096, a[2]) != 0;
		say('m', a[3]);
		break;
	case 'f':
		a[0] = number(&at);
		a[1] = syscall(SYS_fork);
		if (a[1] == 0) {
			self = (int)a[0];
			read_line(pipes[self][0]);
			obey(strchr(line, ' '));
			return;
		}
		say('f', a[1]);
		break;
	case 'x':
		a[0] = number(&at);
		a[1] = getpid();
		strcpy(line, "? w ");
		for (int i = 0; i < 8; i++)
			line[4 + i] = "0123456789abcdef"[(a[1] >> (28 - 4 * i)) & 15];
		line[12] = 0;
		pass_on((int)a[0]);
		_exit(0);
	case 'w':
		syscall(SYS_wait4, number(&at), 0, 0, 0);
		say('x', 0);
		break;
	}
}

int main(int count, char **arguments)
{
	struct rlimit stack = { 8 << 20, RLIM_INFINITY };
	stack_t alternate = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	(void)count;
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		personality(ADDR_NO_RANDOMIZE);
		setrlimit(RLIMIT_STACK, &stack);
		execv("/proc/self/exe", arguments);
	}
	prctl(PR_SET_NAME, "verso-puppet");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int i = 0; i < PROCESSES; i++)
		if (pipe(pipes[i]))
			return 3;
	sigaltstack(&alternate, 0);
	sigaction(SIGSEGV, &action, 0);
	sigaction(SIGBUS, &action, 0);
	say('p', getpid());
	for (;;) {
		char *rest;

		read_line(0);
		int id = (int)strtoul(line, &rest, 16);
		if (id != self) {
			pass_on(id);
			read_line(pipes[self][0]);
			rest = strchr(line, ' ');
		}
		obey(rest);
	}
}
