using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>mlock, mlock2, munlock, mlockall, munlockall (mm/mlock.c).</summary>
public static class MlockCalls
{
    private const uint MlockOnFault = 1;

    /// <summary>vma_supports_mlock is false for these.</summary>
    internal const VmaFlags NeverLocked = VmaFlags.Special | VmaFlags.HugeTlb | VmaFlags.Droppable;

    extension(Machine machine)
    {
        private ulong MemlockLimitPages(Mm mm) =>
            Math.Min(machine.World.Options.MemlockLimitBytes, mm.Limits.MemlockBytes) >> Page.Shift;

        /// <summary>
        /// mlock, mlock2 (flags: MLOCK_ONFAULT is 1). EINVAL, EPERM (a limit of 0), ENOMEM (a hole, the limit, too many
        /// VMAs).
        /// </summary>
        public SyscallResult Mlock(MmId mmId, ulong address, ulong length, uint flags = 0)
        {
            if ((flags & ~MlockOnFault) != 0)
            {
                return Errno.EINVAL;
            }

            if (machine.Refused() != Errno.None)
            {
                return machine.Refusal;
            }

            Mm mm = machine.World.Mms[mmId];
            if (!LimitChecks.MayLockAtAll(mm))
            {
                return Errno.EPERM;
            }

            VmaFlags locked = VmaFlags.Locked | ((flags & MlockOnFault) != 0 ? VmaFlags.LockOnFault : 0);
            (ulong start, ulong bytes) = WholePages(address, length);
            ulong pages = mm.LockedPages + (bytes >> Page.Shift);
            ulong limit = machine.MemlockLimitPages(mm);
            if (pages > limit && pages - machine.LockedPagesWithin(mm, start, start + bytes) > limit)
            {
                return Errno.ENOMEM;
            }

            Errno error = machine.LockRange(mm, start, bytes, locked);
            if (error != Errno.None || machine.World.Options.Population != Population.ByCall)
            {
                return error;
            }

            // __mlock_posix_error_return.
            return machine.PopulateRange(mm, start, bytes, RangePopulation.PopulateErrors.Stop) switch
            {
                Errno.EFAULT => Errno.ENOMEM,
                Errno.ENOMEM => Errno.EAGAIN,
                var other => other,
            };
        }

        /// <summary>munlock. ENOMEM (a hole, too many VMAs).</summary>
        public SyscallResult Munlock(MmId mmId, ulong address, ulong length)
        {
            (ulong start, ulong bytes) = WholePages(address, length);
            return machine.Refused() != Errno.None
                ? machine.Refusal
                : machine.LockRange(machine.World.Mms[mmId], start, bytes, VmaFlags.None);
        }

        /// <summary>
        /// mlockall. EINVAL unless flags hold MCL_CURRENT or MCL_FUTURE; EPERM (a limit of 0); ENOMEM.
        /// </summary>
        public SyscallResult Mlockall(MmId mmId, LockAll flags)
        {
            const LockAll Known = LockAll.Current | LockAll.Future | LockAll.OnFault;
            if (flags == LockAll.None || (flags & ~Known) != 0 || flags == LockAll.OnFault)
            {
                return Errno.EINVAL;
            }

            if (machine.Refused() != Errno.None)
            {
                return machine.Refusal;
            }

            Mm mm = machine.World.Mms[mmId];
            if (!LimitChecks.MayLockAtAll(mm))
            {
                return Errno.EPERM;
            }

            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            if ((flags & LockAll.Current) != 0 && mm.TotalPages > machine.MemlockLimitPages(mm))
            {
                return Errno.ENOMEM;
            }

            VmaFlags locked = VmaFlags.Locked | ((flags & LockAll.OnFault) != 0 ? VmaFlags.LockOnFault : 0);
            mm.DefaultFlags &= ~VmaFlags.LockedMask;
            mm.DefaultFlags |= (flags & LockAll.Future) != 0 ? locked : 0;
            if ((flags & LockAll.Current) == 0)
            {
                return SyscallResult.Ok();
            }

            machine.LockEverything(mm, locked);
            machine.PopulateUnlocked(mm, 0, Page.TaskSize);

            return SyscallResult.Ok();
        }

