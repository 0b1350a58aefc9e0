using System.Diagnostics;
using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// Plays a trace on one machine: a checkpoint is compared with what was derived, and corrects nothing. Streams: memory
/// is bounded by what lives.
/// </summary>
public sealed class TraceReplay : IPlayer
{
    private readonly ReplayOptions _options;
    private readonly TraceReader _reader;
    private readonly RulesChoice _rules;
    private readonly TraceStage _stage;
    private readonly TraceSource _source;
    private readonly CheckpointJudge _judge;
    private readonly Probes? _probes;
    private readonly StateVerification? _verification;
    private readonly EventObservers _observers;
    private readonly FigurePeaks _peaks;
    private readonly TimelineSampler? _timeline;
    private readonly Player<TraceEvent, EventOutcome> _player;
    private long _ticks;

    private TraceReplay(TraceReader reader, ReplayOptions options, CancellationToken cancellation)
    {
        _reader = reader;
        _options = options;
        _rules = RulesChoice.For(reader.Header.Kernel, options.Rules);
        MachineOptions limits = new()
        {
            MemoryLimitBytes = options.MemoryLimitBytes,
            Word = options.Word,
            Cancellation = cancellation,
        };
        Machine machine = HostMachine.For(reader.Header, options.Design, _rules, limits);
        _stage = new TraceStage(machine, reader.Header) { Locks = options.Locks };
        _source = new TraceSource(reader, options.Progress);
        History? history = options.History == HistoryKeeping.On ? new History(_stage.Live) : null;
        _judge = new CheckpointJudge(machine, _stage.Files, options.DifferenceLimit, history);
        int interval = options.ProbeInterval ?? ReplayOptions.DefaultProbeInterval;
        _probes = interval == 0 ? null : new Probes(machine, interval);
        _verification = options.Verification == Verification.None ? null : new StateVerification(machine);
        _peaks = new FigurePeaks(machine);
        _timeline = options.Timeline == TimelineKeeping.Off ? null : new TimelineSampler(machine, _stage.Live);
        EventObserver?[] observers =
            [_timeline, history, _judge, _probes, _verification, _peaks.HasState ? _peaks : null];
        _observers = new EventObservers(observers.OfType<EventObserver>());
        _player = new Player<TraceEvent, EventOutcome>(_source, _stage, _observers);
        options.Locks?.Attach(machine);
        machine.World.Locks.Log = options.Locks;
        if (options.MergeTried is { } told)
        {
            new MergeWatch(_player, told).Begin();
        }
    }

    /// <inheritdoc/>
    public long Position => _player.Position;

    /// <inheritdoc/>
    public string? Difference => _player.Difference;

    /// <inheritdoc/>
    public Machine Machine => _stage.Machine;

    /// <inheritdoc/>
    public IEnumerable<PlayedSpace> Spaces => _stage.Spaces;

    /// <summary>The files of the trace in the machine.</summary>
    internal OpenFiles Files => _stage.Files;

    /// <summary>What the trace says of itself.</summary>
    internal TraceHeader Header => _reader.Header;

    /// <summary>The event that was taken last. Requires: there was one.</summary>
    public ref readonly TraceEvent Step => ref _player.Step;

    /// <summary>An address space by its number in the trace; null if it is not live.</summary>
    internal Space? Find(int traceId) => _stage.Live.Find(traceId);

    /// <summary>Begins a replay, before the first event.</summary>
    /// <param name="reader">The trace.</param>
    /// <param name="options">How it is replayed.</param>
    /// <param name="cancellation">Ends an event that takes long, with <see cref="OperationCanceledException"/>.</param>
    public static TraceReplay Begin(
        TraceReader reader, ReplayOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(options);
        return new TraceReplay(reader, options, cancellation);
    }

    /// <summary>Replays all of a trace.</summary>
    /// <exception cref="TraceFormatException">The trace is damaged.</exception>
    /// <exception cref="MemoryLimitException">The machine would need more memory than it may.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static ReplayResult Run(TraceReader reader, ReplayOptions options, CancellationToken cancellation = default)
    {
        TraceReplay replay = Begin(reader, options, cancellation);
        long begin = Stopwatch.GetTimestamp();
        replay._player.PlayOut(cancellation);
        replay._ticks = Stopwatch.GetTimestamp() - begin;
        return replay.End();
    }

    /// <inheritdoc/>
    public bool Next() => _player.Next();

    /// <summary>
    /// The result of what was played, which times are in only if <see cref="Run"/> played it. Where state is verified,
    /// it is once more, and every process ends (S3): nothing can be played after it.
    /// </summary>
    public ReplayResult End()
    {
        if (_verification is not null)
        {
            _verification.Verify(Position);
            _stage.EndAll();
            _verification.VerifyNothingLeft(Position);
        }

        ReplayTally tally = _stage.Tally;
        tally.UnnamedFiles = _stage.Files.UnnamedCount;
        tally.Processes = Math.Max(tally.Processes, Position > 0 ? 1 : 0);
        long aside = _source.Ticks + _observers.Ticks + (_probes?.Ticks ?? 0) + _peaks.Ticks;
        return new ReplayResult
        {
            Name = _options.Design.Name,
            Design = Machine.Design,
            Word = _options.Word,
            Header = _reader.Header,
            Rules = _rules,
            Grade = _reader.Grade | (tally.SpacesAssumed > 0 ? TraceGrade.NoInitialLayout : 0),
            Events = Position,
            EventsByKind = _observers.Counts(),
            Calls = _stage.Calls,
            Tally = tally,
            Fidelity = _judge.Result(_verification),
            Objects = [.. Machine.Ledger.Rows.Select(ObjectFigures.Of)],
            Work = WorkFigures.Of(Machine),
            Figures = _peaks.Figures(),
            Timeline = _timeline?.End(),
            DecodeNanoseconds = Nanoseconds(_source.Ticks),
            EngineNanoseconds = Nanoseconds(Math.Max(_ticks - aside, 0)),
        };
    }

    private static long Nanoseconds(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));
}
