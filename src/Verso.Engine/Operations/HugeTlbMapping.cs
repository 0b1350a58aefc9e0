namespace Verso.Engine;

/// <summary>What is different about mappings of hugetlbfs (mm/hugetlb.c), as far as VMAs are concerned.</summary>
internal static class HugeTlbMapping
{
    /// <summary>MAP_HUGE_SHIFT: above it, 6 bits say which page size, as a power of two; 0 is 2 MiB.</summary>
    private const int HugeSizeShift = 26;
    private const ulong GiganticPageBytes = 1UL << 30;

    extension(Machine machine)
    {
        internal bool IsHugeTlb(in MmapRequest request) =>
            machine.IsHugeTlb(request.Flags, (request.Flags & MapFlags.Anonymous) != 0 ? default : request.File);

        internal bool IsHugeTlb(MapFlags flags, FileId file) => file.IsNone
            ? (flags & (MapFlags.Anonymous | MapFlags.HugeTlb)) == (MapFlags.Anonymous | MapFlags.HugeTlb)
            : machine.World.Files[file].Kind == FileKind.HugeTlb;

        /// <summary>
        /// MAP_HUGETLB of a file of ordinary pages, or of a page size that x86-64 has not (ksys_mmap_pgoff,
        /// hstate_sizelog).
        /// </summary>
        internal bool HasNoHugePages(in MmapRequest request) => (request.Flags & MapFlags.HugeTlb) != 0
            && (!machine.IsHugeTlb(request) || HugeTlbPageBytes(request.Flags)
                is not (VmaSplitting.HugePageBytes or GiganticPageBytes));

        /// <summary>
        /// Whether the pool has to give pages that it has not (hugetlb_reserve_pages, which hugetlbfs's mmap asks):
        /// none are reserved, unless a recording shows that there were some.
        /// </summary>
        internal bool LacksHugePages(in MmapRequest request) => machine.IsHugeTlb(request)
            && (request.Flags & MapFlags.Anonymous) != 0
            && (request.Flags & MapFlags.NoReserve) == 0
            && request.Imposed is null;
    }

    /// <summary>Of a file the flags say nothing (hstate_file); one that no mount names otherwise has 2 MiB.</summary>
    internal static ulong HugeTlbPageBytes(MapFlags flags)
    {
        int shift = (int)((uint)flags >> HugeSizeShift) & 63;
        return shift == 0 || (flags & MapFlags.Anonymous) == 0 ? VmaSplitting.HugePageBytes : 1UL << shift;
    }

    /// <summary>
    /// align_hugetlb: lengths become whole huge pages, and nothing grows. The new address counts though no flag asks
    /// for it.
    /// </summary>
    internal static bool FitsHugePages(ref MremapRequest call)
    {
        call = call with
        {
            OldLength = AlignUp(call.OldLength, VmaSplitting.HugePageBytes),
            NewLength = AlignUp(call.NewLength, VmaSplitting.HugePageBytes),
        };
        return (call.OldAddress | call.NewAddress) % VmaSplitting.HugePageBytes == 0
            && call.NewLength <= call.OldLength;
    }

    /// <summary>Rounds up to a multiple of a power of two; wraps to 0 near the top.</summary>
    internal static ulong AlignUp(ulong value, ulong multiple) => unchecked(value + (multiple - 1)) & ~(multiple - 1);
}
