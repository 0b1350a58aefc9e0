using System.Globalization;
using Verso.Linux.Counting;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Families;

/// <summary>What a view is sorted by; the most first, except process ids.</summary>
public enum TopOrder
{
    /// <summary>VMAs: who is nearest to vm.max_map_count.</summary>
    Vmas = 0,

    /// <summary>VMAs that come in a second.</summary>
    Growth,

    /// <summary>Bytes of the reverse map.</summary>
    Bytes,

    /// <summary>anon_vmas of its own.</summary>
    AnonVmas,
    Chains,

    /// <summary>The longest chain of a VMA.</summary>
    Longest,

    /// <summary>The most VMAs in the tree of an anon_vma.</summary>
    Widest,

    Pid,
}

/// <summary>The processes of one moment by what their reverse maps cost, beside a moment before.</summary>
public sealed record TopView
{
    /// <summary>When, how long it took, of what.</summary>
    public required SnapshotHeader Header { get; init; }

    /// <summary>A row an address space, in the order that was asked for.</summary>
    public required IReadOnlyList<TopRow> Rows { get; init; }

    /// <summary>Whether more than VMAs is known; without root /proc shows no more.</summary>
    public bool HasGraph { get; init; } = true;

    /// <summary>Processes that may not be read, and are left out.</summary>
    public int Refused { get; init; }

    /// <summary>
    /// What names of processes or units have to contain to be among <see cref="Rows"/>; empty: all are.
    /// </summary>
    public string Filter { get; init; } = "";

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
    /// <param name="since">How long ago that was.</param>
    public static TopView Of(Snapshot snapshot, TopOrder order, TopView? before = null, TimeSpan since = default)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        FamilyGraph graph = FamilyGraph.Of(snapshot);
        TopRow[] rows =
        [
            .. graph.Spaces.Select(space => new TopRow
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
                MoreVmas = null,
                MoreBytes = null,
            }),
        ];
        return new TopView
        {
            Header = snapshot.Header,
            Rows = Sorted(Compared(rows, before, since), order),
            IsCompared = before is not null,
            Processes = snapshot.Processes.Count,
            Vmas = graph.Vmas,
            AnonVmas = graph.AnonVmas.Count,
            Roots = graph.Roots.Count,
            ChainEntries = graph.ChainEntries,
            Bytes = graph.Bytes,
        };
    }

    /// <summary>A view of what /proc shows: VMAs only.</summary>
    /// <param name="header">When, of what.</param>
    /// <param name="counts">The processes now.</param>
    /// <param name="order">What it is sorted by; what only the graph tells is 0 for all.</param>
    /// <param name="before">The view before; null if this is the first.</param>
    /// <param name="since">How long ago that was.</param>
    public static TopView Of(
        SnapshotHeader header,
        IReadOnlyList<VmaCount> counts,
        TopOrder order,
        TopView? before = null,
        TimeSpan since = default)
    {
        ArgumentNullException.ThrowIfNull(counts);
        TopRow[] rows =
        [
            .. counts.Select(count => new TopRow
            {
                Pid = count.Pid,
                Command = count.Command,
                StartNanoseconds = count.StartNanoseconds,
                Vmas = count.Vmas,
                AnonVmas = 0,
                ChainEntries = 0,
                LongestChain = 0,
                WidestTree = 0,
                Bytes = 0,
                MoreVmas = null,
                MoreBytes = null,
            }),
        ];
        return new TopView
        {
            Header = header,
            Rows = Sorted(Compared(rows, before, since), order),
            HasGraph = false,
            IsCompared = before is not null,
            Processes = rows.Length,
            Vmas = rows.Sum(row => (long)row.Vmas),
            AnonVmas = 0,
            Roots = 0,
            ChainEntries = 0,
            Bytes = 0,
        };
    }

    /// <summary>The same rows by something else.</summary>
    public TopView By(TopOrder order) => this with { Rows = Sorted(Rows, order) };

    /// <summary>Only the rows of processes whose name, unit or id has this in it.</summary>
    public TopView With(string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return filter.Length == 0 ? this
            : this with { Rows = [.. Rows.Where(row => row.Has(filter))], Filter = filter };
    }

    private static IEnumerable<TopRow> Compared(TopRow[] rows, TopView? before, TimeSpan since)
    {
        Dictionary<(int, ulong), TopRow> known = [];
        foreach (TopRow row in before?.Rows ?? [])
        {
            known[(row.Pid, row.StartNanoseconds)] = row;
        }

        double seconds = Math.Max(since.TotalSeconds, 1e-3);
        foreach (TopRow row in rows)
        {
            yield return known.GetValueOrDefault((row.Pid, row.StartNanoseconds)) is not { } old ? row : row with
            {
                MoreVmas = row.Vmas - old.Vmas,
                MoreBytes = row.Bytes - old.Bytes,
                VmasPerSecond = since == default ? null : (row.Vmas - old.Vmas) / seconds,
            };
        }
    }

    private static TopRow[] Sorted(IEnumerable<TopRow> rows, TopOrder order) =>
        [.. rows.OrderByDescending(row => KeyOf(row, order)).ThenBy(row => row.Pid)];

    private static long KeyOf(TopRow row, TopOrder order) => order switch
    {
        TopOrder.AnonVmas => row.AnonVmas,
        TopOrder.Chains => row.ChainEntries,
        TopOrder.Longest => row.LongestChain,
        TopOrder.Widest => row.WidestTree,
        TopOrder.Growth => row.MoreVmas ?? 0,
        TopOrder.Pid => -row.Pid,
        TopOrder.Bytes => row.Bytes,
        _ => row.Vmas,
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

    /// <summary>VMAs that came in a second since the view before; null if it was not in that.</summary>
    public double? VmasPerSecond { get; init; }

    /// <summary>Its control group; null if nobody looked.</summary>
    public ControlGroup? Group { get; init; }

    internal bool Has(string text) => Command.Contains(text, StringComparison.OrdinalIgnoreCase)
        || Group?.Unit.Contains(text, StringComparison.OrdinalIgnoreCase) == true
        || Pid.ToString(CultureInfo.InvariantCulture) == text;
}
