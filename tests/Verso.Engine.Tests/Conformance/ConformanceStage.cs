using Verso.Lab.Playing;

namespace Verso.Engine.Tests.Conformance;

/// <summary>What came of one step.</summary>
/// <param name="Seen">What the machine answered.</param>
/// <param name="IsInjected">An allocation failed on purpose.</param>
internal readonly record struct ConformanceOutcome(Outcome Seen, bool IsInjected);

/// <summary>Takes each step on a machine; a step <c>fail</c> makes an allocation of the next one fail.</summary>
internal sealed class ConformanceStage(EngineStage driver) : StepTaker<Op, ConformanceOutcome>
{
    private long _nextFailure;

    /// <inheritdoc/>
    public override Machine Machine => driver.Machine;

    /// <inheritdoc/>
    public override IEnumerable<PlayedSpace> Spaces => driver.Spaces;

    /// <summary>
    /// What is compared. Whether a page can be swapped out or moved depends on entries, of which the model knows nothing
    /// and object-owned designs have fewer: that it could not is no difference.
    /// </summary>
    public static Outcome Told(Op step, Outcome seen) => step.IsService ? default : seen;

    /// <inheritdoc/>
    public override ConformanceOutcome Take(in Op step)
    {
        if (step.Kind == OpKind.Fail)
        {
            _nextFailure = step.Start;
            return default;
        }

        driver.Failure.Arm(_nextFailure);
        _nextFailure = 0;
        Outcome seen = Told(step, driver.Do(step));
        bool isInjected = driver.Failure.Failed is not null;
        driver.Failure.Arm(0);
        return new ConformanceOutcome(seen, isInjected);
    }
}
