namespace Verso.Engine;

// mbind (mm/mempolicy.c), as far as it concerns VMAs.
public abstract partial class Machine
{
    /// <summary>
    /// mbind: sets the policy of a range (0 the default), splitting and merging as needed. EINVAL (unaligned), EFAULT (a
    /// hole, which only the default policy may cover, and not as a whole; then nothing has changed), ENOMEM.
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

        bool bindable = policy == 0 ? Intersects(mm, address, end) : IsMapped(mm, address, end);
        if (address < end && !bindable)
        {
            return Errno.EFAULT;
        }

        for (VmaId id; address < end; address = At(id).End)
        {
            id = AtIndex(mm, FirstEndingAbove(mm, address));
            if (id.IsNone || At(id).Start >= end)
            {
                break;
            }

            ulong from = Math.Max(At(id).Start, address);
            if (At(id).Policy == policy)
            {
                continue;
            }

            id = ModifyVma(RequestInside(mm, id, from, Math.Min(At(id).End, end)) with { Policy = policy });
            if (id.IsNone)
            {
                return Errno.ENOMEM;
            }

            At(id).Policy = policy;
        }

        return SyscallResult.Ok();
    }

    /// <summary>Whether no page of [start, end) is a hole.</summary>
    private bool IsMapped(Mm mm, ulong start, ulong end)
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
