using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>The users of an address space, and its end (kernel/fork.c mmput, mm/mmap.c exit_mmap).</summary>
public static class ExitCall
{
    extension(Machine machine)
    {
        /// <summary>One more task uses the address space: vfork, CLONE_VM, a thread.</summary>
        public void ShareMm(MmId mm) => machine.World.Mms[mm].Users++;

        /// <summary>A user lets go (mmput); the last one tears it down (exit_mmap).</summary>
        public void ReleaseMm(MmId mmId)
        {
            Mm mm = machine.World.Mms[mmId];
            Invariant.Require(mm.Users > 0);
            if (--mm.Users == 0)
            {
                machine.TearDown(mm);
            }
        }

        /// <summary>exit_mmap: all entries first, then VMA by VMA upwards, as free_pgtables unlinks them.</summary>
        internal void TearDown(Mm mm)
        {
            using MmapHold hold = machine.World.Locks.HoldMmap(mm.Id, LockMode.Write, mm.Vmas.Count);
            foreach (VmaId id in mm.Vmas.Ids)
            {
                machine.ZapRange(id, machine.At(id).Start, machine.At(id).End, UnmapReason.Exit);
            }

            foreach (VmaId id in mm.Vmas.Ids)
            {
                machine.Structure.Drop(id, DropReason.Unmapped);
                if (!machine.At(id).File.IsNone)
                {
                    machine.World.Files.Unlink(id);
                }

                machine.World.Vmas.Free(id);
            }

            mm.Vmas.Clear();
            machine.FreeTables(mm);
            machine.Structure.EndMm(mm);
            machine.World.Mms.Free(mm);
        }
    }
}
