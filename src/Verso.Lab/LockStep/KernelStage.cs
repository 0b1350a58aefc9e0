using Verso.Engine;
using Verso.Engine.Calls;
using Verso.Engine.Images;
using Verso.Lab.Scenarios;
using Verso.Linux;
using Verso.Linux.Graph;
using Verso.Linux.Proc;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;
using Verso.Traces;

namespace Verso.Lab.LockStep;

/// <summary>Scenarios played by processes of the real kernel. Only for the thread that opened it.</summary>
/// <remarks>
/// A template is made once: a puppet whose break and mmap_base are where the window wants them. Every scenario begins
/// with a fork of it, which has no anonymous memory and so no trace of its past.
/// </remarks>
public sealed partial class KernelStage : IStage, IDisposable
{
    private const string SharedMemory = "shared";
    private const int SignalBus = 7;
    private const int SignalSegv = 11;
    private const int SegvAccessError = 2;
    private const int SegvKeyError = 4;

    private readonly Beginning _beginning;
    private readonly StageFiles _files;
    private readonly PuppetTheatre _theatre;
    private readonly GraphReader _graph;
    private readonly PageReader _pages;
    private readonly Puppet _template;
    private readonly Dictionary<FileId, string> _letters = [];
    private readonly SortedDictionary<char, Actor> _actors = [];
    private readonly Window _window = new(1);
    private SharedSegment? _segment;

