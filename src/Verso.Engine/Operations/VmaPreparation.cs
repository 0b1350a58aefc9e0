using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>anon_vma_prepare and stack growth (mm/rmap.c, mm/vma.c expand_downwards).</summary>
public static class VmaPreparation
{
    extension(Machine machine)
    {
        /// <summary>
        /// A preparation that no fault shows: the VMA at this address gets an anon_vma. EFAULT if nothing is mapped
        /// there, ENOMEM.
        /// </summary>
        public Errno Prepare(MmId mmId, ulong address, PrepareOutcome logged)
        {
            VmaId id = machine.World.Mms[mmId].Vmas.Lookup(address);
            return id.IsNone ? Errno.EFAULT : machine.PrepareVma(id, logged);
        }

        /// <summary>
        /// The kernel gave the VMA at this address an anon_vma because guard markers are about to be put into it; so
        /// does the machine if its design needs one for them. EFAULT if nothing is mapped there, ENOMEM.
        /// </summary>
        public Errno PrepareForGuards(MmId mmId, ulong address, PrepareOutcome logged)
        {
            VmaId id = machine.World.Mms[mmId].Vmas.Lookup(address);
            return id.IsNone ? Errno.EFAULT : machine.PrepareForGuards(id, logged);
        }

        internal Errno PrepareForGuards(VmaId vma, PrepareOutcome logged)
        {
            bool isDue = !machine.World.Vmas[vma].Prepared
                && (machine.Structure.GuardMarksOf(vma) & GuardMarks.Prepare) != 0;
            if (!isDue)
            {
                return Errno.None;
            }

            Errno errno = machine.PrepareVma(vma, logged);
            machine.Counters.PreparedForGuards += errno == Errno.None ? 1 : 0;
            return errno;
        }

        /// <summary>
        /// expand_stack: the GROWSDOWN VMA above grows to cover the address. EFAULT if there is none, ENOMEM by
        /// RLIMIT_STACK, the guard gap or a failed allocation, EPERM below mmap_min_addr.
        /// </summary>
        public Errno GrowStack(MmId mmId, ulong address)
        {
            Mm mm = machine.World.Mms[mmId];
            VmaId id = mm.Vmas.Find(address);
            if (id.IsNone)
            {
                return Errno.EFAULT;
            }

            address = Page.AlignDown(address);
            if (machine.At(id).Start <= address)
            {
                return Errno.None;
            }

            if ((machine.At(id).Flags & VmaFlags.GrowsDown) == 0)
            {
                return Errno.EFAULT;
            }

            VmaId prev = mm.Vmas.AtOrBelow(address);
            bool crowded = !prev.IsNone && (machine.At(prev).Flags & VmaFlags.GrowsDown) == 0
                && (machine.At(prev).Flags & VmaFlags.Access) != 0
                && address - machine.At(prev).End < UnmappedArea.StackGuardGapBytes;
            if (crowded || address < machine.World.Options.MmapMinAddress)
            {
                return crowded ? Errno.ENOMEM : Errno.EPERM;
            }

            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            Errno error = machine.PrepareVma(id, PrepareOutcome.Derive);
            if (error != Errno.None)
            {
                return error;
            }

            ulong grow = (machine.At(id).Start - address) >> Page.Shift;
            if (grow > machine.At(id).Pgoff || !machine.MayExpand(mm, machine.At(id).Flags, grow)
                || machine.At(id).End - address > mm.StackLimitBytes
                || !machine.MayLock(mm, machine.At(id).Flags, grow << Page.Shift) || !machine.MayCommit(grow))
            {
                return Errno.ENOMEM;
            }

            error = machine.Structure.Extend(id, address, machine.At(id).Start);
            if (error != Errno.None)
            {
                return error;
            }

            mm.TotalPages += grow;
            mm.LockedPages += (machine.At(id).Flags & VmaFlags.Locked) != 0 ? grow : 0;
            machine.SetRange(id, address, machine.At(id).End);
            return Errno.None;
        }

        /// <summary>
        /// Sees to it that a private page may be put into this VMA (vmf_anon_prepare): asks the design, sets
        /// <see cref="Vmas.Vma.Prepared"/> and counts. No-op where it is set.
        /// </summary>
        /// <remarks>
        /// The design counts <see cref="Counters.PreparedByLog"/> and the locks it takes; this counts what was
        /// allocated or reused.
        /// </remarks>
        internal Errno PrepareVma(VmaId vma, PrepareOutcome logged)
        {
            if (machine.World.Vmas[vma].Prepared)
            {
                return Errno.None;
            }

            Errno errno = machine.Structure.Prepare(vma, logged, out PrepareOutcome outcome);
            if (errno != Errno.None)
            {
                return errno;
            }

            machine.World.Vmas[vma].Prepared = true;
            machine.Counters.PreparedAllocated += outcome == PrepareOutcome.Allocated ? 1 : 0;
            machine.Counters.PreparedReused += outcome == PrepareOutcome.Reused ? 1 : 0;
            return Errno.None;
        }
    }
}
