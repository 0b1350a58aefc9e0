using Verso.Lab.Families;
using Verso.Lab.Snapshots;
using Verso.Lab.Words;

namespace Verso.Reports.Json;

/// <summary>One address space.</summary>
/// <param name="Pids">The processes that share it, as a rule one; by ascending id.</param>
/// <param name="Command">The name (<c>comm</c>) of the first.</param>
/// <param name="ForkedFrom">The id of what it was forked from; left out if unknown, or ended.</param>
/// <param name="Reading"><c>whole</c>: of one moment; <c>changed</c>: its VMAs changed while being read.</param>
/// <param name="Vmas">VMAs.</param>
/// <param name="AnonVmas">Different <c>anon_vma</c>s that its chains name, shared or not.</param>
/// <param name="OwnAnonVmas">Those of its own: no two processes count one.</param>
/// <param name="ChainEntries">Entries of its chains: so many <c>anon_vma_chain</c>s.</param>
/// <param name="LongestChain">Entries of the longest chain of a VMA.</param>
/// <param name="WidestTree">The most VMAs in the interval tree of an <c>anon_vma</c> that its chains name.</param>
/// <param name="Bytes">Its <c>anon_vma_chain</c>s and its own <c>anon_vma</c>s.</param>
/// <param name="ResidentAnonymousPages">RssAnon; left out where the snapshot does not say.</param>
/// <param name="PageTableBytes">VmPTE; left out where the snapshot does not say.</param>
/// <param name="PrivateFilePages">Its private file mappings; left out if not known.</param>
/// <param name="PrivateFilePagesNotKnown">
/// Why not: <c>no-pagemap</c>, <c>refused</c>, <c>changed</c>, <c>not-kept</c>; left out if they are.
/// </param>
public sealed record RmapProcessDocument(
    IReadOnlyList<int> Pids,
    string Command,
    int? ForkedFrom,
    string Reading,
    int Vmas,
    int AnonVmas,
    int OwnAnonVmas,
    long ChainEntries,
    int LongestChain,
    int WidestTree,
    long Bytes,
    long? ResidentAnonymousPages,
    long? PageTableBytes,
    FilePagesDocument? PrivateFilePages,
    string? PrivateFilePagesNotKnown);

/// <summary>Processes related by fork.</summary>
/// <param name="Pids">The processes, the oldest first.</param>
/// <param name="Roots">Trees of <c>anon_vma</c>s.</param>
/// <param name="AnonVmas"><c>anon_vma</c>s of all of them.</param>
/// <param name="AnonVmasOfEnded">Those among them whose owner has ended.</param>
/// <param name="ChainEntries">Entries of all chains.</param>
/// <param name="LongestChain">Entries of the longest chain of a VMA.</param>
/// <param name="Depth">The longest way from an <c>anon_vma</c> up to its root, in parents.</param>
/// <param name="Bytes">Its <c>anon_vma</c>s and <c>anon_vma_chain</c>s.</param>
public sealed record RmapFamilyDocument(
    IReadOnlyList<int> Pids,
    int Roots,
    long AnonVmas,
    long AnonVmasOfEnded,
    long ChainEntries,
    int LongestChain,
    int Depth,
    long Bytes);

/// <summary>One tree of anon_vmas.</summary>
/// <param name="Root">The number of the <c>anon_vma</c> at the top, from 1 in the order of the snapshot.</param>
/// <param name="Pids">Processes with a VMA in it, in the order of the snapshot.</param>
/// <param name="Vmas">VMAs whose chain is in it.</param>
/// <param name="AnonVmas"><c>anon_vma</c>s of it, the root among them.</param>
/// <param name="AnonVmasOfEnded">Those among them whose owner has ended.</param>
/// <param name="Depth">The longest way from an <c>anon_vma</c> up to the root, in parents.</param>
/// <param name="ChainEntries">Entries of the chains of these VMAs.</param>
/// <param name="LongestChain">Entries of the longest of these chains.</param>
/// <param name="WidestTree">The most VMAs in the interval tree of one of its <c>anon_vma</c>s.</param>
/// <param name="Bytes">Its <c>anon_vma</c>s and <c>anon_vma_chain</c>s.</param>
public sealed record RmapRootDocument(
    int Root,
    IReadOnlyList<int> Pids,
    int Vmas,
    int AnonVmas,
    int AnonVmasOfEnded,
    int Depth,
    long ChainEntries,
    int LongestChain,
    int WidestTree,
    long Bytes);

