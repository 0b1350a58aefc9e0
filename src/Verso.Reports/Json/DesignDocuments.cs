using Verso.Lab.Fidelity;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>So many of so many.</summary>
/// <param name="Matched">Those that agree.</param>
/// <param name="Total">All that were compared.</param>
public sealed record AgreementDocument(long Matched, long Total)
{
    internal Agreement Agreement => new(Matched, Total);
}

/// <summary>How far a replay had the kernel's state at the checkpoints of the recording.</summary>
public sealed record FidelityDocument
{
    /// <summary>VMAs with equal range, flags, page offset and file, of all that kernel or replay had.</summary>
    public required AgreementDocument Vmas { get; init; }

    /// <summary>
    /// VMAs whose place in the anon_vma graph agrees: chain in order, roots, parents, counts. Of those that have a
    /// chain on either side.
    /// </summary>
    public required AgreementDocument AnonVmaGraph { get; init; }

    /// <summary>anon_vmas whose root, parent and counts agree, of all that the kernel had.</summary>
    public required AgreementDocument AnonVmaNodes { get; init; }

    /// <summary>
    /// VMAs of the kernel whose whole range has the same flags, file and file offset in the replay, however it is cut
    /// into VMAs there: what a design with merge rules of its own is judged by.
    /// </summary>
    public required AgreementDocument Ranges { get; init; }

    /// <summary>Checkpoints that were compared.</summary>
    public required long Checkpoints { get; init; }

    /// <summary>The same of those checkpoints during which no other task could change the state.</summary>
    public FidelityDocument? Quiescent { get; init; }

    /// <summary>
    /// VMAs that differ, by each thing in which they do: <c>missing</c>, <c>extra</c>, <c>flags</c>, ... Left out of
    /// <c>quiescent</c>.
    /// </summary>
    public IReadOnlyDictionary<string, long>? Causes { get; init; }

    /// <summary>What <c>--verify</c> found, the first few; left out without it.</summary>
    public IReadOnlyList<string>? Violations { get; init; }

    /// <summary>In a few words, of the kernel's own design.</summary>
    internal string Phrase => FidelityText.Phrase(Checkpoints, Vmas.Agreement, AnonVmaGraph.Agreement);
}

/// <summary>The kernel's objects of one type on the machine of a design.</summary>
/// <param name="Live">At the end of the trace.</param>
/// <param name="Peak">At most at one time.</param>
/// <param name="BytesPeak"><c>peak</c> times <c>sizeBytes</c>.</param>
/// <param name="SizeBytes">Of the struct of one.</param>
/// <param name="Allocated">In all.</param>
/// <param name="AllocatedAtomic">Of those, the ones made under a spinlock.</param>
/// <param name="FreedAfterGrace">Freed by RCU, when a grace period had passed.</param>
public sealed record ObjectDocument(
    long Live,
    long Peak,
    long BytesPeak,
    long SizeBytes,
    long Allocated,
    long AllocatedAtomic,
    long FreedAfterGrace);

/// <summary>Merges of VMAs.</summary>
/// <param name="Done">Merges: a range that became one with a neighbour, or with both.</param>
/// <param name="Refused">Boundaries that were tested and stayed, by the first failed test in kernel order.</param>
public sealed record MergesDocument(long Done, IReadOnlyDictionary<string, long> Refused);

/// <summary>What was done to page-table entries.</summary>
/// <param name="Copied">By fork.</param>
/// <param name="WriteProtected">By fork, for copy-on-write, and by mprotect.</param>
/// <param name="Zapped">By munmap, exit and the like, and by reclaim.</param>
/// <param name="Moved">By mremap.</param>
public sealed record PtesDocument(long Copied, long WriteProtected, long Zapped, long Moved);

/// <summary>Probe walks: from a page that was just touched back to the entries that map it.</summary>
/// <param name="Count">Walks, of anonymous pages and of files'.</param>
/// <param name="Visited">Candidates that they looked at.</param>
/// <param name="Useful">Candidates that mapped the page.</param>
/// <param name="VisitedUntilDone">Candidates up to the one that met the map count.</param>
public sealed record WalksDocument(long Count, long Visited, long Useful, long VisitedUntilDone)
{
    /// <summary>Of these, the walks of anonymous pages; left out where there was none.</summary>
    public WalkTallyDocument? Anonymous { get; init; }

    /// <summary>The walks of pages of files; left out where there was none.</summary>
    public WalkTallyDocument? File { get; init; }

