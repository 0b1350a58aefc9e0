using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>What kept a scenario from coming out as expected.</summary>
public enum FailureKind
{
    /// <summary>Engine, kernel and expectation do not say the same.</summary>
    Difference = 0,

    /// <summary>A step cannot be taken here: it makes no sense, or the kernel has no way to do it.</summary>
    NotPlayable = 1,
}

/// <summary>Where a scenario came out otherwise than expected.</summary>
/// <param name="Scenario">What was played.</param>
/// <param name="Step">The number of the step, from 0.</param>
/// <param name="Difference">What differs, on one line: the engine first, then the kernel.</param>
/// <param name="Kind">Whether anything was compared at all.</param>
public sealed record Failure(
    Scenario Scenario, int Step, string Difference, FailureKind Kind = FailureKind.Difference);