    private KernelStage(int worker, IReadOnlyList<WindowFile> files, Beginning beginning)
    {
        _beginning = beginning;
        _files = new StageFiles(_window, files);
        try
        {
            _graph = GraphReader.Open();
            _pages = PageReader.Open();
            _theatre = PuppetTheatre.Open(new TheatreOptions
            {
                Files = _files.Descriptors,
                Processor = Processors.For(worker),
                BreakStart = _window.Address(Window.HeapPage),
                Program = beginning == Beginning.Program ? Program(_window) : null,
            });
            _template = _theatre.Start();
            LimitStack(_template);
            FilePlacement placement = LearnFiles(files);

            // Of no bytes a kernel that knows names has nothing to refuse.
            AnonymousNames names =
                _template.SetName(0, 0, null).Error == 0 ? AnonymousNames.Kept : AnonymousNames.Refused;
            Host = new HostTraits(names, ProcessorFlags.ProtectionKeys())
            {
                Vdso = OwnVdso.Layout(),
                Zeroes = ZeroPageProbe.Ask(),
                Files = placement,
                OvercommitMode = MachineSettings.OvercommitMode(),
                MemoryPages = CommittableMemory.Pages(),
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Throws <see cref="PuppetUnavailableException"/> and its like with one line that says what to do.
    /// </summary>
    /// <param name="worker">
    /// This thread and its processes run on the processor of this number, from 0, among those the process may use.
    /// </param>
    /// <param name="files">The files that scenarios name.</param>
    /// <param name="beginning">What processes have at first.</param>
    public static KernelStage Open(
        int worker, IReadOnlyList<WindowFile> files, Beginning beginning = Beginning.Nothing) =>
        new(worker, files, beginning);

    /// <summary>The release of the running kernel, as <c>uname -r</c> has it.</summary>
    public static string Release => OperatingSystem.IsLinux()
        ? File.ReadAllText("/proc/sys/kernel/osrelease").Trim()
        : "none";

    /// <summary>What of this machine its kernel's answers depend on.</summary>
    public HostTraits Host { get; }

    /// <summary>The letters of the live address spaces, in order.</summary>
    public IEnumerable<char> Mms => _actors.Keys;

    /// <summary>Every open file that an image named.</summary>
    public IReadOnlyList<FileIdentity> Files => _graph.Files;

    /// <summary>Why no scenario can be played here, in one line; null if it can.</summary>
    public static string? Unavailable() => !OperatingSystem.IsLinux()
        ? "needs Linux"
        : PuppetTheatre.Unavailable() ?? GraphReader.Unavailable() ?? PageReader.Unavailable();

    /// <summary>Does something with a stage, on a thread of its own, and waits for its end.</summary>
    /// <param name="worker">Which of the allowed processors that thread and its processes run on, from 0.</param>
    /// <param name="body">What is done. Its exceptions come out here.</param>
    /// <param name="files">The files that scenarios name; null: those of the window.</param>
    /// <param name="beginning">What processes have at first.</param>
    public static void Use(
        int worker,
        Action<KernelStage> body,
        IReadOnlyList<WindowFile>? files = null,
        Beginning beginning = Beginning.Nothing)
    {
        Worker thread = new(worker, files ?? Window.Files, beginning, body);
        thread.Join();
        thread.Trouble?.Throw();
    }

    /// <summary>Ends every process and begins with one, A, that has nothing. Files hold what they held first.</summary>
    /// <param name="scenario">Whose options the processes get.</param>
    public void Begin(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        foreach (Actor actor in _actors.Values.Reverse())
        {
            actor.Dispose();
        }

        _actors.Clear();
        _segment?.Dispose();
        _segment = null;
        _files.Restore();
        _filling = scenario.MaxMaps == 0 ? 0 : RequireFilling(scenario.MaxMaps);
        _limits = scenario.Limits;
        Begin('A');
    }

    /// <inheritdoc/>
    public Outcome Do(Op op)
    {
        switch (op.Kind)
        {
            case OpKind.Truncate or OpKind.Punch:
                ChangeFile(op);
                return default;
            case OpKind.Fork:
                PuppetOutcome forked = Alive(op.Mm).Fork(out Puppet? child);
                if (child is not null)
                {
                    CloseUserfaults(_actors[op.Mm], child);
                    Add(op.Other, child);
                    _actors[op.Other].Limits = _actors[op.Mm].Limits;
                }

                return new Outcome((Errno)forked.Error);
            case OpKind.Share:
                _ = Alive(op.Mm).CloneShared(out Puppet? sharer);
                _actors[op.Mm].Sharers.Push(sharer ?? throw new KernelStageException($"{op}: no child"));
                CloseUserfaults(_actors[op.Mm], sharer);
                return default;
            case OpKind.Limit:
                Limit(_actors[op.Mm], StageRequests.Limits(op, _actors[op.Mm].Limits));
                return default;
            case OpKind.Exit:
                Exit(op.Mm);
                return default;
            case OpKind.Begin:
                Begin(op.Mm);
                return default;
            case OpKind.Exec:
                Outcome executed = new((Errno)ExecUnlimited(_actors[op.Mm]).Error);
                _actors[op.Mm].Renew();
                LeaveToSharers(op.Mm);
                return executed;
            case OpKind.Read:
                return Access(op, Alive(op.Mm).Load(_window.AccessAddress(op.Start)));
            case OpKind.Write:
                _files.Touch();
                return Access(op, Alive(op.Mm).Store(_window.AccessAddress(op.Start), op.Value));
            case OpKind.Run:
                return Access(op, Alive(op.Mm).Execute(_window.RunAddress(op.Start)));
            default:
                long result = Done(op, Call(Alive(op.Mm), op));
                return SyscallResult.IsError(result)
                    ? new Outcome(SyscallResult.ErrnoOf(result))
                    : new Outcome(Errno.None, op.ReturnsAddress ? _window.PageOf((ulong)result) : 0);
        }
    }

    /// <inheritdoc/>
    public MmImage Capture(char mm) => _actors[mm].Capture(_graph);

    /// <summary>The process of an address space; of those that share one, one.</summary>
    public int ProcessOf(char mm) => _actors[mm].Puppet.Pid;

    /// <inheritdoc/>
    public void ReadPages(char mm, long first, Span<PageCell> cells) =>
        _actors[mm].ReadPages(_pages, _window.Address(first), Window.ByteInPage, cells);

    /// <inheritdoc/>
    public string? NameOf(VmaImage vma) => vma.File.IsNone ? null
        : _letters.TryGetValue(vma.File, out string? letter) ? letter
        : _beginning == Beginning.Program && IsProgram(vma.File) ? ProgramImage.Name : SharedMemory;

    /// <summary>Every exec opens the file anew.</summary>
    private bool IsProgram(FileId file) => _graph.Files.Any(
        each => each.File == file && each.Path.Contains(PuppetProgram.FileName, StringComparison.Ordinal));

    public void Dispose()
    {
        foreach (Actor actor in _actors.Values)
        {
            actor.Dispose();
        }

        _actors.Clear();
        _segment?.Dispose();
        _theatre?.Dispose();
        _pages?.Dispose();
        _graph?.Dispose();
        _files.Dispose();
    }

    private void ChangeFile(Op op)
    {
        try
        {
            if (op.Kind == OpKind.Truncate)
            {
                _files.Truncate(op.Mm, op.Start);
            }
            else
            {
                _files.Punch(op.Mm, op.Start, op.Count);
            }
        }
        catch (IOException refused)
        {
            throw new KernelStageException($"{op}: {FileProblem.Text(refused)}");
        }
    }

    private static long Done(Op op, PuppetOutcome outcome) => outcome.Kind == PuppetOutcomeKind.Done
        ? outcome.Result
        : throw new KernelStageException($"{op}: the process {outcome}");

    private static Outcome Access(Op op, PuppetOutcome outcome) => outcome.Kind switch
    {
        PuppetOutcomeKind.Done => new Outcome(
            Errno.None, 0, FaultOutcome.Done, op.Kind == OpKind.Read ? (byte)outcome.Result : (byte)0),
        PuppetOutcomeKind.Fault when outcome.Signal == SignalBus => new Outcome(Errno.None, 0, FaultOutcome.Bus),
        PuppetOutcomeKind.Fault when outcome.Signal == SignalSegv => new Outcome(
            Errno.None,
            0,
            outcome.SignalCode is SegvAccessError or SegvKeyError ? FaultOutcome.AccessError : FaultOutcome.MapError),
        _ => throw new KernelStageException($"{op}: the process {outcome}"),
    };

    private void Begin(char mm)
    {
        bool hasProgram = _beginning == Beginning.Program;
        _ = (_filling == 0 || hasProgram ? _template : FullTemplate()).Fork(out Puppet? fresh);
        if (fresh is null)
        {
            throw new KernelStageException("the template does not fork");
        }

        // Of a program the fork has the template's pages.
        if (hasProgram && fresh.Exec() is { Error: not 0 } refused)
        {
            throw new KernelStageException($"a test process cannot be executed again: {refused}");
        }

        Add(mm, fresh);
        if (_filling != 0)
        {
            Filler.Fill(fresh, hasProgram ? 0 : Filler.Base(), _filling);
        }

        if (_limits != MmLimits.Unlimited)
        {
            Limit(_actors[mm], _limits);
        }
    }

    private Puppet Alive(char mm) => _actors[mm].Puppet;

    private void Add(char mm, Puppet puppet) => _actors.Add(mm, new Actor(puppet, _filling, _graph, _pages));

    /// <summary>Who shared the address space before an exec has it alone now.</summary>
    private void LeaveToSharers(char mm)
    {
        Stack<Puppet> sharers = _actors[mm].Sharers;
        if (!sharers.TryPop(out Puppet? heir))
        {
            return;
        }

        char left = Op.LeftBehind(mm);
        Add(left, heir);
        _actors[left].Limits = _actors[mm].Limits;
        foreach (Puppet sharer in sharers.Reverse())
        {
            _actors[left].Sharers.Push(sharer);
        }

        sharers.Clear();
    }

    private void Exit(char mm)
    {
        Actor actor = _actors[mm];
        if (actor.Sharers.TryPop(out Puppet? sharer))
        {
            _ = sharer.Exit();
            return;
        }

        _actors.Remove(mm);
        actor.Dispose();
    }

    private PuppetOutcome Call(Puppet puppet, Op op)
    {
        if (IsOfUserfault(op.Kind))
        {
            return CallUserfault(op, StageRequests.Start(op, _window), StageRequests.Length(op, _window));
        }

        if (StepCalls.Of(op, _window) is not Call call)
        {
            throw new KernelStageException($"{op}: a kernel without swap cannot do this");
        }

        switch (call.Kind)
        {
            case CallKind.Mmap:
                _files.Touch();
                bool isFile = op.Kind == OpKind.File;
                return puppet.Do(call with
                {
                    Arg4 = isFile ? (ulong)(TheatreOptions.FirstFile + _files.PlaceOf(op.Other)) : ulong.MaxValue,
                });
            case CallKind.Mlockall:
                return LockAll(_actors[op.Mm], call);
            case CallKind.Shmat:
                _segment ??= SharedSegment.Make(_window.BytesOfHalves(Window.SegmentHalves));
                return puppet.Do(call with { Arg0 = (ulong)_segment.Id });
            default:
                return puppet.Do(call);
        }
    }
}

/// <summary>
/// A scenario cannot be played by the kernel: a process was killed from outside, or a step is none of a process. One
/// line.
/// </summary>
public sealed class KernelStageException(string message) : Exception(message);
