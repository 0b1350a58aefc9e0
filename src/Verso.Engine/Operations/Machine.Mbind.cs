namespace Verso.Engine;

// mbind (mm/mempolicy.c), as far as it concerns VMAs.
public abstract partial class Machine
{
    /// <summary>A mode that the kernel does not know (sanitize_mpol_flags).</summary>
    public const int UnknownPolicy = -1;

    /// <summary>
    /// mbind: sets the policy of a range (0 the default), splitting and merging as needed. EINVAL (unaligned, or
    /// <see cref="UnknownPolicy"/>, whatever the range is), EFAULT (a hole, unless the default is set and something is
    /// mapped), ENOMEM.
    /// </summary>
    public SyscallResult Mbind(MmId mmId, ulong address, ulong length, int policy)
    {
        Mm mm = World.Mms[mmId];
        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Write);
        ulong end = unchecked(address + Page.AlignUp(length));
        if (policy == UnknownPolicy || !Page.IsAligned(address) || end < address)
        {
            return Errno.EINVAL;
        }

        if (address == end)
        {
            return SyscallResult.Ok();
        }

        if (policy == 0 ? !Intersects(mm, address, end) : !IsCovered(mm, address, end))
        {
            return Errno.EFAULT;
        }

        if (Refused() != Errno.None)
        {
            return Refusal;
        }

        while (address < end)
        {
            VmaId id = mm.Vmas.Find(address);
            if (id.IsNone || At(id).Start >= end)
            {
                break;
            }

            address = Math.Max(address, At(id).Start);
            ulong upTo = Math.Min(At(id).End, end);
            if (At(id).Policy != policy)
            {
                VmaId changed = ModifyVma(RequestInside(mm, id, address, upTo) with { Policy = policy });
                if (changed.IsNone)
                {
                    return WhyNotModified(id, Errno.ENOMEM);
                }

                At(changed).Policy = policy;
            }

            address = upTo;
        }

        return SyscallResult.Ok();
    }

    /// <summary>queue_pages_range finds no hole.</summary>
    private bool IsCovered(Mm mm, ulong start, ulong end)
    {
        while (start < end)
        {
            VmaId id = Lookup(mm, start);
            if (id.IsNone)
            {
                return false;
            }

            start = At(id).End;
        }

        return true;
    }
}
