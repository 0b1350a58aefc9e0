using Verso.Engine.Vmas;

namespace Verso.Engine;

// Where a mapping goes when the caller leaves the choice (arch_get_unmapped_area_topdown, x86-64).
public abstract partial class Machine
{
    /// <summary>stack_guard_gap: 256 pages kept free below a growing stack.</summary>
    private const ulong StackGuardGapBytes = 256UL << Page.Shift;

    private const ulong OneGib = 1UL << 30;
    private const ulong TwoGib = 2UL << 30;

    /// <summary>Searches that found another address than the recorded one.</summary>
    public long SearchDifferences { get; private set; }

    /// <summary>
    /// get_unmapped_area: an address for <paramref name="length"/> bytes. ENOMEM if there is no room, EINVAL for a
    /// fixed address that is not aligned.
    /// </summary>
    private SyscallResult GetUnmappedArea(Mm mm, ulong hint, ulong length, MapFlags flags, FileId file, ulong pgoff)
    {
        if (length > mm.TaskSize)
        {
            return Errno.ENOMEM;
        }

        if ((flags & MapFlags.Fixed) != 0)
        {
            return hint > mm.TaskSize - length ? Errno.ENOMEM
                : Page.IsAligned(hint) ? SyscallResult.Ok(hint) : Errno.EINVAL;
        }

        if (IsHugeTlb(flags, file))
        {
            return FindHugeTlb(mm, hint, length, flags);
        }

        bool isShared = (flags & MapFlags.Shared) != 0;
        bool wantsHuge = !IsCompat(mm) && (file.IsNone
            ? !isShared && hint == 0 && length % HugePageBytes == 0
            : World.Files[file].Kind is var kind
            && ((kind == FileKind.Regular && World.Options.FilePlacement == FilePlacement.HugePages)
                || (kind == FileKind.Zero && !isShared)));
        if (wantsHuge && FindHugeAligned(mm, hint, length, file.IsNone ? 0 : pgoff << Page.Shift, flags) is ulong huge)
        {
            return SyscallResult.Ok(huge);
        }

        return Find(mm, hint, length, flags);
    }

    /// <summary>
    /// thp_get_unmapped_area: room for one huge page more, then aligned within it; null if it does not apply.
    /// </summary>
    private ulong? FindHugeAligned(Mm mm, ulong hint, ulong length, ulong offset, MapFlags flags)
    {
        ulong aligned = (offset + HugePageBytes - 1) & ~(HugePageBytes - 1);
        ulong end = offset + length;
        if (end <= aligned || end - aligned < HugePageBytes)
        {
            return null;
        }

        SyscallResult padded = Find(mm, hint, length + HugePageBytes, flags);
        if (padded.Errno != Errno.None)
        {
            return null;
        }

        if (padded.Value == hint)
        {
            return hint;
        }

        ulong shift = unchecked(offset - padded.Value) & (HugePageBytes - 1);
        return padded.Value + (shift == 0 ? HugePageBytes : shift);
    }

    /// <summary>hugetlb_get_unmapped_area: whole huge pages, in a hole with room for them wherever it ends.</summary>
    private SyscallResult FindHugeTlb(Mm mm, ulong hint, ulong length, MapFlags flags)
    {
        ulong pageBytes = HugeTlbPageBytes(flags);
        ulong aligned = AlignUp(hint, pageBytes);
        if (IsFree(mm, aligned, length, mm.TaskSize))
        {
            return SyscallResult.Ok(aligned);
        }

        SyscallResult found = Find(mm, 0, length + pageBytes - Page.Size, flags);
        return found.Errno == Errno.None ? SyscallResult.Ok(AlignUp(found.Value, pageBytes)) : found;
    }

    /// <summary>arch_get_unmapped_area_topdown: the hint if it is free, else from above, else from below.</summary>
    private SyscallResult Find(Mm mm, ulong hint, ulong length, MapFlags flags)
    {
        if ((flags & MapFlags.Below2Gib) != 0 && !IsCompat(mm))
        {
            return IsFree(mm, hint, length, TwoGib)
                ? SyscallResult.Ok(hint)
                : FindBottomUp(mm, length, OneGib, TwoGib);
        }

        if (IsFree(mm, Page.AlignDown(hint), length, mm.TaskSize))
        {
            return SyscallResult.Ok(Page.AlignDown(hint));
        }

        ulong lowest = (flags & MapFlags.Above4Gib) != 0 && !IsCompat(mm) ? 2 * TwoGib : World.Options.MmapMinAddress;
        SyscallResult found = FindTopDown(mm, length, lowest);
        return found.Errno == Errno.None
            ? found
            : FindBottomUp(mm, length, Page.AlignDown(mm.TaskSize / 3), mm.TaskSize);
    }

    /// <summary>in_32bit_syscall: all of it is below 4 GiB; nothing is aligned for huge pages.</summary>
    private static bool IsCompat(Mm mm) => mm.TaskSize == Page.CompatTaskSize;

    /// <summary>Whether a hint, if there is one, can be followed.</summary>
    private bool IsFree(Mm mm, ulong start, ulong length, ulong limit)
    {
        if (start == 0 || length > limit || start > limit - length)
        {
            return false;
        }

        VmaId above = mm.Vmas.Find(start);
        return above.IsNone || start + length <= StartGap(above);
    }

    /// <remarks>
    /// unmapped_area_topdown: where a stack claims part of a hole that would be large enough, the search goes on below
    /// what it claims, past any smaller holes that lie there between other VMAs.
    /// </remarks>
    private SyscallResult FindTopDown(Mm mm, ulong length, ulong lowest)
    {
        ulong high = mm.MmapBase;
        while (mm.Vmas.TryHighestHole(lowest, high, length, out VmaHole hole))
        {
            ulong claimed = hole.Above.IsNone ? hole.End : StartGap(hole.Above);
            if (claimed >= hole.End)
            {
                return SyscallResult.Ok(hole.End - length);
            }

            high = claimed;
        }

        return Errno.ENOMEM;
    }

    /// <remarks>unmapped_area: where a stack claims too much of a hole, the search goes on above the stack.</remarks>
    private SyscallResult FindBottomUp(Mm mm, ulong length, ulong lowest, ulong highest)
    {
        ulong low = lowest;
        while (mm.Vmas.TryLowestHole(low, highest, length, out VmaHole hole))
        {
            ulong top = hole.Above.IsNone ? hole.End : Math.Min(hole.End, StartGap(hole.Above));
            if (top > hole.Start && top - hole.Start >= length)
            {
                return SyscallResult.Ok(hole.Start);
            }

            low = At(hole.Above).End;
        }

        return Errno.ENOMEM;
    }

    /// <summary>vm_start_gap: where the room a VMA claims begins.</summary>
    private ulong StartGap(VmaId id)
    {
        ref Vma vma = ref At(id);
        return (vma.Flags & VmaFlags.GrowsDown) == 0 ? vma.Start
            : vma.Start > StackGuardGapBytes ? vma.Start - StackGuardGapBytes : 0;
    }
}