/// <summary>How many VMAs a walk for one page visits.</summary>
/// <param name="Mean">VMAs of the tree that cover a page offset, on average of those that any covers.</param>
/// <param name="Most">The most that cover one.</param>
/// <param name="Pages">Page offsets that some VMA of the tree covers, whether there is a page or not.</param>
public sealed record RmapVisitsDocument(double Mean, int Most, ulong Pages);

/// <summary>anon_vmas with about as many VMAs in their trees.</summary>
/// <param name="From">The fewest VMAs of a tree in it.</param>
/// <param name="To">The most: 0, 1, 2, 4, 8, ...</param>
/// <param name="AnonVmas">So many <c>anon_vma</c>s.</param>
/// <param name="Vmas">VMAs in their trees, together.</param>
/// <param name="Visited">VMAs that a walk for one page of these trees visits.</param>
public sealed record RmapBucketDocument(int From, int To, int AnonVmas, long Vmas, RmapVisitsDocument Visited);

/// <summary>One anon_vma.</summary>
/// <param name="Number">From 1, in the order of the snapshot.</param>
/// <param name="Root">The number of the root of its tree; its own if it is that, or the root was not read.</param>
/// <param name="Parent">The number of its parent; left out of a root, or if that was not read.</param>
/// <param name="Pid">The process that it is of; left out if that has ended.</param>
/// <param name="Depth">Parents up to the root.</param>
/// <param name="TreeSize">VMAs in its interval tree.</param>
/// <param name="ActiveVmas">Those of them whose <c>vma->anon_vma</c> it is.</param>
/// <param name="Partial">Whether the kernel counts VMAs or children of it that were not read.</param>
/// <param name="Visited">VMAs that a walk for one page of it visits.</param>
/// <param name="MergeableVmas">VMAs in its tree that are open to KSM (VM_MERGEABLE).</param>
/// <param name="VisitedForKsm">VMAs that a walk for a page merged by KSM visits; 0 if none is open to it.</param>
public sealed record RmapAnonVmaDocument(
    int Number,
    int Root,
    int? Parent,
    int? Pid,
    int Depth,
    int TreeSize,
    int ActiveVmas,
    bool Partial,
    RmapVisitsDocument Visited,
    int MergeableVmas,
    int VisitedForKsm);

/// <summary>What a design would hold for pages, inferred from their number.</summary>
/// <param name="ResidentAnonymousPages">What it is inferred from: RssAnon of all.</param>
/// <param name="LeastBytes">As if a family shared all it can.</param>
/// <param name="MostBytes">As if its members shared every page, two by two; left out where nothing bounds it.</param>
/// <param name="Reason">Of what, in a line.</param>
public sealed record RmapPagesDocument(long ResidentAnonymousPages, long LeastBytes, long? MostBytes, string Reason);

/// <summary>What a design would hold.</summary>
/// <param name="Name">As it was asked for.</param>
/// <param name="Vmas">VMAs that it was loaded with: the same in every design.</param>
/// <param name="Bytes">Of all of <c>objects</c>.</param>
/// <param name="Objects">Objects of its own, by type.</param>
/// <param name="InferredForPages">What it would hold for pages besides; left out if nothing, or not known.</param>
public sealed record RmapDesignDocument(
    string Name,
    long Vmas,
    long Bytes,
    IReadOnlyDictionary<string, SnapshotObjectDocument> Objects,
    RmapPagesDocument? InferredForPages);

