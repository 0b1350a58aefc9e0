/* Clones that are refused after their memory was copied: what the copy has left in the parent's graph stays. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static int refused(struct clone_args *args, int error)
{
	pid_t pid = syscall(SYS_clone3, args, sizeof *args);

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, 0, 0);
	return pid < 0 && errno == error;
}

int main(void)
{
	char *memory = mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t taken = getpid();
	struct clone_args same = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&taken, .set_tid_size = 1 };
	struct clone_args nowhere = { .exit_signal = SIGCHLD, .flags = CLONE_PIDFD, .pidfd = PAGE };
	struct clone_args wrong = { .exit_signal = SIGCHLD, .flags = CLONE_SIGHAND };

	for (int i = 0; i < 8; i++) {
		memory[2 * i * PAGE] = 1;
		/* The number is taken (EEXIST, without CAP_SYS_ADMIN EPERM), the descriptor goes nowhere, the flags contradict. */
		if (!refused(&same, EEXIST) || !refused(&nowhere, EFAULT) || !refused(&wrong, EINVAL))
			return 1;
		mprotect(memory + (2 * i + 1) * PAGE, PAGE, PROT_READ);
		if (i % 2 && !fork()) {
			memory[2 * i * PAGE] = 2;
			_exit(refused(&same, EEXIST) ? 0 : 1);
		}
		munmap(memory + 2 * i * PAGE, i == 5 ? PAGE : 0);
	}
	while (wait(0) > 0)
		;
	return 0;
}
