"""A shell on a terminal of its own, driven by lines on standard input.

send HEX    types these bytes               size ROWS COLUMNS   makes the window so large
echo        answers "echo 1" or "echo 0"    group               answers "group PGID", of what is in the foreground
What the terminal shows comes as "shown HEX".
"""
import fcntl, os, pty, select, signal, struct, sys, termios

shell, terminal = pty.fork()
if shell == 0:
    # Whoever runs the tests in the background ignores them, and so would all that is started here.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    os.environ.update(TERM="xterm-256color", PS1="$ ")
    os.execvp("bash", ["bash", "--norc", "--noediting", "-i"])


def size(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def say(line):
    os.write(1, (line + "\n").encode())


size(30, 100)
typed = b""
while True:
    ready, _, _ = select.select([0, terminal], [], [])
    if terminal in ready:
        try:
            say("shown " + os.read(terminal, 4096).hex())
        except OSError:
            sys.exit(0)
    if 0 in ready:
        more = os.read(0, 4096)
        if not more:
            sys.exit(0)
        *lines, typed = (typed + more).split(b"\n")
        for word, *arguments in (line.decode().split() for line in lines):
            if word == "send":
                os.write(terminal, bytes.fromhex(arguments[0]))
            elif word == "size":
                size(*arguments)
            elif word == "echo":
                say("echo %d" % bool(termios.tcgetattr(terminal)[3] & termios.ECHO))
            elif word == "group":
                say("group %d" % os.tcgetpgrp(terminal))
