using Verso.Engine;
using Verso.Lab.Playing;
using Verso.Lab.Scenarios;

namespace Verso.Lab.LockStep;

/// <summary>Whether a step returned the same on both sides, and broke nothing.</summary>
/// <param name="kernel">One of the sides; null: then there is nothing to compare.</param>
/// <param name="engine">The other.</param>
internal sealed class OutcomeJudge(KernelStage? kernel, EngineStage engine) : Observer<Op, LockStepOutcome>
{
    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in LockStepOutcome outcome) =>
        outcome.Broken is string broken ? $"{step}: {broken}"
        : kernel is null || outcome.Engine == outcome.Kernel || IsOfEmptyTables(step, outcome) ? null
        : $"{step}: {Said(outcome.Engine, step)} in the engine, {Said(outcome.Kernel, step)} in the kernel";

    /// <summary>
    /// UFFDIO_MOVE of a page that there is not to one that there is: refused either way, and for which reason depends
    /// on whether the source has a page table with nothing in it, which the engine has freed (empty-tables in
    /// docs/fidelity.md).
    /// </summary>
    private bool IsOfEmptyTables(in Op step, in LockStepOutcome outcome) =>
        step.Kind == OpKind.FillMove
        && outcome.Engine == new Outcome(Errno.ENOENT) && outcome.Kernel == new Outcome(Errno.EEXIST)
        && engine.Machine.World.PageTables.FindLeaf(
            engine.Machine.World.Mms[engine.Mms[step.Mm]], engine.Window.Address(step.Target)) == 0;

    /// <summary>What a step returned, for people.</summary>
    internal static string Said(Outcome outcome, Op op) =>
        outcome.ToText(op) is { Length: > 0 } text ? text : "success";
}
