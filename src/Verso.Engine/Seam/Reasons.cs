namespace Verso.Engine.ReverseMaps;

/// <summary>Why entries go away.</summary>
public enum UnmapReason
{
    Munmap = 0,

    /// <summary>MADV_DONTNEED, MADV_FREE and their like.</summary>
    Discard = 1,

    /// <summary>A copy takes its place.</summary>
    CopyOnWrite = 2,
    Reclaim = 3,
    Exit = 4,

    /// <summary>The file was truncated or a hole was punched.</summary>
    Truncate = 5,

    /// <summary>The page table is dropped; objects keep their pages (<see cref="Machine.DropTables"/>).</summary>
    TableDrop = 6,
}

/// <summary>Why a VMA lets go of its reverse map.</summary>
public enum DropReason
{
    /// <summary>Its range was unmapped, or its address space is going.</summary>
    Unmapped = 0,

    /// <summary>Another VMA has taken its range over; the pages are that VMA's now.</summary>
    Joined = 1,

    /// <summary>All its pages have moved away (MREMAP_DONTUNMAP); it stays, as if never faulted.</summary>
    MovedAway = 2,
}

/// <summary>What an entry is wanted for.</summary>
public enum ReserveReason
{
    /// <summary>A page of the file, or one that <see cref="IObjectHooks{TSelf}.Find"/> found, will be mapped.</summary>
    Map = 0,

    /// <summary>A new anonymous page will be put there.</summary>
    Instantiate = 1,

    /// <summary>A page that comes back from swap; others may map it already.</summary>
    SwapIn = 2,
}

/// <summary>Whether a page that comes back from swap can be anybody else's too.</summary>
public enum PageSharing
{
    /// <summary>Others may have an entry for it: whoever may ever have shared it must find it.</summary>
    Shared = 0,
    Exclusive = 1,
}

/// <summary>What fork does about the entries of one VMA.</summary>
public enum ForkCopy
{
    /// <summary>Nothing: faults will bring back whatever is there.</summary>
    None = 0,

    /// <summary>Only guard markers are copied.</summary>
    Markers = 1,

    /// <summary>All entries are copied; private ones lose the right to write on both sides.</summary>
    Entries = 2,

    /// <summary>
    /// Markers are copied and the parent's private entries lose the right to write; the child finds its pages through
    /// the object (<see cref="IObjectHooks{TSelf}.Find"/>).
    /// </summary>
    Share = 3,
}

/// <summary>How fork is made to copy the guard markers of a VMA.</summary>
[Flags]
public enum GuardMarks
{
    /// <summary>The design remembers it itself, and says so in <see cref="ReverseMap.CopyAtFork"/>.</summary>
    None = 0,

    /// <summary>An anon_vma is prepared for no other reason.</summary>
    Prepare = 1 << 0,

    /// <summary>VM_MAYBE_GUARD, which merging ignores and passes on.</summary>
    StickyFlag = 1 << 1,
}
