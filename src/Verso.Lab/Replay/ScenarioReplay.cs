using System.Diagnostics;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Fidelity;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// Plays a scenario on one machine for its figures: what <see cref="TraceReplay"/> is for a trace. No kernel's
/// checkpoints are in a scenario, so there is no fidelity; what it expects is judged elsewhere (verify).
/// </summary>
public sealed class ScenarioReplay : IPlayer
{
    private readonly Scenario _scenario;
    private readonly ReplayOptions _options;
    private readonly RulesChoice _rules;
    private readonly EngineStage _stage;
    private readonly ScenarioSource _source;
    private readonly Player<Op, Outcome> _player;
    private readonly FigurePeaks _peaks;
    private readonly TimelineSamples? _timeline;
    private readonly StateVerification? _verification;
    private readonly UntouchedPages _untouched = new();
    private readonly List<(MmId Mm, ulong Address)> _touched = [];
    private readonly CallTally _calls = new(mismatchLimit: 0);
    private readonly ReplayTally _tally = new() { Processes = 1 };
    private readonly int _interval;
    private int _left;
    private long _ticks;

    private ScenarioReplay(Scenario scenario, ReplayOptions options, CancellationToken cancellation)
    {
        (_scenario, _options) = (scenario, options);
        _rules = RulesChoice.For(KernelRules.Reference.Release, options.Rules);
        MachineOptions limits = new()
        {
            MemoryLimitBytes = options.MemoryLimitBytes,
            Word = options.Word,
            Cancellation = cancellation,
        };
        _stage = new EngineStage(options.Design.Chosen, scenario, _rules.Rules, limits: limits);
        _source = new ScenarioSource(
            scenario.Ops, _stage, scenario.IsStrict ? ImpossibleSteps.End : ImpossibleSteps.PassedOver);
        _player = new Player<Op, Outcome>(_source, _stage);
        _peaks = new FigurePeaks(Machine);
        _timeline = options.Timeline == TimelineKeeping.Off ? null
            : new TimelineSamples(Machine, () => _stage.Mms.Values);
        _verification = options.Verification == Verification.None ? null : new StateVerification(Machine);
        _left = _interval = options.ProbeInterval ?? 1;
    }

    /// <inheritdoc/>
    public long Position => _player.Position;

    /// <inheritdoc/>
    public string? Difference => _player.Difference;

    /// <inheritdoc/>
    public Machine Machine => _stage.Machine;

    /// <inheritdoc/>
    public IEnumerable<PlayedSpace> Spaces => _stage.Spaces;

    /// <summary>What a recording of it would say of itself.</summary>
    internal TraceHeader Header => new()
    {
        Source = "scenario",
        MaxMapCount = Machine.World.Options.MaxMapCount,
        Kernel = _rules.Rules.Release,
    };

    /// <summary>What a mapping maps, as a snapshot names it: by the letter of the scenario.</summary>
    internal FileIdentity Identify(VmaImage vma)
    {
        (ulong device, ulong inode, FileKind kind) = Machine.DescribeFile(vma.File);
        return new FileIdentity(vma.File, kind, device, inode, 0, _stage.NameOf(vma) ?? "");
    }

    /// <summary>Begins a scenario, before its first step.</summary>
    /// <param name="scenario">It.</param>
    /// <param name="options">How it is played: the design, the rules, what is kept.</param>
    /// <param name="cancellation">Ends a step that takes long, with <see cref="OperationCanceledException"/>.</param>
    public static ScenarioReplay Begin(
        Scenario scenario, ReplayOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(options);
        return new ScenarioReplay(scenario, options, cancellation);
    }

    /// <summary>Plays all of a scenario.</summary>
    /// <exception cref="InputException">A step is not possible, or the machine would need too much memory.</exception>
    public static ReplayResult Run(Scenario scenario, ReplayOptions options, CancellationToken cancellation = default)
    {
        ScenarioReplay replay = Begin(scenario, options, cancellation);
        do
        {
            cancellation.ThrowIfCancellationRequested();
        }
        while (replay.Next());

        return replay.End();
    }

    /// <inheritdoc/>
    public bool Next()
    {
        try
        {
            long begin = Stopwatch.GetTimestamp();
            bool isTaken = _player.Next();
            _ticks += Stopwatch.GetTimestamp() - begin;
            if (isTaken)
            {
                Look(_player.Step, _player.Outcome);
            }

            return isTaken || (_source.Impossible is Op impossible
                ? throw new FormatException($"step {_source.At + 1}: '{impossible}' is not possible there")
                : false);
        }
        catch (Exception problem) when (problem is FormatException or MemoryLimitException)
        {
            throw new InputException(_scenario.Name, problem);
        }
    }

    /// <summary>
    /// The result of what was played. Every page that was accessed is walked for. Where state is verified every process
    /// ends (S3): nothing can be played after it.
    /// </summary>
    public ReplayResult End()
    {
        WalkTouched();
        if (_verification is not null)
        {
            _stage.EndAll();
            _verification.VerifyNothingLeft(Position);
        }

        return new ReplayResult
        {
            Name = _options.Design.Name,
            Design = Machine.Design,
            Word = _options.Word,
            Header = Header,
            Scenario = _scenario,
            Rules = _rules,
            Grade = TraceGrade.NoCheckpoints,
            Events = Position,
            EventsByKind = new Dictionary<TraceEventKind, long>(),
            Calls = _calls,
            Tally = _tally,
            Fidelity = FidelityResult.Unscored(_verification?.Violations ?? [], _verification?.Count ?? 0),
            Objects = [.. Machine.Ledger.Rows.Select(ObjectFigures.Of)],
            Work = WorkFigures.Of(Machine),
            Figures = _peaks.Figures(),
            Timeline = _timeline?.End([]),
            EngineNanoseconds = (long)(_ticks * (1e9 / Stopwatch.Frequency)),
        };
    }

    private void Look(Op step, Outcome outcome)
    {
        bool isProcess = step.Kind is OpKind.Fork or OpKind.Begin && outcome.Errno == Errno.None;
        _tally.Processes += isProcess ? 1 : 0;
        bool isAtLimit = outcome.Errno == Errno.ENOMEM && _stage.Mms.TryGetValue(step.Mm, out MmId mm)
            && CallRules.IsNearLimit(Machine, mm, Machine.World.Options.MaxMapCount);
        _calls.FailedAtVmaLimit += isAtLimit ? 1 : 0;
        if (step.IsAccess && outcome.Fault == FaultOutcome.Done)
        {
            Probe(_stage.Mms[step.Mm], _stage.Window.AccessAddress(step.Start));
        }

        _peaks.See();
        _timeline?.Add(Position, time: 0);
        _verification?.Verify(Position);
    }

    private void Probe(MmId mm, ulong address)
    {
        _untouched.Add(mm, address);
        _touched.Add((mm, address));
        if (--_left == 0)
        {
            _left = _interval;
            Machine.Walk(mm, address);
            _untouched.Walk(Machine);
        }
    }

    /// <summary>The same pages in every design, whether or not an entry maps them there.</summary>
    private void WalkTouched()
    {
        foreach ((MmId mm, ulong address) in _interval == 0 ? [] : _touched.Distinct())
        {
            if (Machine.World.Mms.IsLive(mm))
            {
                Machine.Walk(mm, address);
            }
        }
    }
}
