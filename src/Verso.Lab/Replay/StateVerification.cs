using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>What must hold at every moment, whatever the kernel did: checked at every checkpoint.</summary>
/// <param name="machine">Of what.</param>
internal sealed class StateVerification(Machine machine) : EventObserver
{
    private const int ViolationLimit = 10;

    private readonly List<string> _violations = [];

    /// <inheritdoc/>
    public override IReadOnlyList<TraceEventKind> Kinds { get; } = [TraceEventKind.Checkpoint];

    /// <summary>How often it was checked.</summary>
    public long Count { get; private set; }

    /// <summary>What was found, the first few.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        if (!outcome.Shown.IsNone)
        {
            Verify(position);
        }

        return null;
    }

    /// <summary>
    /// S2 by a walk of every frame, and the audit. No log hears of the locks of these walks.
    /// </summary>
    public void Verify(long number)
    {
        Count++;
        using LocksAside aside = machine.World.Locks.Aside();
        string? violation = machine.VerifyWalks() ?? machine.Audit();
        Report(number, violation);
    }

    /// <summary>
    /// S3, when no address space is left: of all objects only page cache and named shared memory remain.
    /// </summary>
    public void VerifyNothingLeft(long number)
    {
        Report(number, machine.Audit());
        foreach (Ledger.Row row in machine.Ledger.Rows)
        {
            bool mayStay = row.Name is "page" or "shmem_inode";
            if (!mayStay && row.Live != 0)
            {
                Report(number, $"{row.Live} {row.Name} left when every address space is gone");
            }
        }
    }

    private void Report(long number, string? violation)
    {
        if (violation is not null && _violations.Count < ViolationLimit)
        {
            _violations.Add($"event {number}: {violation}");
        }
    }
}
