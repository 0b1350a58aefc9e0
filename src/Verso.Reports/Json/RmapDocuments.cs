using Verso.Lab.Families;
using Verso.Lab.Snapshots;
using Verso.Lab.Words;

namespace Verso.Reports.Json;

/// <summary>One address space.</summary>
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
public sealed record RmapVisitsDocument(double Mean, int Most, ulong Pages);

/// <summary>anon_vmas with about as many VMAs in their trees.</summary>
public sealed record RmapBucketDocument(int From, int To, int AnonVmas, long Vmas, RmapVisitsDocument Visited);

/// <summary>One anon_vma.</summary>
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

/// <summary>What a design holds for pages, inferred from their number.</summary>
public sealed record RmapPagesDocument(long ResidentAnonymousPages, long LeastBytes, long? MostBytes, string Reason);

/// <summary>What a design would hold.</summary>
public sealed record RmapDesignDocument(
    string Name,
    long Vmas,
    long Bytes,
    IReadOnlyDictionary<string, SnapshotObjectDocument> Objects,
    RmapPagesDocument? InferredForPages);

/// <summary>A cache of the slab allocator.</summary>
public sealed record RmapSlabDocument(
    string Name, int SizeBytes, long ActiveObjects, IReadOnlyList<string> MergedWith);

/// <summary><c>verso explain --rmap -j</c>.</summary>
public sealed record RmapDocument
{
    public required string Schema { get; init; }

    public required string Selection { get; init; }

    public required string Kernel { get; init; }

    public required long TakenUnixSeconds { get; init; }

    /// <summary>vm_area_struct, anon_vma, anon_vma_chain.</summary>
    public required IReadOnlyDictionary<string, SnapshotObjectDocument> Objects { get; init; }

    /// <summary>anon_vmas that are shared with processes that were not read.</summary>
    public required int PartialAnonVmas { get; init; }

    /// <summary>Whose the pages of private file mappings are.</summary>
    public required FileMappingsDocument PrivateFileMappings { get; init; }

    public required IReadOnlyList<int> Changed { get; init; }

    public required IReadOnlyList<int> Ended { get; init; }

    public required IReadOnlyList<RmapProcessDocument> Processes { get; init; }

    public required IReadOnlyList<RmapFamilyDocument> Families { get; init; }

    public required IReadOnlyList<RmapRootDocument> Roots { get; init; }

    public required RmapVisitsDocument Visited { get; init; }

    public required IReadOnlyList<RmapBucketDocument> Trees { get; init; }

    public required IReadOnlyList<RmapAnonVmaDocument> Worst { get; init; }

    /// <summary>What designs would hold for this graph.</summary>
    public required IReadOnlyList<RmapDesignDocument> Designs { get; init; }

    /// <summary>/proc/slabinfo; empty unless every process was read.</summary>
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
