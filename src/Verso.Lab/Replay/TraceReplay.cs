using System.Diagnostics;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Fidelity;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// Drives one machine from a trace. VMAs and reverse map are derived from the operations alone: a checkpoint is
/// compared with what was derived and corrects nothing.
/// </summary>
/// <remarks>
/// <para>
/// From the kernel's internals the trace gives only: the order of events (that of the mmap lock), addresses the
/// kernel chose, which address was populated by whom, how races of anon_vma preparations and of forks ended, and the
/// layout exec or attach began with.
/// </para>
/// <para>
/// Streams: memory is bounded by what lives. Decoding and applying go in batches, so that their times are known apart
/// and no clock is read once an event; an event allocates nothing, apart from address spaces, checkpoints and
/// mismatches.
/// </para>
/// </remarks>
public sealed partial class TraceReplay
{
    private const int BatchSize = 512;
    private const int MismatchLimit = 20;

    private readonly ReplayOptions _options;
    private readonly TraceReader _reader;
    private readonly Machine _machine;
    private readonly AddressSpaces _spaces = new();
    private readonly OpenFiles _files;
    private readonly CheckpointJudge _judge;
    private readonly TraceEvent[] _batch = new TraceEvent[BatchSize];
    private readonly long[] _kinds = new long[256];
    private readonly CallTally _calls = new(MismatchLimit);
    private readonly ReplayTally _tally = new();
    private readonly int _maxMapCount;
    private readonly RulesChoice _rules;
    private long _number;
    private long _asideTicks;
    private int _untilProbe;
    private TraceEventKind _kind;
    private int _traceMm;

    private TraceReplay(TraceReader reader, ReplayOptions options, CancellationToken cancellation)
    {
        _reader = reader;
        _options = options;
        _maxMapCount = reader.Header.MaxMapCount;
        _rules = RulesChoice.For(reader.Header.Kernel, options.Rules);
        _machine = options.Design.Entry.Create(new MachineOptions
        {
            Population = Population.ByEvent,
            MaxMapCount = reader.Header.MaxMapCount,
            OvercommitMode = reader.Header.OvercommitMode,
            Rules = _rules.Rules,
            ProtectionKeys = reader.Header.ProtectionKeys ? ProtectionKeys.Present : ProtectionKeys.None,
            Design = options.Design.Options,
            MemoryLimitBytes = options.MemoryLimitBytes,
            Cancellation = cancellation,
        });
        _files = new OpenFiles(_machine);
        _judge = new CheckpointJudge(_machine, _files, options);
        _untilProbe = options.ProbeInterval;
        options.Locks?.Attach(_machine);
        _machine.World.Locks.Log = options.Locks;
        if (options.MergeTried is { } told)
        {
            _machine.MergeTried = trial => told(new MergeAttempt(_number, _kind, _traceMm, trial));
        }
    }