    /// <summary>
    /// Walks of anonymous pages long untouched, as reclaim takes them: not among those above. Left out where there was
    /// none.
    /// </summary>
    public WalkTallyDocument? Untouched { get; init; }
}

/// <summary>Walks of one kind of pages.</summary>
/// <param name="Count">Walks.</param>
/// <param name="Visited">Candidates that they looked at.</param>
/// <param name="Useful">Candidates that mapped the page.</param>
/// <param name="VisitedUntilDone">Candidates up to the one that met the map count.</param>
/// <param name="Median">So many candidates at most are looked at by half of the walks: 1, 3, 7 ... or the most.</param>
/// <param name="By99">The same of 99 % of the walks.</param>
/// <param name="Most">The most candidates of one walk.</param>
public sealed record WalkTallyDocument(
    long Count, long Visited, long Useful, long VisitedUntilDone, long Median, long By99, long Most);

/// <summary>The figures of one design, from one trace.</summary>
public sealed record DesignDocument
{
    /// <summary>As it was asked for, with its options.</summary>
    public required string Name { get; init; }

    /// <summary>Its own replay against the checkpoints.</summary>
    public required FidelityDocument Fidelity { get; init; }

    /// <summary>By type, named as in <c>/proc/slabinfo</c>.</summary>
    public required IReadOnlyDictionary<string, ObjectDocument> Objects { get; init; }

    /// <summary>
    /// <unit>bytes</unit> At the peak: <c>objects</c> of the reverse map, VMAs, and the design's fields in mm_struct
    /// and struct page; left out in documents of versions that did not say it.
    /// </summary>
    public long? BytesWithStructs { get; init; }

    /// <summary>VMAs at most at one time, over all address spaces.</summary>
    public required long VmasPeak { get; init; }

    /// <summary>Merges of VMAs.</summary>
    public required MergesDocument Merges { get; init; }

    /// <summary>Page-table entries.</summary>
    public required PtesDocument Ptes { get; init; }

    /// <summary>Calls that were ENOMEM for the number of VMAs.</summary>
    public long CallsFailedAtVmaLimit { get; init; }

    /// <summary>Probe walks: from a page that was just touched back to the entries that map it.</summary>
    public required WalksDocument Walks { get; init; }

    /// <summary>Frames in use at most at one time: anonymous memory and page cache.</summary>
    public required long FramesPeak { get; init; }

    /// <summary>Pages that a write fault copied.</summary>
    public required long FramesCopied { get; init; }

    /// <summary>Pages that a write fault made writable again, since nobody else had them.</summary>
    public required long FramesReused { get; init; }

    /// <summary>Pages that a fault found in a memory object: object-owned designs only.</summary>
    public required long FramesFound { get; init; }

    /// <summary>What only this design counts, by the name of the figure.</summary>
    public required IReadOnlyDictionary<string, long> Own { get; init; }

    /// <summary>
    /// Acquisitions, by <c>mmap-write</c>, <c>mmap-read</c>, <c>reverse-map-write</c>, <c>reverse-map-read</c>,
    /// <c>file-map-write</c>, <c>file-map-read</c>, <c>per-page</c>, <c>rcu</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, long> Locks { get; init; }

    /// <summary><unit>steps</unit> Work done while one was held, by the same names.</summary>
    public required IReadOnlyDictionary<string, long> LockedWork { get; init; }

    /// <summary>
    /// Reading and applying the events, the median of the rounds. This and what follows: with <c>--measure</c> only.
    /// </summary>
    public long? ElapsedNanoseconds { get; init; }

    /// <summary>In the machine alone, without probe walks, checkpoints and verification: the median.</summary>
    public long? EngineNanoseconds { get; init; }

    /// <summary><unit>events/s</unit> By the median of <c>elapsedNanoseconds</c>.</summary>
    public long? EventsPerSecond { get; init; }

    /// <summary>The spread of what was measured.</summary>
    public TimesDocument? Times { get; init; }
}

/// <summary>The spread of what was measured.</summary>
/// <param name="Rounds">Replays that were timed.</param>
/// <param name="ElapsedLeastNanoseconds">The shortest of <c>elapsedNanoseconds</c>.</param>
/// <param name="ElapsedMostNanoseconds">The longest.</param>
/// <param name="EngineLeastNanoseconds">The shortest of <c>engineNanoseconds</c>.</param>
/// <param name="EngineMostNanoseconds">The longest.</param>
public sealed record TimesDocument(
    int Rounds,
    long ElapsedLeastNanoseconds,
    long ElapsedMostNanoseconds,
    long EngineLeastNanoseconds,
    long EngineMostNanoseconds);
