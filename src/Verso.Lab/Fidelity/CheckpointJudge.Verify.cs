using Verso.Engine;

namespace Verso.Lab.Fidelity;

// --verify: what must hold at every moment, whatever the kernel did.
internal sealed partial class CheckpointJudge
{
    private const int ViolationLimit = 10;

    private readonly List<string> _violations = [];
    private long _verifications;

    /// <summary>
    /// S2 by a walk of every frame, and the audit. Walks made here are taken out of the counts again, and no log hears
    /// of their locks.
    /// </summary>
    public void Verify(long number)
    {
        _verifications++;
        Counters counters = machine.Counters;
        (long Count, long Visited, long Useful, long UntilDone) walks =
            (counters.WalkCount, counters.WalkVisited, counters.WalkUseful, counters.WalkVisitedUntilDone);
        using LocksAside aside = machine.World.Locks.Aside();
        string? violation = machine.VerifyWalks() ?? machine.Audit();
        (counters.WalkCount, counters.WalkVisited, counters.WalkUseful, counters.WalkVisitedUntilDone) = walks;
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
