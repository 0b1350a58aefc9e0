using System.Runtime.InteropServices;
using Verso.Linux.Interop;
using Verso.Linux.Puppets;

namespace Verso.Linux.Recording;

/// <summary>
/// The command's process. It gets this process's terminal, environment, directory and signal mask, and the default
/// action for SIGPIPE, which the .NET runtime ignores, and for SIGXFSZ, which <see cref="DescriptorStream"/> does.
/// </summary>
internal sealed unsafe class CommandProcess
{
    private const int AttributeBytes = 1024;
    private const int ActionsBytes = 256;
    private const int ExecutableAccess = 1;

    /// <summary>The low byte of the wait status of what has not ended (WIFSTOPPED).</summary>
    private const int Stopped = 0x7f;

    private readonly int _descriptor;
    private bool _reaped;

    private CommandProcess(int pid)
    {
        Pid = pid;
        _descriptor = (int)Libc.SystemCall(Libc.CallPidFdOpen, pid, 0);
    }

    internal int Pid { get; }

    /// <summary>The exit status, or 128 + the signal that killed it. Valid once it has ended.</summary>
    internal int ExitStatus { get; private set; }

    /// <summary>
    /// Finds a command as execvp does. Throws <see cref="CommandNotStartedException"/> where there is none.
    /// </summary>
    internal static string Resolve(string command)
    {
        if (command.Length == 0)
        {
            throw new CommandNotStartedException("the command is empty", 127);
        }

        if (command.Contains('/', StringComparison.Ordinal))
        {
            return Check(command) switch
            {
                Candidate.Executable => command,
                Candidate.Missing => throw new CommandNotStartedException($"{command}: no such file", 127),
                _ => throw new CommandNotStartedException($"{command}: not executable", 126),
            };
        }

        var seen = Candidate.Missing;
        var path = Environment.GetEnvironmentVariable("PATH") ?? "/bin:/usr/bin";
        foreach (var directory in path.Split(':'))
        {
            var candidate = directory.Length == 0 ? $"./{command}" : $"{directory}/{command}";
            var kind = Check(candidate);
            if (kind == Candidate.Executable)
            {
                return candidate;
            }

            seen = kind == Candidate.NotExecutable ? kind : seen;
        }

        throw seen == Candidate.Missing
            ? new CommandNotStartedException($"{command}: command not found", 127)
            : new CommandNotStartedException($"{command}: found in PATH, but not executable", 126);
    }

