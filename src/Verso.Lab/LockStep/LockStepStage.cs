using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>What came of one step on both sides.</summary>
/// <param name="Engine">In the engine.</param>
/// <param name="Kernel">In the kernel; without one a plain success.</param>
/// <param name="Broken">The invariant of the engine that it broke; null: none.</param>
internal readonly record struct LockStepOutcome(Outcome Engine, Outcome Kernel, string? Broken);

/// <summary>Takes each step on the kernel, then on the engine.</summary>
/// <param name="kernel">The one side; null: there is the engine alone.</param>
/// <param name="engine">The other.</param>
/// <param name="begin">Is told before each step.</param>
internal sealed class LockStepStage(KernelStage? kernel, EngineStage engine, Action begin)
    : StepTaker<Op, LockStepOutcome>
{
    /// <inheritdoc/>
    public override Machine Machine => engine.Machine;

    /// <inheritdoc/>
    public override IEnumerable<PlayedSpace> Spaces => engine.Spaces;

    /// <summary>The engine's side.</summary>
    public EngineStage Engine => engine;

    /// <inheritdoc/>
    public override LockStepOutcome Take(in Op step)
    {
        begin();
        Outcome real = kernel?.Do(step) ?? default;
        try
        {
            return new LockStepOutcome(engine.Do(step), real, null);
        }
        catch (InvariantException broken)
        {
            return new LockStepOutcome(default, real, broken.Message);
        }
    }
}
