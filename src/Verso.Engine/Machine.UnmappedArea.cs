using Verso.Engine.Vmas;

namespace Verso.Engine;

// Where a mapping goes when the caller leaves the choice (arch_get_unmapped_area_topdown, x86-64).
public abstract partial class Machine
{
    /// <summary>stack_guard_gap: 256 pages kept free below a growing stack.</summary>
    private const ulong StackGuardGapBytes = 256UL << Page.Shift;

    /// <summary>A page middle directory entry maps this much; mappings of such lengths are aligned to it.</summary>
    private const ulong HugePageBytes = 2UL << 20;

    /// <summary>Searches that found another address than the recorded one.</summary>
    public long SearchDifferences { get; private set; }

    /// <summary>
    /// get_unmapped_area: an address for <paramref name="length"/> bytes. ENOMEM if there is no room, EINVAL for a fixed
    /// address that is not aligned.
    /// </summary>
    private SyscallResult GetUnmappedArea(Mm mm, ulong hint, ulong length, MapFlags flags, FileId file, ulong pgoff)
    {
        if (length > Page.TaskSize)
        {
            return Errno.ENOMEM;
        }

        if ((flags & MapFlags.Fixed) != 0)
        {
            return hint > Page.TaskSize - length ? Errno.ENOMEM
                : Page.IsAligned(hint) ? SyscallResult.Ok(hint) : Errno.EINVAL;
        }

        bool wantsHuge = file.IsNone
            ? (flags & MapFlags.Shared) == 0 && hint == 0 && length % HugePageBytes == 0
            : World.Files[file].Kind == FileKind.Regular;
        if (wantsHuge && FindHugeAligned(mm, hint, length, file.IsNone ? 0 : pgoff << Page.Shift) is ulong huge)
        {
            return SyscallResult.Ok(huge);
        }

        return FindTopDown(mm, hint, length);
    }

    /// <summary>thp_get_unmapped_area: room for one huge page more, then aligned within it; null if it does not apply.</summary>
    private ulong? FindHugeAligned(Mm mm, ulong hint, ulong length, ulong offset)
    {
        ulong aligned = (offset + HugePageBytes - 1) & ~(HugePageBytes - 1);
        ulong end = offset + length;
        if (end <= aligned || end - aligned < HugePageBytes)
        {
            return null;
        }

        SyscallResult padded = FindTopDown(mm, hint, length + HugePageBytes);
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

    private SyscallResult FindTopDown(Mm mm, ulong hint, ulong length)
    {
        if (hint != 0)
        {
            ulong start = Page.AlignDown(hint);
            int at = FirstEndingAbove(mm, start);
            bool fits = start <= Page.TaskSize - length
                && (at == mm.Vmas.Count || start + length <= StartGap(mm.Vmas.Ids[at]));
            if (fits)
            {
                return SyscallResult.Ok(start);
            }
        }

        ulong high = mm.MmapBase;
        for (int at = mm.Vmas.IndexAtOrBelow(high - 1); at >= -1; at--)
        {
            ulong low = at >= 0 ? At(mm.Vmas.Ids[at]).End : Page.Size;
            ulong top = at + 1 < mm.Vmas.Count ? Math.Min(high, StartGap(mm.Vmas.Ids[at + 1])) : high;
            if (top > low && top - low >= length)
            {
                return SyscallResult.Ok(top - length);
            }
        }

        return FindBottomUp(mm, length);
    }

    /// <summary>The fallback: from a third of the address space upwards.</summary>
    private SyscallResult FindBottomUp(Mm mm, ulong length)
    {
        ulong low = Page.AlignDown(Page.TaskSize / 3);
        for (int at = FirstEndingAbove(mm, low); at <= mm.Vmas.Count; at++)
        {
            ulong top = at < mm.Vmas.Count ? StartGap(mm.Vmas.Ids[at]) : Page.TaskSize;
            if (top > low && top - low >= length)
            {
                return SyscallResult.Ok(low);
            }

            low = at < mm.Vmas.Count ? Math.Max(low, At(mm.Vmas.Ids[at]).End) : low;
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
