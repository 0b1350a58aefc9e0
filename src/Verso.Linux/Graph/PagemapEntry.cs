namespace Verso.Linux.Graph;

/// <summary>What a word of /proc/PID/pagemap says of a page of a private file mapping.</summary>
internal static class PagemapEntry
{
    private const ulong SwapTypeMask = 0x1f;

    /// <summary>SWP_PTE_MARKER, the last of the types (include/linux/swap.h, since 5.19).</summary>
    private const ulong MarkerType = 0x1f;

    /// <remarks>
    /// A page that is being migrated looks swapped, and says whose it is. Whoever may not see frames sees no types of
    /// swap entries either: what userfaultfd marked before it was touched then looks like a copy in swap.
    /// </remarks>
    internal static FilePageState Of(ulong entry) =>
        (entry & PageReader.PresentBit) != 0 ? InUse(entry)
            : (entry & PageReader.SwapBit) == 0 ? FilePageState.NotMapped
            : (entry & PageReader.GuardBit) != 0 || (entry & SwapTypeMask) == MarkerType ? FilePageState.NotMapped
            : InUse(entry);

    private static FilePageState InUse(ulong entry) =>
        (entry & PageReader.FileBit) != 0 ? FilePageState.Mapped : FilePageState.Copied;
}

/// <summary>A page of a private file mapping.</summary>
internal enum FilePageState
{
    /// <summary>No entry: the next access asks the file.</summary>
    NotMapped,

    /// <summary>The file's own page.</summary>
    Mapped,

    /// <summary>An anonymous page, present, in swap or on its way to another frame.</summary>
    Copied,
}
