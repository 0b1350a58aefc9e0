using Verso.Traces.Snapshots;

namespace Verso.Lab.Families;

/// <summary>What a view is sorted by; the most first, except process ids.</summary>
public enum TopOrder
{
    /// <summary>Bytes of the reverse map.</summary>
    Bytes = 0,
    Vmas,

    /// <summary>anon_vmas of its own.</summary>
    AnonVmas,
    Chains,

    /// <summary>The longest chain of a VMA.</summary>
    Longest,

    /// <summary>The most VMAs in the tree of an anon_vma.</summary>
    Widest,

    /// <summary>Bytes of the reverse map that came since the view before.</summary>
    Growth,
    Pid,
}

/// <summary>The processes of one moment by what their reverse maps cost, beside a moment before.</summary>
public sealed record TopView
{
    /// <summary>When, how long it took, of what.</summary>
    public required SnapshotHeader Header { get; init; }

    /// <summary>A row an address space, in the order that was asked for.</summary>
    public required IReadOnlyList<TopRow> Rows { get; init; }

    /// <summary>Whether there was a view before, that rows say more of.</summary>
    public required bool IsCompared { get; init; }

    /// <summary>Processes read.</summary>
    public required int Processes { get; init; }

    /// <summary>VMAs of all.</summary>
    public required long Vmas { get; init; }

    /// <summary>anon_vmas of all.</summary>
    public required long AnonVmas { get; init; }

    /// <summary>Their trees.</summary>
    public required long Roots { get; init; }

    /// <summary>Entries of all chains.</summary>
    public required long ChainEntries { get; init; }

    /// <summary>Bytes of anon_vmas and anon_vma_chains.</summary>
    public required long Bytes { get; init; }

    /// <summary>Makes a view.</summary>
    /// <param name="snapshot">The processes now.</param>
    /// <param name="order">What it is sorted by.</param>
    /// <param name="before">The view before; null if this is the first.</param>
    public static TopView Of(Snapshot snapshot, TopOrder order, TopView? before = null)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        FamilyGraph graph = FamilyGraph.Of(snapshot);
        Dictionary<(int, ulong), TopRow> known = [];
        foreach (TopRow row in before?.Rows ?? [])
        {
            known[(row.Pid, row.StartNanoseconds)] = row;
        }

        IEnumerable<TopRow> rows = graph.Spaces.Select(space =>
            RowOf(space, known.GetValueOrDefault((space.Process.Pid, space.Process.StartNanoseconds))));
        return new TopView
        {
            Header = snapshot.Header,
            Rows = [.. rows.OrderByDescending(row => KeyOf(row, order)).ThenBy(row => row.Pid)],
            IsCompared = before is not null,
            Processes = snapshot.Processes.Count,
            Vmas = graph.Vmas,
            AnonVmas = graph.AnonVmas.Count,
            Roots = graph.Roots.Count,
            ChainEntries = graph.ChainEntries,
            Bytes = graph.Bytes,
        };
    }

    private static TopRow RowOf(SpaceNode space, TopRow? before) => new()
    {
        Pid = space.Process.Pid,
        Command = space.Process.Command,
        StartNanoseconds = space.Process.StartNanoseconds,
        Vmas = space.Vmas,
        AnonVmas = space.OwnAnonVmas,
        ChainEntries = space.ChainEntries,
        LongestChain = space.LongestChain,
        WidestTree = space.WidestTree,
        Bytes = space.ReverseMapBytes,
        MoreVmas = before is null ? null : space.Vmas - before.Vmas,
        MoreBytes = before is null ? null : space.ReverseMapBytes - before.Bytes,
    };

    private static long KeyOf(TopRow row, TopOrder order) => order switch
    {
        TopOrder.Vmas => row.Vmas,
        TopOrder.AnonVmas => row.AnonVmas,
        TopOrder.Chains => row.ChainEntries,
        TopOrder.Longest => row.LongestChain,
        TopOrder.Widest => row.WidestTree,
        TopOrder.Growth => row.MoreBytes ?? 0,
        TopOrder.Pid => -row.Pid,
        _ => row.Bytes,
    };
}

/// <summary>One address space in a view.</summary>
public sealed record TopRow
{
    /// <summary>The process id; of several that share it the lowest.</summary>
    public required int Pid { get; init; }

    public required string Command { get; init; }

    /// <summary>With the id its identity.</summary>
    public required ulong StartNanoseconds { get; init; }

    public required int Vmas { get; init; }

    /// <summary>anon_vmas of its own.</summary>
    public required int AnonVmas { get; init; }

    public required long ChainEntries { get; init; }

    public required int LongestChain { get; init; }

    /// <summary>The most VMAs in the tree of an anon_vma that its chains name.</summary>
    public required int WidestTree { get; init; }

    /// <summary>Bytes of its anon_vma_chains and of the anon_vmas of its own.</summary>
    public required long Bytes { get; init; }

    /// <summary>VMAs that came since the view before, negative if some went; null if it was not in that.</summary>
    public required long? MoreVmas { get; init; }

    /// <summary>The same of <see cref="Bytes"/>.</summary>
    public required long? MoreBytes { get; init; }
}
