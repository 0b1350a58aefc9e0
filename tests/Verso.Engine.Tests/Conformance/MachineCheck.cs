using Verso.Lab.Playing;

namespace Verso.Engine.Tests.Conformance;

/// <summary>What must hold of a machine by itself: the audit, every walk, every lock.</summary>
internal sealed class MachineCheck(Machine machine, ScenarioSource source, Checking checking, LockAudit? locks)
    : Observer<Op, ConformanceOutcome>
{
    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in ConformanceOutcome outcome)
    {
        if (step.Kind == OpKind.Fail)
        {
            return null;
        }

        bool isWalked = checking == Checking.EveryStep || (source.At & 7) == 0;
        string? violation = isWalked ? machine.Audit() ?? machine.VerifyWalks() : null;
        return violation ?? (locks?.Check() is string difference ? $"{step}: {difference}" : null);
    }
}
