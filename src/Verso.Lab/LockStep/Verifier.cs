using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>
/// Plays scenarios on the engine and, in lock step, on the real kernel; after each step everything both can show must
/// be equal. Not for more than one thread.
/// </summary>
/// <param name="kernel">The other side; null: only what the scenario says of itself is checked.</param>
/// <param name="rules">Which kernel the engine follows.</param>
public sealed class Verifier(KernelStage? kernel, KernelRules rules)
{
    /// <summary>One random scenario of so many asks /proc too, which takes as long as everything else.</summary>
    private const ulong SeedsOfProc = 4;

    private bool _isShrinking;
    private int _compareAllFrom = int.MaxValue;

    /// <summary>When to give up, with <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Token { get; init; }

    /// <summary>What the machine may take of memory, in bytes.</summary>
    public long MemoryLimitBytes { get; init; } = MemoryBudget.DefaultLimitBytes;

    /// <summary>Is told of each step; null: nobody is.</summary>
    public VerificationProgress? Progress { get; init; }

    /// <summary>Steps taken since it was made, repeats for shrinking not counted.</summary>
    public long Steps { get; private set; }

    /// <summary>Steps that a kernel refused in a recording, and that were refused again.</summary>
    public long RefusedAgain { get; private set; }

    /// <summary>On what the kernel runs; null without one: the engine has what each scenario asks for.</summary>
    public HostTraits? Host => kernel?.Host;

    /// <summary>
    /// A design that was asked for by name: what it does is checked by itself, and what it has of each page can be
    /// looked at. Requires: there is no other side, which has only the reference. Null: the reference.
    /// </summary>
    public DesignChoice? Choice { get; init; }

    /// <summary>The design that the kernel is compared with; for mutation tests another.</summary>
    public Catalogue.Entry Design { get; init; } = Catalogue.Find(ReferenceDesign.Name)
        ?? throw new InvalidOperationException("the reference design is not in the catalogue");

    /// <summary>Steps that are impossible when they are reached are passed over. Null if nothing differs.</summary>
    /// <param name="scenario">What is played.</param>
    /// <param name="look">Is shown the state after each step that both sides agree on; null: nobody looks.</param>
    public Failure? Play(Scenario scenario, Action<Frame>? look = null)
    {
        LockStepPlay? play = null;
        try
        {
            play = Begin(scenario, look);
            play.PlayOut(Token);
        }
        catch (KernelStageException impossible)
        {
            return new Failure(scenario, play?.At ?? 0, impossible.Message, FailureKind.NotPlayable);
        }
        catch (MemoryLimitException beyond) when (play is not null)
        {
            return new Failure(
                scenario, play.At, $"{scenario.Ops[play.At]}: {beyond.Message}", FailureKind.NotPlayable);
        }

        RefusedAgain += _isShrinking ? 0 : play.RefusedAgain;
        return play.Failure is not { } failure ? null
            : failure.Kind == FailureKind.Difference ? Located(failure, play.FirstSkipped)
            : failure;
    }

    /// <summary>A scenario to be played step by step.</summary>
    /// <param name="scenario">What is played.</param>
    /// <param name="look">Is shown the state after each step that both sides agree on; null: nobody looks.</param>
    /// <exception cref="KernelStageException">The kernel cannot begin it, or, later, take a step.</exception>
    public LockStepPlay Begin(Scenario scenario, Action<Frame>? look = null)
    {
        EngineStage engine = Engine(scenario);
        bool isExpected = KnowsExpectations(scenario);
        ScenarioSource source = new(
            scenario.Ops,
            engine,
            scenario.IsStrict && isExpected ? ImpossibleSteps.End : ImpossibleSteps.PassedOver);
        StateJudge? states = States(scenario, engine, () => source.At, _compareAllFrom);
        bool isReference = (Choice?.Entry ?? Design).Facts.Name == ReferenceDesign.Name;
        ExpectationJudge? expectations = isExpected
            ? new ExpectationJudge(scenario, source, engine) { LooksAtStates = isReference }
            : null;
        DesignJudge? design = Choice is null ? null : new DesignJudge(engine);
        RefusalCount? refusals = scenario.Recording is { } recording ? new RefusalCount(recording, source) : null;
        FrameDrawer? drawer = look is null ? null : new FrameDrawer(engine, look, Choice is not null);
        return new LockStepPlay(
            scenario,
            source,
            Stage(engine),
            states,
            [new OutcomeJudge(kernel, engine), states, expectations, design, refusals, drawer])
        {
            Scripted = source,
            Refusals = refusals,
        };
    }

