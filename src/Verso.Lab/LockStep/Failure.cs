using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Where a scenario came out otherwise than expected.</summary>
/// <param name="Scenario">What was played.</param>
/// <param name="Step">The number of the step, from 0.</param>
/// <param name="Difference">What differs, on one line: the engine first, then the kernel.</param>
public sealed record Failure(Scenario Scenario, int Step, string Difference);
