using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

// The users of an address space, and its end (kernel/fork.c mmput, mm/mmap.c exit_mmap).
public abstract partial class Machine
{
    /// <summary>One more task uses the address space: vfork, CLONE_VM, a thread.</summary>
    public void ShareMm(MmId mm) => World.Mms[mm].Users++;

    /// <summary>A user lets go (mmput); the last one tears it down (exit_mmap).</summary>
    public void ReleaseMm(MmId mmId)
    {
        Mm mm = World.Mms[mmId];
        Invariant.Require(mm.Users > 0);
        if (--mm.Users == 0)
        {
            TearDown(mm);
        }
    }

    /// <summary>exit_mmap: all entries first, then VMA by VMA upwards, as free_pgtables unlinks them.</summary>
    private void TearDown(Mm mm)
    {
        using MmapHold hold = World.Locks.HoldMmap(mm.Id, LockMode.Write, mm.Vmas.Count);
        foreach (VmaId id in mm.Vmas.Ids)
        {
            ZapRange(id, At(id).Start, At(id).End, UnmapReason.Exit);
        }

        foreach (VmaId id in mm.Vmas.Ids)
        {
            Structure.Drop(id, DropReason.Unmapped);
            if (!At(id).File.IsNone)
            {
                World.Files.Unlink(id);
            }

            World.Vmas.Free(id);
        }

        mm.Vmas.Clear();
        FreeTables(mm);
        Structure.EndMm(mm);
        World.Mms.Free(mm);
    }
}