/// <summary>A cache of the slab allocator.</summary>
/// <param name="Name">As in <c>/proc/slabinfo</c>.</param>
/// <param name="SizeBytes">Of an object.</param>
/// <param name="ActiveObjects">Objects that count as in use.</param>
/// <param name="MergedWith">Other names of the cache: it counts their objects too.</param>
public sealed record RmapSlabDocument(
    string Name, int SizeBytes, long ActiveObjects, IReadOnlyList<string> MergedWith);

/// <summary><c>verso explain --rmap -j</c>: what reverse maps cost, and whose they are.</summary>
/// <example>verso explain --rmap --top 2 --from examples/redis-fork.vsnap --designs anon-vma-chain,reflink -j</example>
public sealed record RmapDocument
{
    /// <summary><c>verso-rmap/1</c></summary>
    public required string Schema { get; init; }

    /// <summary>What was asked for, in words: <c>all processes</c>.</summary>
    public required string Selection { get; init; }

    /// <summary><c>uname -r</c>.</summary>
    public required string Kernel { get; init; }

    /// <summary>When.</summary>
    public required long TakenUnixSeconds { get; init; }

    /// <summary>By type: <c>vm_area_struct</c>, <c>anon_vma</c>, <c>anon_vma_chain</c>.</summary>
    public required IReadOnlyDictionary<string, SnapshotObjectDocument> Objects { get; init; }

    /// <summary><c>anon_vma</c>s that are shared with processes that were not read.</summary>
    public required int PartialAnonVmas { get; init; }

    /// <summary>Private file mappings, and whose their pages are.</summary>
    public required FileMappingsDocument PrivateFileMappings { get; init; }

    /// <summary>Ids of processes whose VMAs changed while being read.</summary>
    public required IReadOnlyList<int> Changed { get; init; }

    /// <summary>Ids of processes that ended before the reading was over.</summary>
    public required IReadOnlyList<int> Ended { get; init; }

    /// <summary>An address space each, those that take the most bytes first.</summary>
    public required IReadOnlyList<RmapProcessDocument> Processes { get; init; }

    /// <summary>Processes related by fork, those that take the most bytes first.</summary>
    public required IReadOnlyList<RmapFamilyDocument> Families { get; init; }

    /// <summary>Trees, those that take the most bytes first; at most <c>--top</c>.</summary>
    public required IReadOnlyList<RmapRootDocument> Roots { get; init; }

    /// <summary>VMAs that a walk for one page of any tree visits.</summary>
    public required RmapVisitsDocument Visited { get; init; }

    /// <summary><c>anon_vma</c>s by the size of their trees; empty sizes are left out.</summary>
    public required IReadOnlyList<RmapBucketDocument> Trees { get; init; }

    /// <summary><c>anon_vma</c>s with the longest walks, at most <c>--top</c>.</summary>
    public required IReadOnlyList<RmapAnonVmaDocument> Worst { get; init; }

    /// <summary>What designs would hold for this graph; empty unless it was asked for (<c>--designs</c>).</summary>
    public required IReadOnlyList<RmapDesignDocument> Designs { get; init; }

    /// <summary>What <c>/proc/slabinfo</c> counts; empty unless every live process was read.</summary>
    public required IReadOnlyList<RmapSlabDocument> Slabs { get; init; }
}

