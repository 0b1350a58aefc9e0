using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>What random scenarios are made of.</summary>
/// <param name="Name">One word.</param>
/// <param name="Weights">How often which kind of step.</param>
public sealed record StepMix(string Name, IReadOnlyList<(int Weight, OpKind Kind)> Weights)
{
    /// <summary>Everything a process can do to its memory, and that a kernel without swap shows.</summary>
    public static StepMix Everything { get; } = new("everything",
    [
        .. OpGenerator.AllKinds.Where(each => each.Kind is not (OpKind.SwapOut or OpKind.Migrate or OpKind.Share)),
    ]);
}
