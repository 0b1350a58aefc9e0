using Verso.Engine.Vmas;

namespace Verso.Engine;

// anon_vma_prepare and stack growth (mm/rmap.c, mm/vma.c expand_downwards).
public abstract partial class Machine
{
    /// <summary>
    /// A preparation that no fault shows: the VMA at this address gets an anon_vma. EFAULT if nothing is mapped there,
    /// ENOMEM.
    /// </summary>
    public Errno Prepare(MmId mmId, ulong address, PrepareOutcome logged)
    {
        VmaId id = Lookup(World.Mms[mmId], address);
        return id.IsNone ? Errno.EFAULT : PrepareVma(id, logged);
    }

    /// <summary>
    /// expand_stack: the GROWSDOWN VMA above grows to cover the address. EFAULT if there is none, ENOMEM by
    /// RLIMIT_STACK, the guard gap or a failed allocation, EPERM below mmap_min_addr.
    /// </summary>
    public Errno GrowStack(MmId mmId, ulong address)
    {
        Mm mm = World.Mms[mmId];
        VmaId id = mm.Vmas.Find(address);
        if (id.IsNone)
        {
            return Errno.EFAULT;
        }

        address = Page.AlignDown(address);
        if (At(id).Start <= address)
        {
            return Errno.None;
        }

        if ((At(id).Flags & VmaFlags.GrowsDown) == 0)
        {
            return Errno.EFAULT;
        }

        VmaId prev = mm.Vmas.AtOrBelow(address);
        bool crowded = !prev.IsNone && (At(prev).Flags & VmaFlags.GrowsDown) == 0
            && (At(prev).Flags & VmaFlags.Access) != 0 && address - At(prev).End < StackGuardGapBytes;
        if (crowded || address < World.Options.MmapMinAddress)
        {
            return crowded ? Errno.ENOMEM : Errno.EPERM;
        }

        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Write);
        Errno error = PrepareVma(id, PrepareOutcome.Derive);
        if (error != Errno.None)
        {
            return error;
        }

        ulong grow = (At(id).Start - address) >> Page.Shift;
        if (grow > At(id).Pgoff || !MayExpand(mm, At(id).Flags, grow) || At(id).End - address > mm.StackLimitBytes
            || !MayLock(mm, At(id).Flags, grow << Page.Shift) || !MayCommit(grow))
        {
            return Errno.ENOMEM;
        }

        error = Structure.Extend(id, address, At(id).Start);
        if (error != Errno.None)
        {
            return error;
        }

        mm.TotalPages += grow;
        mm.LockedPages += (At(id).Flags & VmaFlags.Locked) != 0 ? grow : 0;
        SetRange(id, address, At(id).End);
        return Errno.None;
    }
}