internal static class RmapDocuments
{
    /// <summary>Lists of files, roots and anon_vmas have at most so many entries; processes and families all.</summary>
    public static RmapDocument Of(ReverseMapCosts costs, int top)
    {
        FamilyGraph graph = costs.Graph;
        return new RmapDocument
        {
            Schema = "verso-rmap/1",
            Selection = graph.Snapshot.Header.Selection,
            Kernel = graph.Snapshot.Header.Kernel,
            TakenUnixSeconds = graph.Snapshot.Header.TakenUnixSeconds,
            Objects = new Dictionary<string, SnapshotObjectDocument>
            {
                ["vm_area_struct"] = Objects(graph.Vmas, SnapshotSummary.VmaBytes),
                ["anon_vma"] = Objects(graph.AnonVmas.Count, SnapshotSummary.AnonVmaBytes),
                ["anon_vma_chain"] = Objects(graph.ChainEntries, SnapshotSummary.ChainEntryBytes),
            },
            PartialAnonVmas = graph.PartialCount,
            PrivateFileMappings = FileMappingDocuments.Of(costs.Summary.FileMappings, top),
            Changed = costs.Summary.Changed,
            Ended = graph.Snapshot.Ended,
            Processes = [.. costs.BySpace.Select(space => Of(space, costs.Summary.FileMappings))],
            Families = [.. graph.Families.Select(Of)],
            Roots = [.. graph.Roots.Take(top).Select(Of)],
            Visited = Of(costs.Walks.All),
            Trees = [.. costs.Walks.Buckets.Select(bucket => new RmapBucketDocument(
                bucket.From, bucket.To, bucket.AnonVmas, bucket.Vmas, Of(bucket.Visits)))],
            Worst = [.. costs.Worst.Take(top).Select(node => Of(node, graph.Snapshot.Header.Kernel))],
            Designs = [.. costs.Designs.Select(Of)],
            Slabs = [.. costs.Slabs.Select(slab => new RmapSlabDocument(
                slab.Name, slab.SizeBytes, slab.ActiveObjects, slab.MergedWith))],
        };
    }

    private static RmapProcessDocument Of(SpaceNode space, FileMappings mappings) => new(
        [.. space.Processes.Select(process => process.Pid)],
        space.Process.Command,
        space.Parent?.Process.Pid,
        Kebab.Of(space.Process.Reading.ToString()),
        space.Vmas,
        space.NamedAnonVmas,
        space.OwnAnonVmas,
        space.ChainEntries,
        space.LongestChain,
        space.WidestTree,
        space.ReverseMapBytes,
        space.Process.Memory?.AnonymousPages,
        space.Process.Memory?.PageTableBytes,
        FileMappingDocuments.PagesOf(mappings.Of(space.Process.Pid)),
        FileMappingDocuments.ReasonOf(mappings.Of(space.Process.Pid)));

    private static RmapFamilyDocument Of(Family family) => new(
        PidsOf(family.Spaces),
        family.Roots,
        family.AnonVmas,
        family.Orphans,
        family.ChainEntries,
        family.LongestChain,
        family.Depth,
        family.Bytes);

    private static RmapRootDocument Of(RootNode root) => new(
        root.Root.Number,
        PidsOf(root.Spaces),
        root.Vmas,
        root.AnonVmas,
        root.Orphans,
        root.Depth,
        root.ChainEntries,
        root.LongestChain,
        root.Widest.TreeSize,
        root.Bytes);

    private static RmapAnonVmaDocument Of(AnonVmaNode node, string kernel) => new(
        node.Number,
        node.Root.Number,
        node.Parent?.Number,
        node.Owner?.Process.Pid,
        node.Depth,
        node.TreeSize,
        node.ActiveVmas,
        node.IsPartial,
        Of(node.Visits),
        node.MergeableVmas,
        node.VisitsOfKsm(kernel));

    private static RmapDesignDocument Of(DesignHoldings design) => new(
        design.Design.Name,
        design.Vmas,
        design.Bytes,
        design.Objects.ToDictionary(held => held.Name, held => Objects(held.Count, held.SizeBytes)),
        design.PerPage is { } pages
            ? new RmapPagesDocument(pages.Pages, pages.LeastBytes, pages.MostBytes, pages.Reason)
            : null);

    private static RmapVisitsDocument Of(Coverage visits) =>
        new(Math.Round(visits.Mean, 3, MidpointRounding.ToEven), visits.Most, visits.Pages);

    private static int[] PidsOf(IEnumerable<SpaceNode> spaces) =>
        [.. spaces.SelectMany(space => space.Processes).Select(process => process.Pid)];

    private static SnapshotObjectDocument Objects(long count, int size) => new(count, size, count * size);
}
