using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>mprotect, pkey_mprotect (mm/mprotect.c).</summary>
public static class MprotectCall
{
    extension(Machine machine)
    {
        /// <summary>
        /// mprotect and pkey_mprotect; <paramref name="pkey"/> -1: none is named. EINVAL (unaligned, unknown bits, a
        /// key not allocated), ENOMEM (a hole, too many VMAs), EACCES (the mapping may never be used so, or
        /// PR_SET_MDWE), EPERM (sealed). VMAs before the failing one have changed.
        /// </summary>
        public SyscallResult Mprotect(MmId mmId, ulong address, ulong length, Protection protection, int pkey = -1)
        {
            const Protection Grows = Protection.GrowsDown | Protection.GrowsUp;
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            Protection grows = protection & Grows;
            protection &= ~Grows;
            if (grows == Grows || !Page.IsAligned(address))
            {
                return Errno.EINVAL;
            }

            if (length == 0)
            {
                return SyscallResult.Ok();
            }

            ulong end = unchecked(address + Page.AlignUp(length));
            if (end <= address)
            {
                return Errno.ENOMEM;
            }

            // PROT_SEM (8) is accepted and means nothing.
            if (((uint)protection & ~0xfu) != 0)
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.World.Mms[mmId];
            if (pkey != -1 && !PkeyCalls.HasAllocated(mm, pkey))
            {
                return Errno.EINVAL;
            }

            VmaId first = mm.Vmas.Find(address);
            if (first.IsNone)
            {
                return Errno.ENOMEM;
            }

            ulong start = address;
            if ((grows & Protection.GrowsDown) != 0)
            {
                if (machine.At(first).Start >= end)
                {
                    return Errno.ENOMEM;
                }

                start = machine.At(first).Start;
                if ((machine.At(first).Flags & VmaFlags.GrowsDown) == 0)
                {
                    return Errno.EINVAL;
                }
            }
            else if (machine.At(first).Start > start)
            {
                return Errno.ENOMEM;
            }
            else if ((grows & Protection.GrowsUp) != 0)
            {
                // Nothing grows up on x86-64.
                return Errno.EINVAL;
            }

            // A key that was not allocated, unless it is a mapping that cannot be split.
            bool isOfKey = !machine.EndsByItself(mm, start, end) && machine.Refuses(Errno.EINVAL);
            return isOfKey ? Errno.EINVAL : machine.ProtectVmas(mm, start, end, protection, pkey);
        }

        private Errno ProtectVmas(Mm mm, ulong start, ulong end, Protection protection, int pkey)
        {
            bool endsByItself = machine.EndsByItself(mm, start, end)
                || (machine.Refusal == Errno.EACCES && machine.HoldsForbidden(mm, start, end, protection));
            while (start < end)
            {
                VmaId id = mm.Vmas.Lookup(start);
                if (id.IsNone)
                {
                    return Errno.ENOMEM;
                }

                VmaFlags old = machine.At(id).Flags;
                Protection wanted = protection | ExecImplied(mm, old, protection);
                VmaFlags key = pkey == -1 ? machine.KeyAfterMprotect(mm, old, wanted) : PkeyCalls.KeyFlags(pkey);
                VmaFlags flags = MmapFlagChecks.ProtectionFlags(wanted) | key
                    | (old & ~(VmaFlags.Access | VmaFlags.Pkey));
                if (IsForbidden(mm, old, flags))
                {
                    return Errno.EACCES;
                }

                // A security module, a file whose seal is not recorded: where a right is gained, at the last VMA at
                // least.
                ulong upTo = Math.Min(machine.At(id).End, end);
                bool gains = (flags & ~old & (VmaFlags.Write | VmaFlags.Exec)) != 0;
                bool fallsHere = machine.Refusal == Errno.ENOMEM
                    ? !IsCharged(old, flags) && upTo == end
                    : gains || upTo == end;
                if (fallsHere && !endsByItself && machine.Refused() != Errno.None)
                {
                    return machine.Refusal;
                }

                Errno error = machine.ProtectVma(mm, id, start, upTo, flags);
                if (error != Errno.None)
                {
                    return error;
                }

                start = upTo;
            }

            return Errno.None;
        }

        private bool HoldsForbidden(Mm mm, ulong start, ulong end, Protection protection)
        {
            foreach (VmaId id in mm.Vmas.Within(start, end))
            {
                VmaFlags old = machine.At(id).Flags;
                if (IsForbidden(mm, old, MmapFlagChecks.ProtectionFlags(protection | ExecImplied(mm, old, protection))))
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>mprotect_fixup for [start, end) of one VMA.</summary>
        private Errno ProtectVma(Mm mm, VmaId id, ulong start, ulong end, VmaFlags flags)
        {
            VmaFlags old = machine.At(id).Flags;
            if (machine.IsSealed(id))
            {
                return Errno.EPERM;
            }

            if (flags == old)
            {
                return Errno.None;
            }

            if ((flags & VmaFlags.Write) != 0)
            {
                ulong pages = (end - start) >> Page.Shift;
                bool isBeyond = !machine.MayExpand(mm, flags, pages) && machine.MayExpand(mm, old, pages);
                bool isCharged = IsCharged(old, flags);
                if (isBeyond || (isCharged && (!machine.MayCommit(pages) || machine.Refuses(Errno.ENOMEM))))
                {
                    return Errno.ENOMEM;
                }

                flags |= isCharged ? VmaFlags.Account : 0;
            }
            else if ((old & VmaFlags.Account) != 0
                && machine.IsFilledAnonymously(machine.At(id)) && !machine.At(id).Prepared)
            {
                // Nothing can have been written, so nothing stays committed.
                flags &= ~VmaFlags.Account;
            }

            VmaId changed = machine.ModifyFlags(mm, id, start, end, flags);
            if (changed.IsNone)
            {
                return machine.WhyNotModified(id, Errno.ENOMEM);
            }

            machine.ProtectRange(changed, start, end);
            bool becameWritable = (old & (VmaFlags.Write | VmaFlags.Shared | VmaFlags.Locked)) == VmaFlags.Locked
                && (flags & VmaFlags.Write) != 0;
            if (becameWritable)
            {
                machine.PopulateLocked(mm, start, end - start);
            }

            return Errno.None;
        }
    }

    /// <summary>A right that this mapping may never have, or that PR_SET_MDWE forbids.</summary>
    private static bool IsForbidden(Mm mm, VmaFlags old, VmaFlags wanted)
    {
        bool isBeyond = ((ulong)wanted & ~((ulong)old >> 4) & (ulong)VmaFlags.Access) != 0;
        return isBeyond || ExecGainDenial.IsExecGain(mm, old, wanted);
    }

    /// <summary>READ_IMPLIES_EXEC of do_mprotect_pkey: where the mapping may be executed at all.</summary>
    private static Protection ExecImplied(Mm mm, VmaFlags old, Protection protection)
    {
        bool implies = (mm.Flags & MmFlags.ReadImpliesExec) != 0 && (protection & Protection.Read) != 0;
        return implies && (old & VmaFlags.MayExec) != 0 ? Protection.Exec : Protection.None;
    }

    /// <summary>Whether memory that becomes writable is committed by that.</summary>
    private static bool IsCharged(VmaFlags old, VmaFlags flags)
    {
        const VmaFlags Uncharged =
            VmaFlags.Account | VmaFlags.Write | VmaFlags.HugeTlb | VmaFlags.Shared | VmaFlags.NoReserve;
        return (flags & VmaFlags.Write) != 0 && (old & Uncharged) == 0;
    }
}
