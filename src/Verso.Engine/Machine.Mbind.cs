namespace Verso.Engine;

// mbind (mm/mempolicy.c), as far as it concerns VMAs.
public abstract partial class Machine
{
    /// <summary>
    /// mbind: sets the policy of a range (0 the default), splitting and merging as needed. EINVAL (unaligned), EFAULT (a hole),
    /// ENOMEM.
    /// </summary>
    public SyscallResult Mbind(MmId mmId, ulong address, ulong length, int policy)
    {
        Mm mm = World.Mms[mmId];
        Counters.Lock(LockClass.MmapWrite, 1);
        ulong end = unchecked(address + Page.AlignUp(length));
        if (!Page.IsAligned(address) || end < address)
        {
            return Errno.EINVAL;
        }

        while (address < end)
        {
            VmaId id = Lookup(mm, address);
            if (id.IsNone)
            {
                return Errno.EFAULT;
            }

            ulong upTo = Math.Min(At(id).End, end);
            if (At(id).Policy != policy)
            {
                VmaId changed = ModifyVma(RequestInside(mm, id, address, upTo) with { Policy = policy });
                if (changed.IsNone)
                {
                    return Errno.ENOMEM;
                }

                At(changed).Policy = policy;
            }

            address = upTo;
        }

        return SyscallResult.Ok();
    }
}