    /// <summary>Replays all of a trace.</summary>
    /// <exception cref="TraceFormatException">The trace is damaged.</exception>
    /// <exception cref="MemoryLimitException">The machine would need more memory than it may.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static ReplayResult Run(TraceReader reader, ReplayOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(options);
        return new TraceReplay(reader, options, cancellation).Run(cancellation);
    }

    private ReplayResult Run(CancellationToken cancellation)
    {
        long decodeTicks = 0;
        long engineTicks = 0;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            long begin = Stopwatch.GetTimestamp();
            int count = ReadBatch();
            long decoded = Stopwatch.GetTimestamp();
            decodeTicks += decoded - begin;
            if (count == 0)
            {
                break;
            }

            _asideTicks = 0;
            for (int at = 0; at < count; at++)
            {
                cancellation.ThrowIfCancellationRequested();
                Apply(_batch[at]);
            }

            engineTicks += Stopwatch.GetTimestamp() - decoded - _asideTicks;
            _options.Progress?.Invoke(_number);
        }

        if (_options.Verification == Verification.AtCheckpoints)
        {
            VerifyEnd();
        }

        return Result(decodeTicks, engineTicks);
    }

    private int ReadBatch()
    {
        // An image ends a batch: hundreds of them at once would take gigabytes.
        int count = 0;
        bool isImage = false;
        while (count < BatchSize && !isImage && _reader.TryRead(out _batch[count]))
        {
            isImage = _batch[count++].Payload is MmImage;
        }

        return count;
    }

    private void Apply(in TraceEvent e)
    {
        _number++;
        _kind = e.Kind;
        _traceMm = e.Mm;
        _kinds[(byte)e.Kind]++;
        _machine.World.Locks.Task = e.Task;
        _options.Locks?.Event(_number, e);
        if (_options.History == HistoryKeeping.On)
        {
            Remember(e);
        }

        switch (e.Kind)
        {
            case TraceEventKind.Fault:
                OnFault(e);
                break;
            case TraceEventKind.DriverMapping:
                _drivers[e.Task] = new DriverFacts((VmaFlags)e.Arg0, (DriverTraits)(byte)e.Arg1);
                break;
            case TraceEventKind.UserfaultFill:
                OnUserfaultFill(e);
                break;
            case TraceEventKind.UserfaultRelease:
                OnUserfaultRelease(e);
                break;
            case TraceEventKind.UserfaultFork:
                OnUserfaultFork(e);
                break;
            case var _ when e.IsCall:
                OnCall(e);
                break;
            case TraceEventKind.Prepare:
                Count(_machine.Prepare(SpaceOf(e.Mm).Mm, e.Arg0, (PrepareOutcome)e.Arg1));
                break;
            case TraceEventKind.StackGrow:
                Count(_machine.GrowStack(SpaceOf(e.Mm).Mm, e.Arg0));
                break;
            case TraceEventKind.Populate:
                OnPopulate(e);
                break;
            case TraceEventKind.Truncate:
                OnTruncate(e);
                break;
            case TraceEventKind.Fallocate:
                OnFallocate(e);
                break;
            case TraceEventKind.Checkpoint:
                OnCheckpoint(e);
                break;
            default:
                ApplyLife(e);
                break;
        }
    }

    private void Remember(in TraceEvent e)
    {
        if (EventRanges.MayChangeVmas(e))
        {
            _spaces.Find(e.Mm)?.History?.Add(_number, e);
        }
    }

    /// <summary>Preparations and stack growth that the engine refused: it has no such VMA.</summary>
    private void Count(Errno errno) => _tally.InternalsRefused += errno == Errno.None ? 0 : 1;

    private ReplayResult Result(long decodeTicks, long engineTicks)
    {
        _tally.UnnamedFiles = _files.UnnamedCount;
        _tally.Processes = Math.Max(_tally.Processes, _number > 0 ? 1 : 0);
        return new ReplayResult
        {
            Name = _options.Design.Name,
            Design = _machine.Design,
            Header = _reader.Header,
            Rules = _rules,
            Grade = _reader.Grade | (_tally.SpacesAssumed > 0 ? TraceGrade.NoInitialLayout : 0),
            Events = _number,
            EventsByKind = KindCounts(),
            Calls = _calls,
            Tally = _tally,
            Fidelity = _judge.Result(),
            Objects = [.. _machine.Ledger.Rows.Select(ObjectFigures.Of)],
            Work = WorkFigures.Of(_machine),
            Figures = _machine.Figures,
            DecodeNanoseconds = (long)(decodeTicks * (1e9 / Stopwatch.Frequency)),
            EngineNanoseconds = (long)(engineTicks * (1e9 / Stopwatch.Frequency)),
        };
    }

    private SortedDictionary<TraceEventKind, long> KindCounts()
    {
        SortedDictionary<TraceEventKind, long> counts = [];
        for (int kind = 0; kind < _kinds.Length; kind++)
        {
            if (_kinds[kind] != 0)
            {
                counts[(TraceEventKind)kind] = _kinds[kind];
            }
        }

        return counts;
    }
}
