using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>Where a mapping goes when the caller leaves the choice (arch_get_unmapped_area_topdown, x86-64).</summary>
internal static class UnmappedArea
{
    /// <summary>stack_guard_gap: 256 pages kept free below a growing stack.</summary>
    internal const ulong StackGuardGapBytes = 256UL << Page.Shift;
    private const ulong OneGib = 1UL << 30;
    private const ulong TwoGib = 2UL << 30;

    extension(Machine machine)
    {
        /// <summary>
        /// get_unmapped_area: an address for <paramref name="length"/> bytes. ENOMEM if there is no room, EINVAL for a
        /// fixed address that is not aligned.
        /// </summary>
        internal SyscallResult GetUnmappedArea(
            Mm mm, ulong hint, ulong length, MapFlags flags, FileId file, ulong pgoff)
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

            if (machine.IsHugeTlb(flags, file))
            {
                return machine.FindHugeTlb(mm, hint, length, flags);
            }

            bool isShared = (flags & MapFlags.Shared) != 0;
            bool wantsHuge = !IsCompat(mm) && (file.IsNone
                ? !isShared && hint == 0 && length % VmaSplitting.HugePageBytes == 0
                : machine.World.Files[file].Kind is var kind
                && ((kind == FileKind.Regular && machine.World.Options.FilePlacement == FilePlacement.HugePages)
                    || (kind == FileKind.Zero && !isShared)));
            ulong offset = file.IsNone ? 0 : pgoff << Page.Shift;
            if (wantsHuge && machine.FindHugeAligned(mm, hint, length, offset, flags) is ulong huge)
            {
                return SyscallResult.Ok(huge);
            }

            return machine.Find(mm, hint, length, flags);
        }

        /// <summary>
        /// thp_get_unmapped_area: room for one huge page more, then aligned within it; null if it does not apply.
        /// </summary>
        private ulong? FindHugeAligned(Mm mm, ulong hint, ulong length, ulong offset, MapFlags flags)
        {
            ulong aligned = (offset + VmaSplitting.HugePageBytes - 1) & ~(VmaSplitting.HugePageBytes - 1);
            ulong end = offset + length;
            if (end <= aligned || end - aligned < VmaSplitting.HugePageBytes)
            {
                return null;
            }

            SyscallResult padded = machine.Find(mm, hint, length + VmaSplitting.HugePageBytes, flags);
            if (padded.Errno != Errno.None)
            {
                return null;
            }

            if (padded.Value == hint)
            {
                return hint;
            }

            ulong shift = unchecked(offset - padded.Value) & (VmaSplitting.HugePageBytes - 1);
            return padded.Value + (shift == 0 ? VmaSplitting.HugePageBytes : shift);
        }

        /// <summary>
        /// hugetlb_get_unmapped_area: whole huge pages, in a hole with room for them wherever it ends.
        /// </summary>
        private SyscallResult FindHugeTlb(Mm mm, ulong hint, ulong length, MapFlags flags)
        {
            ulong pageBytes = HugeTlbMapping.HugeTlbPageBytes(flags);
            ulong aligned = HugeTlbMapping.AlignUp(hint, pageBytes);
            if (machine.IsFree(mm, aligned, length, mm.TaskSize))
            {
                return SyscallResult.Ok(aligned);
            }

            SyscallResult found = machine.Find(mm, 0, length + pageBytes - Page.Size, flags);
            return found.Errno == Errno.None ? SyscallResult.Ok(HugeTlbMapping.AlignUp(found.Value, pageBytes)) : found;
        }

        /// <summary>arch_get_unmapped_area_topdown: the hint if it is free, else from above, else from below.</summary>
        private SyscallResult Find(Mm mm, ulong hint, ulong length, MapFlags flags)
        {
            if ((flags & MapFlags.Below2Gib) != 0 && !IsCompat(mm))
            {
                return machine.IsFree(mm, hint, length, TwoGib)
                    ? SyscallResult.Ok(hint)
                    : machine.FindBottomUp(mm, length, OneGib, TwoGib);
            }

            if (machine.IsFree(mm, Page.AlignDown(hint), length, mm.TaskSize))
            {
                return SyscallResult.Ok(Page.AlignDown(hint));
            }

            ulong lowest = (flags & MapFlags.Above4Gib) != 0 && !IsCompat(mm)
                ? 2 * TwoGib
                : machine.World.Options.MmapMinAddress;
            SyscallResult found = machine.FindTopDown(mm, length, lowest);
            return found.Errno == Errno.None
                ? found
                : machine.FindBottomUp(mm, length, Page.AlignDown(mm.TaskSize / 3), mm.TaskSize);
        }

        /// <summary>Whether a hint, if there is one, can be followed.</summary>
        private bool IsFree(Mm mm, ulong start, ulong length, ulong limit)
        {
            if (start == 0 || length > limit || start > limit - length)
            {
                return false;
            }

            VmaId above = mm.Vmas.Find(start);
            return above.IsNone || start + length <= machine.StartGap(above);
        }

        /// <remarks>
        /// unmapped_area_topdown: where a stack claims part of a hole that would be large enough, the search goes on
        /// below what it claims, past any smaller holes that lie there between other VMAs.
        /// </remarks>
        private SyscallResult FindTopDown(Mm mm, ulong length, ulong lowest)
        {
            ulong high = mm.MmapBase;
            while (mm.Vmas.TryHighestHole(lowest, high, length, out VmaHole hole))
            {
                ulong claimed = hole.Above.IsNone ? hole.End : machine.StartGap(hole.Above);
                if (claimed >= hole.End)
                {
                    return SyscallResult.Ok(hole.End - length);
                }

                high = claimed;
            }

            return Errno.ENOMEM;
        }

        /// <remarks>
        /// unmapped_area: where a stack claims too much of a hole, the search goes on above the stack.
        /// </remarks>
        private SyscallResult FindBottomUp(Mm mm, ulong length, ulong lowest, ulong highest)
        {
            ulong low = lowest;
            while (mm.Vmas.TryLowestHole(low, highest, length, out VmaHole hole))
            {
                ulong top = hole.Above.IsNone ? hole.End : Math.Min(hole.End, machine.StartGap(hole.Above));
                if (top > hole.Start && top - hole.Start >= length)
                {
                    return SyscallResult.Ok(hole.Start);
                }

                low = machine.At(hole.Above).End;
            }

            return Errno.ENOMEM;
        }

        /// <summary>vm_start_gap: where the room a VMA claims begins.</summary>
        internal ulong StartGap(VmaId id)
        {
            ref Vma vma = ref machine.At(id);
            return (vma.Flags & VmaFlags.GrowsDown) == 0 ? vma.Start
                : vma.Start > StackGuardGapBytes ? vma.Start - StackGuardGapBytes : 0;
        }
    }

    /// <summary>in_32bit_syscall: all of it is below 4 GiB; nothing is aligned for huge pages.</summary>
    private static bool IsCompat(Mm mm) => mm.TaskSize == Page.CompatTaskSize;
}
