using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Fidelity;
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
    private const int LooksAgain = 5;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(4);

    private readonly ComparisonBudget _budget = new();

    private ComparedSpaces _compared;
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

    /// <summary>The design that the kernel is compared with; for mutation tests another.</summary>
    public Catalogue.Entry Design { get; init; } = Catalogue.Find(ReferenceDesign.Name)
        ?? throw new InvalidOperationException("the reference design is not in the catalogue");

    /// <summary>Steps that are impossible when they are reached are passed over. Null if nothing differs.</summary>
    /// <param name="scenario">What is played.</param>
    /// <param name="look">Is shown the state after each step that both sides agree on; null: nobody looks.</param>
    public Failure? Play(Scenario scenario, Action<Frame>? look = null)
    {
        EngineStage engine;
        StageComparison? comparison;
        try
        {
            engine = Begin(scenario, out comparison);
        }
        catch (KernelStageException impossible)
        {
            return new Failure(scenario, 0, impossible.Message, FailureKind.NotPlayable);
        }

        bool isExpected = KnowsExpectations(scenario);
        ILookup<int, Expectation> states = scenario.States.ToLookup(state => state.After);
        for (int at = 0; at < scenario.Ops.Count; at++)
        {
            Op op = scenario.Ops[at];
            _budget.NoteStep(at);
            if (!engine.IsPossible(op))
            {
                if (scenario.IsStrict && isExpected)
                {
                    return new Failure(scenario, at, $"{op}: not possible here", FailureKind.NotPlayable);
                }

                continue;
            }

            Outcome outcome;
            try
            {
                string? difference = Step(engine, comparison, op, out outcome)
                    ?? (isExpected ? Expected(scenario, at, outcome, states[at], engine) : null);
                if (difference is not null)
                {
                    return Located(new Failure(scenario, at, difference));
                }

                NoteRefusal(scenario, at, outcome);
            }
            catch (KernelStageException impossible)
            {
                return new Failure(scenario, at, impossible.Message, FailureKind.NotPlayable);
            }
            catch (MemoryLimitException beyond)
            {
                return new Failure(scenario, at, $"{op}: {beyond.Message}", FailureKind.NotPlayable);
            }

            look?.Invoke(new Frame(
                op, outcome.ToText(op), StateText.Of(engine, engine.Window, engine.Mms.Keys)));
        }

        return CompareRest(scenario, engine, comparison);
    }

    /// <summary>
    /// A scenario made on the way: every step depends on what the engine has mapped. Null if nothing differs.
    /// </summary>
    public Failure? PlayRandom(ulong seed, int steps, StepMix mix)
    {
        List<Op> ops = new(steps);
        Scenario scenario = new(ops)
        {
            Name = $"seed {seed}",
            MaxMaps = mix.MaxMaps,

            // To look at a full address space takes as long as it takes to pass 65,530 VMAs.
            Compared = mix.MaxMaps == 0 ? ComparedSpaces.All : ComparedSpaces.Acting,
        };
        EngineStage engine = Begin(scenario, out StageComparison? comparison);
        _budget.Begin(allFrom: 0);
        bool refusesHuge = Host is not { OvercommitMode: not 0 };
        OpGenerator generator = new(seed, engine, refusesHuge ? mix : mix with { HugePercent = 0 });
        for (int at = 0; at < steps; at++)
        {
            Op op = generator.Next();
            ops.Add(op);
            if (Step(engine, comparison, op, out _) is string difference)
            {
                return new Failure(scenario, at, difference);
            }
        }

        return null;
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
        return last ?? failure with { Difference = $"{failure.Difference} (not again when it was repeated)" };
    }

    /// <summary>Under other rules than they were written by, kernel and engine need only agree.</summary>
    private bool KnowsExpectations(Scenario scenario) =>
        rules.Release == KernelRules.Reference.Release && (Host is not { } host || scenario.WhyOtherwise(host) is null);

    private EngineStage Begin(Scenario scenario, out StageComparison? comparison)
    {
        EngineStage engine = new(Design, scenario, rules, Host ?? scenario.Host, MemoryLimitBytes, Token);
        kernel?.Begin(scenario.MaxMaps);
        _budget.Begin(_compareAllFrom);
        _compared = scenario.Compared;
        comparison = kernel is null ? null : new StageComparison(kernel, engine, engine.Window);
        return engine;
    }

    private string? Step(EngineStage engine, StageComparison? comparison, Op op, out Outcome outcome)
    {
        Steps++;
        Token.ThrowIfCancellationRequested();
        if (!_isShrinking)
        {
            Progress?.NoteStep();
        }

        Outcome real = kernel?.Do(op) ?? default;
        try
        {
            outcome = engine.Do(op);
        }
        catch (InvariantException broken)
        {
            outcome = default;
            return $"{op}: {broken.Message}";
        }

        if (comparison is null)
        {
            return null;
        }

        return outcome != real
            ? $"{op}: {Said(outcome, op)} in the engine, {Said(real, op)} in the kernel"
            : CompareSettled(engine, comparison, op) is string difference ? $"{op}: {difference}" : null;
    }

    /// <summary>
    /// Looks again at a state that differs: somebody outside, a reader of /proc say, may hold an address space that
    /// ended, and the kernel tears it down when he lets go. No step is taken meanwhile, so what is wrong stays wrong.
    /// </summary>
    private string? CompareSettled(EngineStage engine, StageComparison comparison, Op op)
    {
        string? difference = Compare(engine, comparison, op);
        for (int look = 0; difference is not null && look < LooksAgain; look++)
        {
            Thread.Sleep(_pause);
            difference = Compare(engine, comparison, op);
            if (difference is null)
            {
                Progress?.NoteSettled();
            }
        }

        return difference;
    }

    private string? Compare(EngineStage engine, StageComparison comparison, Op op)
    {
        bool isLocal = _compared == ComparedSpaces.Acting && Steps % 100 != 0
            && op.Kind is not (OpKind.Fork or OpKind.Exit) && engine.Mms.ContainsKey(op.Mm);
        IEnumerable<char> mms = isLocal ? [op.Mm] : engine.Mms.Keys;
        int vmas = mms.Sum(mm => engine.Machine.World.Mms[engine.Mms[mm]].Vmas.Count);
        if (!_budget.Affords(vmas))
        {
            return null;
        }

        string? difference = comparison.Compare(
            mms, !isLocal || op.Start == Op.Anywhere ? -Window.PagesAround : op.Start - Window.PagesAround);
        if (difference is null)
        {
            _budget.Spend(vmas, isLocal ? ComparedSpaces.Acting : ComparedSpaces.All);
        }

        return difference;
    }

    /// <summary>What steps have left whose state was not compared.</summary>
    private Failure? CompareRest(Scenario scenario, EngineStage engine, StageComparison? comparison)
    {
        if (_budget.FirstSkipped is null || comparison is null)
        {
            return null;
        }

        int last = scenario.Ops.Count - 1;
        string? difference = comparison.Compare(engine.Mms.Keys);
        return difference is null
            ? null
            : Located(new Failure(scenario, last, $"{scenario.Ops[last]}: {difference}"));
    }

    /// <summary>
    /// A difference that was seen steps after it arose: those steps once more, with a comparison after each.
    /// </summary>
    private Failure Located(Failure failure)
    {
        if (_budget.FirstSkipped is not int first || first == failure.Step)
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

    private void NoteRefusal(Scenario scenario, int at, Outcome outcome)
    {
        if (!_isShrinking && scenario.Recording is RecordedCalls recording && recording.Refused.ContainsKey(at))
        {
            RefusedAgain += outcome.Errno == Errno.None ? 0 : 1;
        }
    }

    private static string Said(Outcome outcome, Op op) => outcome.ToText(op) is { Length: > 0 } text ? text : "success";

    private static string? Expected(
        Scenario scenario, int at, Outcome outcome, IEnumerable<Expectation> expected, EngineStage engine)
    {
        bool isExpected = scenario.Outcomes.TryGetValue(at, out string? said);
        bool isPlain = outcome.Errno == Errno.None && outcome.Fault == FaultOutcome.Done;
        if (isExpected ? outcome.ToText(scenario.Ops[at]) != said : scenario.States.Count > 0 && !isPlain)
        {
            return $"{scenario.Ops[at]}: {Said(outcome, scenario.Ops[at])}; expected {said ?? "success"}";
        }

        Expectation[] states = [.. expected];
        IReadOnlyList<(char Mm, string Text)> seen =
            states.Length == 0 ? [] : StateText.Of(engine, engine.Window, engine.Mms.Keys);
        foreach (Expectation state in states)
        {
            string text = seen.FirstOrDefault(each => each.Mm == state.Mm).Text ?? "ended";
            if (text != state.Text)
            {
                return $"{scenario.Ops[at]}: {state.Mm}: {text}; expected {state.Text}";
            }
        }

        return null;
    }
}