    /// <summary>
    /// Starts the command in a child of the calling thread. Returns when it has executed the program.
    /// </summary>
    /// <param name="path">What <see cref="Resolve"/> found.</param>
    /// <param name="command">The words of the command.</param>
    /// <param name="output">Where its standard output goes.</param>
    /// <param name="announce">Called before each attempt: the next child of this thread is the command.</param>
    internal static CommandProcess Start(
        string path, IReadOnlyList<string> command, CommandOutput output, Action announce)
    {
        announce();
        var error = Spawn(path, command, output, out var pid);
        if (error == Libc.ErrorNoExec)
        {
            // A script without an interpreter line: execvp gives it to the shell.
            announce();
            error = Spawn("/bin/sh", ["sh", path, .. command.Skip(1)], output, out pid);
        }

        if (error != 0)
        {
            throw new CommandNotStartedException(
                $"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error == Libc.ErrorNoEntry ? 127 : 126);
        }

        return new CommandProcess(pid);
    }

    /// <summary>Whether it has ended; reaps it. Called by the thread that started it.</summary>
    internal bool HasEnded()
    {
        int status;
        while (!_reaped && Libc.WaitPid(Pid, &status, Libc.WaitNoHang) == Pid)
        {
            if ((status & 0xff) == Stopped)
            {
                Release((status >> 8) & 0xff);
                continue;
            }

            _reaped = true;
            _ = Libc.Close(_descriptor);
            ExitStatus = (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
        }

        return _reaped;
    }

    /// <summary>
    /// A command that asked to be traced by its parent (PTRACE_TRACEME) has stopped, and nobody but this thread can let
    /// it go on. It does, untraced: with the signal that it stopped for, unless that was only to tell its tracer.
    /// </summary>
    private void Release(int signal) =>
        Tracer.Detach(Pid, signal is Libc.SignalStop or Libc.SignalTrap ? 0 : signal);

    /// <summary>Sleeps until it ends or the time is over, or if it has ended until the time is over.</summary>
    internal void AwaitEnd(int milliseconds)
    {
        var poll = new Libc.PollDescriptor { Descriptor = _reaped ? -1 : _descriptor, Events = Libc.PollIn };
        _ = Libc.Poll(&poll, 1, milliseconds);
    }

    internal void Signal(int signal)
    {
        if (!_reaped)
        {
            Libc.Kill(Pid, signal);
        }
    }

    private static Candidate Check(string path)
    {
        if (!File.Exists(path))
        {
            return Directory.Exists(path) ? Candidate.NotExecutable : Candidate.Missing;
        }

        return Libc.Access(path, ExecutableAccess) == 0 ? Candidate.Executable : Candidate.NotExecutable;
    }

    private static int Spawn(string path, IReadOnlyList<string> command, CommandOutput output, out int pid)
    {
        var environment = new List<string>();
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            environment.Add($"{entry.Key}={entry.Value}");
        }

        using var arguments = new StringVector(command);
        using var variables = new StringVector(environment);
        var attributes = stackalloc byte[AttributeBytes];
        var signals = stackalloc byte[128];
        _ = Libc.SpawnAttributesInit(attributes);
        _ = Libc.SignalSetEmpty(signals);
        _ = Libc.SignalSetAdd(signals, Libc.SignalPipe);
        _ = Libc.SignalSetAdd(signals, Libc.SignalFileSize);
        _ = Libc.SpawnAttributesSetDefaults(attributes, signals);
        _ = Libc.SpawnAttributesSetFlags(attributes, Libc.SpawnSetSignalDefaults);
        var actions = stackalloc byte[ActionsBytes];
        _ = Libc.SpawnActionsInit(actions);
        if (output == CommandOutput.StandardError)
        {
            _ = Libc.SpawnActionsAddDuplicate(actions, 2, 1);
        }

        int child;
        using (new InheritedFileLimit())
        {
            var error = Libc.PosixSpawn(&child, path, actions, attributes, arguments.Pointer, variables.Pointer);
            _ = Libc.SpawnAttributesDestroy(attributes);
            _ = Libc.SpawnActionsDestroy(actions);
            pid = child;
            return error;
        }
    }

    private enum Candidate
    {
        Missing,
        NotExecutable,
        Executable,
    }

    /// <summary>A NULL-terminated array of C strings.</summary>
    private sealed class StringVector : IDisposable
    {
        private readonly int _count;

        internal StringVector(IReadOnlyList<string> strings)
        {
            _count = strings.Count;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                Pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
            }
        }

        internal byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                Marshal.FreeCoTaskMem((nint)Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }

    /// <summary>
    /// The .NET runtime raises its own soft limit of open files to the hard one. The command gets what our parent has,
    /// which is what it would have had without us.
    /// </summary>
    private readonly ref struct InheritedFileLimit
    {
        private readonly Libc.ResourceLimit _own;
        private readonly bool _changed;

        public InheritedFileLimit()
        {
            Libc.ResourceLimit own;
            if (Libc.GetResourceLimit(Libc.ResourceFiles, &own) != 0 || ParentSoftLimit() is not { } soft
                || soft >= own.Current)
            {
                return;
            }

            _own = own;
            own.Current = soft;
            _changed = Libc.SetResourceLimit(Libc.ResourceFiles, &own) == 0;
        }

        public void Dispose()
        {
            if (_changed)
            {
                var own = _own;
                _ = Libc.SetResourceLimit(Libc.ResourceFiles, &own);
            }
        }

        private static ulong? ParentSoftLimit()
        {
            try
            {
                var line = File.ReadLines($"/proc/{Libc.GetPpid()}/limits")
                    .FirstOrDefault(text => text.StartsWith("Max open files", StringComparison.Ordinal));
                var words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                return words is { Length: > 3 } && ulong.TryParse(words[3], out var soft) ? soft : null;
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
