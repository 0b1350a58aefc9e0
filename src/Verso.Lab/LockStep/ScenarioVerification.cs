using Verso.Engine;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Who says what is right.</summary>
public enum Against
{
    /// <summary>The running kernel, and what the file expects.</summary>
    Kernel = 0,

    /// <summary>Only what the file expects.</summary>
    Expectations = 1,
}

/// <summary>Whether the states on the way are kept, to be drawn.</summary>
public enum Drawing
{
    None = 0,
    EveryStep = 1,
}

/// <summary>Whether what happened becomes what is expected.</summary>
public enum Writing
{
    Nothing = 0,
    Expectations = 1,
}

/// <summary>How scenario files are played.</summary>
public sealed record ScenarioRunOptions
{
    public Against Against { get; init; }

    public Drawing Drawing { get; init; }

    public Writing Writing { get; init; }

    /// <summary>Which kernel the engine follows; by default the one that scenario files were written by.</summary>
    public RulesChoice Rules { get; init; } = RulesChoice.For(KernelRules.Reference.Release);

    /// <summary>
    /// Another design than the reference, which only <see cref="Against.Expectations"/> can have; null: it.
    /// </summary>
    public DesignChoice? Design { get; init; }

    /// <summary>What a machine may take of memory, in bytes.</summary>
    public long MemoryLimitBytes { get; init; } = MemoryBudget.DefaultLimitBytes;
}

/// <summary>How one scenario went.</summary>
/// <param name="Played">The scenario; with <see cref="Writing.Expectations"/> those of the kernel.</param>
/// <param name="Failure">Null if all agreed.</param>
/// <param name="Steps">How many steps were taken; those that were impossible were passed over.</param>
/// <param name="Frames">The state after each step, if it is to be drawn; else empty.</param>
public sealed record ScenarioResult(Scenario Played, Failure? Failure, long Steps, IReadOnlyList<Frame> Frames)
{
    /// <summary>Of the calls that a kernel refused in a recording: how many were refused again.</summary>
    public long RefusedAgain { get; init; }
}

/// <summary>One step as it is drawn.</summary>
/// <param name="Step">The step.</param>
/// <param name="Outcome">What it returned; empty for a plain success.</param>
/// <param name="States">Every live address space afterwards.</param>
public sealed record Frame(Op Step, string Outcome, IReadOnlyList<(char Mm, string Text)> States)
{
    /// <summary>A walk for every mapped page, where a design is looked at; else empty.</summary>
    public IReadOnlyList<PageWalk> Walks { get; init; } = [];
}

/// <summary>What a design has of a page that an address space maps.</summary>
/// <param name="Mm">The address space.</param>
/// <param name="Page">The page of the window.</param>
/// <param name="Object">What the page names, numbered as they first appear; 0: nothing.</param>
/// <param name="Visited">Candidates that a walk for it visits.</param>
/// <param name="Useful">Of these, how many map it.</param>
public readonly record struct PageWalk(char Mm, long Page, int Object, int Visited, int Useful);

/// <summary>Plays scenario files.</summary>
public static class ScenarioVerification
{
    /// <summary>All of them, in order. Throws what keeps <see cref="KernelStage"/> from being opened.</summary>
    public static IReadOnlyList<ScenarioResult> Run(
        IReadOnlyList<Scenario> scenarios,
        ScenarioRunOptions options,
        VerificationProgress progress,
        CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(scenarios);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(progress);
        List<ScenarioResult> results = [];
        if (options.Against == Against.Expectations)
        {
            PlayThese(null, scenarios);
            return results;
        }

        // Most share the files of the window, and so one stage; each trace has files of its own.
        foreach (var group in scenarios.GroupBy(each => (each.Files, each.Beginning)))
        {
            KernelStage.Use(worker: 0, kernel => PlayThese(kernel, group), group.Key.Files, group.Key.Beginning);
        }

        token.ThrowIfCancellationRequested();
        return results;

        void PlayThese(KernelStage? kernel, IEnumerable<Scenario> these)
        {
            Verifier verifier = new(kernel, options.Rules.Rules)
            {
                Token = token,
                Progress = progress,
                MemoryLimitBytes = options.MemoryLimitBytes,
                Choice = options.Design,
            };
            foreach (Scenario scenario in these.TakeWhile(_ => !token.IsCancellationRequested))
            {
                results.Add(Play(verifier, scenario, options));
                progress.NoteSequence();
            }
        }
    }

    private static ScenarioResult Play(Verifier verifier, Scenario scenario, ScenarioRunOptions options)
    {
        if (options.Against == Against.Kernel && scenario.WhyNotInLockStep is string why)
        {
            Failure refused = new(scenario, 0, why, FailureKind.NotPlayable);
            return new ScenarioResult(scenario, refused, 0, []);
        }

        bool writes = options.Writing == Writing.Expectations;
        if (writes && verifier.Host is { } host && scenario.WhyOtherwise(host) is string lacking)
        {
            Failure refused = new(
                scenario, 0, $"{lacking}: its expectations cannot be written here", FailureKind.NotPlayable);
            return new ScenarioResult(scenario, refused, 0, []);
        }

        Scenario asked = writes
            ? scenario with { Outcomes = new Dictionary<int, string>(), States = [] }
            : scenario;
        List<Frame> frames = [];
        bool looks = writes || options.Drawing == Drawing.EveryStep;
        (long before, long refusedBefore) = (verifier.Steps, verifier.RefusedAgain);
        Failure? failure = verifier.Play(asked, looks ? frames.Add : null);
        Scenario played = writes && failure is null ? Observed(scenario, frames) : scenario;
        bool draws = options.Drawing == Drawing.EveryStep;
        return new ScenarioResult(played, failure, verifier.Steps - before, draws ? frames : [])
        {
            RefusedAgain = verifier.RefusedAgain - refusedBefore,
        };
    }

    /// <summary>
    /// States are written where some were written before, and at the end.
    /// </summary>
    private static Scenario Observed(Scenario scenario, List<Frame> frames)
    {
        HashSet<int> places = [.. scenario.States.Select(state => state.After), frames.Count - 1];

        return scenario with
        {
            Outcomes = frames.Select((frame, at) => (at, frame.Outcome)).Where(each => each.Outcome.Length > 0)
                .ToDictionary(each => each.at, each => each.Outcome),
            States =
            [
                .. frames.SelectMany((frame, at) => places.Contains(at)
                    ? frame.States.Select(state => new Expectation(at, state.Mm, state.Text))
                    : []),
            ],
        };
    }
}
