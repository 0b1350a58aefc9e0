using Verso.Lab.Playing;

namespace Verso.Lab.Scenarios;

/// <summary>What becomes of a step that is not possible when it is reached.</summary>
public enum ImpossibleSteps
{
    /// <summary>The next one that is possible is taken instead: what is left of a scenario by shrinking.</summary>
    PassedOver = 0,

    /// <summary>The scenario ends before it.</summary>
    End = 1,
}

/// <summary>The steps of a scenario.</summary>
/// <param name="ops">The steps.</param>
/// <param name="situation">Which of them are possible.</param>
/// <param name="impossible">What becomes of the others.</param>
public sealed class ScenarioSource(
    IReadOnlyList<Op> ops, ISituation situation, ImpossibleSteps impossible = ImpossibleSteps.PassedOver)
    : ISource<Op>
{
    /// <inheritdoc/>
    public int Ahead => 1;

    /// <summary>Where in the scenario the last step was that was given out, from 0; -1 before the first.</summary>
    public int At { get; private set; } = -1;

    /// <summary>The step, at <see cref="At"/>, that was not possible and ended the scenario; null: none did.</summary>
    public Op? Impossible { get; private set; }

    /// <inheritdoc/>
    public int Read(Span<Op> steps)
    {
        while (Impossible is null && At < ops.Count - 1)
        {
            Op op = ops[++At];
            if (situation.IsPossible(op))
            {
                steps[0] = op;
                return 1;
            }

            Impossible = impossible == ImpossibleSteps.End ? op : null;
        }

        return 0;
    }
}
