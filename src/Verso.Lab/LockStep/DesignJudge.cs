using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>
/// Whether a design keeps its promises: every walk finds exactly what maps the page, and its audit is clean.
/// </summary>
/// <param name="engine">The machine with it.</param>
internal sealed class DesignJudge(EngineStage engine) : Observer<Op, LockStepOutcome>
{
    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in LockStepOutcome outcome) =>
        (engine.Machine.VerifyWalks() ?? engine.Machine.Audit()) is string broken ? $"{step}: {broken}" : null;
}