        /// <summary>munlockall. Never fails.</summary>
        public SyscallResult Munlockall(MmId mmId)
        {
            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            mm.DefaultFlags &= ~VmaFlags.LockedMask;
            machine.LockEverything(mm, VmaFlags.None);
            return SyscallResult.Ok();
        }

        /// <summary>mlock_future_ok: whether that many bytes more may be locked, if these flags lock them.</summary>
        internal bool MayLock(Mm mm, VmaFlags flags, ulong bytes) =>
            (flags & VmaFlags.Locked) == 0 || mm.LockedPages + (bytes >> Page.Shift) <= machine.MemlockLimitPages(mm);

        /// <summary>count_mm_mlocked_page_nr: pages of the range that are locked already.</summary>
        private ulong LockedPagesWithin(Mm mm, ulong start, ulong end)
        {
            ulong bytes = 0;
            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                ref Vma vma = ref machine.At(id);
                bool locked = (vma.Flags & VmaFlags.Locked) != 0;
                bytes += locked ? Math.Min(end, vma.End) - Math.Max(start, vma.Start) : 0;
            }

            return bytes >> Page.Shift;
        }

        /// <summary>apply_mlockall_flags: errors of single VMAs are ignored.</summary>
        private void LockEverything(Mm mm, VmaFlags locked)
        {
            ulong at = 0;
            while (true)
            {
                VmaId id = mm.Vmas.Find(at);
                if (id.IsNone)
                {
                    return;
                }

                at = machine.At(id).End;
                _ = machine.LockVma(
                    mm, id, machine.At(id).Start, at, (machine.At(id).Flags & ~VmaFlags.LockedMask) | locked);
            }
        }

        /// <summary>apply_vma_lock_flags.</summary>
        private Errno LockRange(Mm mm, ulong start, ulong bytes, VmaFlags locked)
        {
            using MmapHold hold = machine.World.Locks.HoldMmap(mm.Id, LockMode.Write);
            ulong end = unchecked(start + bytes);
            if (end < start)
            {
                return Errno.EINVAL;
            }

            while (start < end)
            {
                VmaId id = mm.Vmas.Lookup(start);
                if (id.IsNone)
                {
                    return Errno.ENOMEM;
                }

                ulong upTo = Math.Min(machine.At(id).End, end);
                Errno error = machine.LockVma(
                    mm, id, start, upTo, (machine.At(id).Flags & ~VmaFlags.LockedMask) | locked);
                if (error != Errno.None)
                {
                    return error;
                }

                start = upTo;
            }

            return Errno.None;
        }

        /// <summary>mlock_fixup.</summary>
        private Errno LockVma(Mm mm, VmaId id, ulong start, ulong end, VmaFlags flags)
        {
            VmaFlags old = machine.At(id).Flags;
            if (flags == old || (old & NeverLocked) != 0 || machine.At(id).NeverLocked)
            {
                return Errno.None;
            }

            if (machine.ModifyFlags(mm, id, start, end, flags).IsNone)
            {
                return Errno.ENOMEM;
            }

            ulong pages = (end - start) >> Page.Shift;
            bool was = (old & VmaFlags.Locked) != 0;
            bool isNow = (flags & VmaFlags.Locked) != 0;
            if (was != isNow)
            {
                mm.LockedPages = isNow ? mm.LockedPages + pages : mm.LockedPages - pages;
            }

            return Errno.None;
        }
    }

    internal static (ulong Start, ulong Bytes) WholePages(ulong address, ulong length) =>
        (Page.AlignDown(address), Page.AlignUp(length + (address & ~Page.Mask)));
}
