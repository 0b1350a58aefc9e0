using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Linux.Interop;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

/// <summary>
/// The puppets of one thread. Not thread-safe: the kernel takes ptrace requests from the thread that made the puppets
/// alone, so every call, of the theatre and of its puppets, must come from the thread that opened it. While it is open
/// that thread runs on one processor.
/// </summary>
/// <remarks>
/// When this process or that thread ends in whatever way, the kernel kills the puppets (PTRACE_O_EXITKILL). While a
/// theatre is open no other code of the process may wait for any child (waitpid of -1): it would take the puppets'
/// stops.
/// </remarks>
public sealed class PuppetTheatre : IDisposable
{
    private readonly HashSet<Puppet> _puppets = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly TheatreOptions _options;
    private readonly TracerThread _state;
    private Puppet? _first;
    private bool _closed;

    private PuppetTheatre(TheatreOptions options)
    {
        _options = options;
        Watchdog = new Watchdog(options.Patience, options.Limit);
        try
        {
            _state = TracerThread.Change(options.Processor);
            Memory = ImageMemory.Create(PuppetImage.Shared, options.Program);
        }
        catch
        {
            _state?.Dispose();
            Watchdog.Dispose();
            throw;
        }
    }

    internal Watchdog Watchdog { get; }

    internal ImageMemory Memory { get; }

    internal ulong? BreakStart => _options.BreakStart;

    internal PuppetProgram? Program => _options.Program;

    /// <summary>Of every puppet that waits for a step; set with the first one.</summary>
    internal Registers Registers { get; private set; }

    /// <summary>One line that says why no puppet can be had here, or null.</summary>
    public static string? Unavailable()
    {
        try
        {
            return OnOwnThread(theatre =>
            {
                _ = theatre.Start().Exit();
                return (string?)null;
            });
        }
        catch (PuppetUnavailableException problem)
        {
            return problem.Message;
        }
    }

    /// <summary>Opens a theatre for the calling thread, and sees that it can have puppets.</summary>
    /// <exception cref="PuppetUnavailableException">It cannot; the message is one line.</exception>
    public static PuppetTheatre Open(TheatreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new PuppetUnavailableException("verify runs on Linux on x86-64 only");
        }

        var theatre = new PuppetTheatre(options);
        try
        {
            theatre._first = theatre.Spawn();
            return theatre;
        }
        catch
        {
            theatre.Dispose();
            throw;
        }
    }

    /// <summary>Runs a body on a thread of its own with a theatre, and returns or throws what it does.</summary>
    /// <exception cref="PuppetUnavailableException">There can be no theatre.</exception>
    public static T OnOwnThread<T>(Func<PuppetTheatre, T> body) => OnOwnThread(new TheatreOptions(), body);

    /// <inheritdoc cref="OnOwnThread{T}(Func{PuppetTheatre, T})"/>
    public static T OnOwnThread<T>(TheatreOptions options, Func<PuppetTheatre, T> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        T result = default!;
        ExceptionDispatchInfo? problem = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var theatre = Open(options);
                result = body(theatre);
            }
            catch (Exception caught)
            {
                problem = ExceptionDispatchInfo.Capture(caught);
            }
        })
        { Name = "puppet theatre" };
        thread.Start();
        thread.Join();
        problem?.Throw();
        return result;
    }

    /// <summary>
    /// A fresh puppet: one VMA, no page of it but the image's, descriptors <see cref="TheatreOptions.Files"/>. It is
    /// forked from one that never does anything else.
    /// </summary>
    /// <exception cref="PuppetUnavailableException">No process can be made any more.</exception>
    public Puppet Start()
    {
        RequireOwnThread();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            if (_first is not { IsAlive: true })
            {
                _first = Spawn();
            }

            var outcome = _first.Fork(out var puppet);
            if (puppet is not null)
            {
                return puppet;
            }

            if (outcome.Error != 0)
            {
                throw new PuppetUnavailableException($"fork: {Marshal.GetPInvokeErrorMessage(outcome.Error)}");
            }
        }

        throw new PuppetUnavailableException("test processes are killed as soon as they are started");
    }

    /// <summary>Kills and reaps what puppets are left, and gives the thread back its processors.</summary>
    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        RequireOwnThread();
        foreach (var puppet in _puppets.ToArray())
        {
            _ = puppet.Kill();
        }

        _closed = true;
        Watchdog.Dispose();
        Memory.Dispose();
        _state.Dispose();
    }

    internal void RequireOwnThread()
    {
        Invariant.Require(Environment.CurrentManagedThreadId == _thread);
        Invariant.Require(!_closed);
    }

    internal Puppet Adopt(int pid)
    {
        var puppet = new Puppet(this, pid);
        _puppets.Add(puppet);
        return puppet;
    }

    internal void Forget(Puppet puppet) => _puppets.Remove(puppet);

    /// <summary>Kills what this thread traces and the theatre does not know.</summary>
    internal void EndStrays()
    {
        foreach (var pid in TracerThread.Tracees().Except(_puppets.Select(puppet => puppet.Pid)).ToArray())
        {
            _ = Libc.Kill(pid, Libc.SignalKill);
            _ = Tracer.WaitForEnd(pid);
        }
    }

    private Puppet Spawn()
    {
        TracerThread.IgnoreChildStops();
        var pid = PuppetSpawn.Start(Memory, _options.Files, out var registers);
        Registers = registers;
        var puppet = Adopt(pid);
        var problem = PuppetSpawn.Finish(puppet, _options);
        if (problem is not null)
        {
            _ = puppet.Kill();
            throw new PuppetUnavailableException(problem);
        }

        return puppet;
    }
}
