using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>MADV_COLLAPSE (mm/khugepaged.c madvise_collapse), as far as it goes without huge pages.</summary>
internal static class CollapseAdvice
{
    extension(Machine machine)
    {
        /// <summary>
        /// EINVAL where no huge page may be, or the range neither has one nor ends where one begins. Pages stay as they
        /// are: what a collapse makes of them is not modelled.
        /// </summary>
        internal Errno Collapse(VmaId id, ulong start, ulong end)
        {
            ulong first = HugeTlbMapping.AlignUp(start, VmaSplitting.HugePageBytes);
            ulong last = end & ~(VmaSplitting.HugePageBytes - 1);
            return first > last || !machine.MayBeHuge(machine.At(id)) ? Errno.EINVAL : Errno.None;
        }

        /// <summary>
        /// __thp_vma_allowable_orders for TVA_FORCED_COLLAPSE, whatever is set in /sys. Files are taken to be allowed:
        /// that is a matter of their file system.
        /// </summary>
        private bool MayBeHuge(in Vma vma)
        {
            const VmaFlags Never = VmaFlags.NoHugePage | VmaFlags.Special | VmaFlags.HugeTlb;
            const ulong HugePages = VmaSplitting.HugePageBytes >> Page.Shift;
            bool hasPlace = machine.IsFilledAnonymously(vma)
                ? vma.Prepared
                : unchecked((vma.Start >> Page.Shift) - vma.Pgoff) % HugePages == 0;
            ulong aligned = HugeTlbMapping.AlignUp(vma.Start, VmaSplitting.HugePageBytes);
            bool fits = aligned < vma.End && vma.End - aligned >= VmaSplitting.HugePageBytes;
            return (vma.Flags & Never) == 0 && hasPlace && fits;
        }
    }
}
