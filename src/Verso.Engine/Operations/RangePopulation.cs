using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>Populating what is locked, or asked for by MAP_POPULATE (mm/gup.c).</summary>
public static class RangePopulation
{
    extension(Machine machine)
    {
        /// <summary>
        /// mm_populate, for a caller that populates by event: each VMA of the range with the access mlock would choose;
        /// what cannot be populated is passed over.
        /// </summary>
        public void PopulateAsLocked(MmId mm, ulong start, ulong length) =>
            _ = machine.PopulateRange(machine.World.Mms[mm], start, length, PopulateErrors.Ignore);

        /// <summary>mm_populate, unless the caller of the engine populates.</summary>
        internal void PopulateLocked(Mm mm, ulong start, ulong length)
        {
            if (machine.World.Options.Population == Population.ByCall)
            {
                _ = machine.PopulateRange(mm, start, length, PopulateErrors.Ignore);
            }
        }

        /// <summary>The same once the call has let go of the mmap lock, which is the last thing that it does.</summary>
        internal void PopulateUnlocked(Mm mm, ulong start, ulong length)
        {
            machine.World.Locks.ReleaseMmap();
            machine.PopulateLocked(mm, start, length);
        }

        /// <summary>__mm_populate. EFAULT (not accessible, beyond the end of a file), ENOMEM.</summary>
        internal Errno PopulateRange(Mm mm, ulong start, ulong length, PopulateErrors errors)
        {
            ulong end = start + length;
            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                Errno error = machine.PopulateVma(
                    mm, id, Math.Max(start, machine.At(id).Start), Math.Min(end, machine.At(id).End));
                if (error != Errno.None && errors == PopulateErrors.Stop)
                {
                    return error;
                }
            }

            return Errno.None;
        }

        /// <summary>populate_vma_page_range: copy-on-write is broken where the VMA is private and writable.</summary>
        private Errno PopulateVma(Mm mm, VmaId id, ulong start, ulong end)
        {
            VmaFlags flags = machine.At(id).Flags;
            if ((flags & (VmaFlags.Io | VmaFlags.PfnMap | VmaFlags.LockOnFault)) != 0)
            {
                return Errno.None;
            }

            if ((flags & VmaFlags.Access) == 0)
            {
                return Errno.EFAULT;
            }

            bool breaks = (flags & (VmaFlags.Write | VmaFlags.Shared)) == VmaFlags.Write;
            return machine.Populate(mm.Id, start, end - start, breaks ? FaultAccess.Write : FaultAccess.Read);
        }
    }

    /// <summary>What an error in one VMA means for those after it.</summary>
    internal enum PopulateErrors
    {
        /// <summary>mlock: it ends the call.</summary>
        Stop = 0,

        /// <summary>mmap, brk, mremap, mlockall: nobody is told.</summary>
        Ignore = 1,
    }
}
