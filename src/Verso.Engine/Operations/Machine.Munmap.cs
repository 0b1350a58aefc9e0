using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// munmap (mm/vma.c do_vmi_munmap, vms_gather_munmap_vmas).
public abstract partial class Machine
{
    /// <summary>
    /// munmap. EINVAL (unaligned, empty, outside), ENOMEM (a hole in the middle at vm.max_map_count), EPERM (sealed).
    /// </summary>
    public SyscallResult Munmap(MmId mmId, ulong address, ulong length)
    {
        Mm mm = World.Mms[mmId];
        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Write);
        if (!Page.IsAligned(address) || !IsInside(mm, address, length))
        {
            return Errno.EINVAL;
        }

        ulong end = address + Page.AlignUp(length);
        Errno refused = end == address ? Errno.EINVAL : EndsByItself(mm, address, end) ? Errno.None : Refused();
        return refused != Errno.None ? refused : UnmapRange(mm, address, end);
    }

    /// <summary>What do_vmi_munmap asks first: whether a range lies in the address space.</summary>
    private static bool IsInside(Mm mm, ulong start, ulong length) =>
        start <= mm.TaskSize && length <= mm.TaskSize - start;

    /// <summary>do_vmi_align_munmap: splits at both ends, then takes everything between away.</summary>
    private Errno UnmapRange(Mm mm, ulong start, ulong end)
    {
        Errno error = SplitAround(mm, start, end);
        if (error != Errno.None)
        {
            return error;
        }

        foreach (VmaId id in mm.Vmas.Within(start, end))
        {
            ZapRange(id, At(id).Start, At(id).End, UnmapReason.Munmap);
        }

        for (VmaId id = mm.Vmas.Find(start); !id.IsNone && At(id).Start < end; id = mm.Vmas.Find(start))
        {
            mm.TotalPages -= At(id).Pages;
            mm.LockedPages -= (At(id).Flags & VmaFlags.Locked) != 0 ? At(id).Pages : 0;
            RemoveVma(mm, id, DropReason.Unmapped);
        }

        return Errno.None;
    }

    /// <summary>vms_gather_munmap_vmas: no VMA reaches over the ends of the range any more.</summary>
    private Errno SplitAround(Mm mm, ulong start, ulong end)
    {
        VmaId first = mm.Vmas.Find(start);
        return first.IsNone || At(first).Start >= end ? Errno.None : SplitEnds(mm, first, start, end);
    }

    /// <summary>Pages of whole VMAs in a range.</summary>
    private ulong PagesWithin(Mm mm, ulong start, ulong end)
    {
        ulong pages = 0;
        foreach (VmaId id in mm.Vmas.Within(start, end))
        {
            pages += At(id).Pages;
        }

        return pages;
    }

    private Errno SplitEnds(Mm mm, VmaId firstId, ulong start, ulong end)
    {
        ref Vma first = ref At(firstId);
        if (start > first.Start)
        {
            // Two splits of one VMA would leave one VMA more than before.
            if (end < first.End && mm.Vmas.Count >= World.Options.MaxMapCount)
            {
                return Errno.ENOMEM;
            }

            if (IsSealed(firstId))
            {
                return Errno.EPERM;
            }

            Errno error = SplitVmaUnchecked(firstId, start, NewPart.Below);
            if (error != Errno.None)
            {
                return error;
            }
        }

        // A seal further on is met when the first VMA has been split.
        if (HoldsSeal(mm, start, end))
        {
            return Errno.EPERM;
        }

        VmaId lastId = Lookup(mm, end - 1);
        return !lastId.IsNone && At(lastId).End > end
            ? SplitVmaUnchecked(lastId, end, NewPart.Above)
            : Errno.None;
    }
}
