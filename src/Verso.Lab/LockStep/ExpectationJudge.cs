using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Whether the engine does what a scenario says of itself.</summary>
/// <param name="scenario">What is played.</param>
/// <param name="source">Says where in it.</param>
/// <param name="engine">The engine.</param>
internal sealed class ExpectationJudge(Scenario scenario, ScenarioSource source, EngineStage engine)
    : Observer<Op, LockStepOutcome>
{
    /// <summary>Whether the states that it gives are the design's too; results are everybody's.</summary>
    public bool LooksAtStates { get; init; } = true;

    private readonly ILookup<int, Expectation> _states = scenario.States.ToLookup(state => state.After);

    /// <summary>
    /// Why the kernel could not do what it does by itself: a scenario that asks for it is wrong where it cannot be.
    /// </summary>
    private static string Reason(in Op step, Errno errno) => errno switch
    {
        _ when !step.IsService => "",
        Errno.EFAULT when step.Kind == OpKind.Retract => ", no file is mapped there",
        Errno.EINVAL when step.Kind == OpKind.Retract => ", the page is not the first of 512 of its file",
        Errno.EBUSY when step.Kind == OpKind.Retract => ", a VMA may have more in its page table than the file has",
        Errno.EFAULT => ", no page is mapped there",
        Errno.EINVAL => ", the page there is a file's or shared memory's",
        Errno.EBUSY => ", the page there is locked",
        Errno.ENOMEM => ", no memory was left for it",
        _ => "",
    };

    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in LockStepOutcome outcome)
    {
        Outcome ours = outcome.Engine;
        bool isExpected = scenario.Outcomes.TryGetValue(source.At, out string? said);
        bool isPlain = ours.Errno == Errno.None && ours.Fault == FaultOutcome.Done;
        bool mustSucceed = scenario.States.Count > 0 || step.IsService;
        if (isExpected ? ours.ToText(step) != said : mustSucceed && !isPlain)
        {
            return $"{step}: {OutcomeJudge.Said(ours, step)}{Reason(step, ours.Errno)}; expected {said ?? "success"}";
        }

        Expectation[] states = LooksAtStates ? [.. _states[source.At]] : [];
        IReadOnlyList<(char Mm, string Text)> seen =
            states.Length == 0 ? [] : StateText.Of(engine, engine.Window, engine.Mms.Keys);
        foreach (Expectation state in states)
        {
            string text = seen.FirstOrDefault(each => each.Mm == state.Mm).Text ?? "ended";
            if (text != state.Text)
            {
                return $"{step}: {state.Mm}: {text}; expected {state.Text}";
            }
        }

        return null;
    }
}