    /// <summary>
    /// A scenario made on the way: every step depends on what the engine has mapped. Null if nothing differs.
    /// </summary>
    public Failure? PlayRandom(ulong seed, int steps, StepMix mix)
    {
        LockStepPlay play = BeginRandom(seed, steps, mix);
        play.PlayOut(Token);
        return play.Failure;
    }

    /// <summary>Such a scenario to be played step by step.</summary>
    public LockStepPlay BeginRandom(ulong seed, int steps, StepMix mix)
    {
        Scenario empty = new([])
        {
            Name = $"seed {seed}",
            Witnesses = seed % SeedsOfProc == 0 ? Witnesses.ReadersAndProc : Witnesses.Readers,
            MaxMaps = mix.MaxMaps,
            MemlockPages = mix.MemlockPages,
            Beginning = mix.Beginning,

            // To look at a full address space takes as long as it takes to pass 65,530 VMAs.
            Compared = mix.MaxMaps == 0 ? ComparedSpaces.All : ComparedSpaces.Acting,
        };
        EngineStage engine = Engine(empty);
        bool refusesHuge = Host is not { OvercommitMode: not 0 };
        OpGenerator generator = new(seed, engine, refusesHuge ? mix : mix with { HugePercent = 0 });
        RandomSource source = new(generator, steps);
        StateJudge? states = States(empty, engine, () => source.Given.Count - 1, allFrom: 0);
        return new LockStepPlay(
            empty with { Ops = source.Given },
            source,
            Stage(engine),
            states,
            [new OutcomeJudge(kernel, engine), states]);
    }

    /// <summary>The smallest scenario that still differs, made from one that did.</summary>
    public Failure Shrink(Failure failure)
    {
        long before = Steps;
        _isShrinking = true;
        Scenario cut = failure.Scenario with
        {
            Ops = [.. failure.Scenario.Ops.Take(failure.Step + 1)],
            States = [],
            Remarks = [],
        };
        Scenario small = Play(cut) is null ? cut : Shrinker.Shrink(cut, each => Play(each) is not null);
        Failure? last = Play(small);
        Steps = before;
        _isShrinking = false;
        return last ?? failure with { Difference = $"{failure.Difference} (not seen when repeated)" };
    }

    /// <summary>Under other rules than they were written by, kernel and engine need only agree.</summary>
    private bool KnowsExpectations(Scenario scenario) =>
        rules.Release == KernelRules.Reference.Release && (Host is not { } host || scenario.WhyOtherwise(host) is null);

    private EngineStage Engine(Scenario scenario)
    {
        Invariant.Require(Choice is null || kernel is null);
        MachineOptions limits = new() { MemoryLimitBytes = MemoryLimitBytes, Cancellation = Token };
        EngineStage engine = new(Choice?.Chosen ?? Design, scenario, rules, Host ?? scenario.Host, limits);
        kernel?.Begin(scenario);
        return engine;
    }

    private LockStepStage Stage(EngineStage engine) => new(kernel, engine, NoteStep);

    private StateJudge? States(Scenario scenario, EngineStage engine, Func<int> at, int allFrom) =>
        kernel is null ? null
        : new StateJudge(
            engine,
            new StageComparison(kernel, engine, engine.Window, scenario.Beginning),
            scenario.Compared,
            allFrom,
            Progress)
        {
            At = at,
            Proc = scenario.Witnesses == Witnesses.ReadersAndProc ? new ProcComparison(kernel, engine) : null,
        };

    private void NoteStep()
    {
        Steps++;
        if (!_isShrinking)
        {
            Progress?.NoteStep();
        }
    }

    /// <summary>
    /// A difference that was seen steps after it arose: those steps once more, with a comparison after each.
    /// </summary>
    private Failure Located(Failure failure, int? firstSkipped)
    {
        if (firstSkipped is not int first || first == failure.Step)
        {
            return failure;
        }

        (long steps, bool wasShrinking) = (Steps, _isShrinking);
        (_isShrinking, _compareAllFrom) = (true, first);
        Scenario part = failure.Scenario with { Ops = [.. failure.Scenario.Ops.Take(failure.Step + 1)] };
        Failure? exact = Play(part);
        (Steps, _isShrinking, _compareAllFrom) = (steps, wasShrinking, int.MaxValue);
        return exact is null ? failure : exact with { Scenario = failure.Scenario };
    }
}
