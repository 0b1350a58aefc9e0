namespace Verso.Engine;

/// <summary>mbind (mm/mempolicy.c), as far as it concerns VMAs.</summary>
public static class MbindCall
{
    /// <summary>A mode that the kernel does not know (sanitize_mpol_flags).</summary>
    public const int UnknownPolicy = -1;

    extension(Machine machine)
    {
        /// <summary>
        /// mbind: sets the policy of a range (0 the default), splitting and merging as needed. EINVAL (unaligned, or
        /// <see cref="UnknownPolicy"/>, whatever the range is), EFAULT (a hole, unless the default is set and something
        /// is mapped), ENOMEM.
        /// </summary>
        public SyscallResult Mbind(MmId mmId, ulong address, ulong length, int policy)
        {
            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            ulong end = unchecked(address + Page.AlignUp(length));
            if (policy == UnknownPolicy || !Page.IsAligned(address) || end < address)
            {
                return Errno.EINVAL;
            }

            if (address == end)
            {
                return SyscallResult.Ok();
            }

            if (policy == 0 ? !mm.Vmas.Intersects(address, end) : !machine.IsCovered(mm, address, end))
            {
                return Errno.EFAULT;
            }

            if (machine.Refused() != Errno.None)
            {
                return machine.Refusal;
            }

            while (address < end)
            {
                VmaId id = mm.Vmas.Find(address);
                if (id.IsNone || machine.At(id).Start >= end)
                {
                    break;
                }

                address = Math.Max(address, machine.At(id).Start);
                ulong upTo = Math.Min(machine.At(id).End, end);
                if (machine.At(id).Policy != policy)
                {
                    VmaId changed = machine.ModifyVma(
                        machine.RequestInside(mm, id, address, upTo) with { Policy = policy });
                    if (changed.IsNone)
                    {
                        return machine.WhyNotModified(id, Errno.ENOMEM);
                    }

                    machine.At(changed).Policy = policy;
                }

                address = upTo;
            }

            return SyscallResult.Ok();
        }

        /// <summary>queue_pages_range finds no hole.</summary>
        internal bool IsCovered(Mm mm, ulong start, ulong end)
        {
            while (start < end)
            {
                VmaId id = mm.Vmas.Lookup(start);
                if (id.IsNone)
                {
                    return false;
                }

                start = machine.At(id).End;
            }

            return true;
        }
    }
}
