using System.Diagnostics;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Families;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>Forks of forks of forks, of which time and stack must not be what the depth is.</summary>
/// <remarks>
/// Strategy: forests of up to 60 processes with random parents, owners and times of birth; a search of all says who a
/// parent must be. VERSO_SEED=N begins elsewhere.
/// </remarks>
public sealed class DeepFamilyTests
{
    private const ulong Base = 0x10000;
    private const int Generations = 60_000;
    private const int Forests = 300;

    private static TimeSpan Slack => TimeSpan.FromSeconds(1);

    /// <summary>Step by step up each line, the third of these took half a minute.</summary>
    [Fact]
    public void DepthCostsNoMoreThanWidth()
    {
        TimeSpan wide = TimeOf(Many(Generations, _ => 1));
        foreach (Snapshot deep in (Snapshot[])
            [Living(Generations), Ended(Generations, Generations), Many(Generations, id => id - 1)])
        {
            TimeSpan time = TimeOf(deep);
            Assert.True(time < Slack + (20 * wide), $"{time}, and {wide} of as many side by side");
        }
    }

    [Fact]
    public void EachOfALongLineWasForkedFromTheOneBefore()
    {
        FamilyGraph graph = FamilyGraph.Of(Living(Generations));
        Assert.Equal([null, .. graph.Spaces.SkipLast(1)], graph.Spaces.Select(space => space.Parent));
    }

    /// <summary>Any forest, with owners of any age and without: as going up one by one finds it.</summary>
    [Fact]
    public void VotesAreForTheNearestElder()
    {
        int first = RandomSeed.First;
        for (int seed = first; seed < first + Forests; seed++)
        {
            FamilyGraph graph = FamilyGraph.Of(Forest(new Random(seed)));
            Dictionary<SpaceNode, List<SpaceNode>> votes = [];
            foreach (AnonVmaNode node in graph.AnonVmas)
            {
                if (node.Owner is { } owner && Elder(node, owner) is { } elder)
                {
                    votes.TryAdd(owner, []);
                    votes[owner].Add(elder);
                }
            }

            foreach (SpaceNode space in graph.Spaces)
            {
                SpaceNode? expected = votes.GetValueOrDefault(space)?.GroupBy(elder => elder)
                    .OrderByDescending(group => group.Count()).ThenByDescending(group => AgeOf(group.Key)).First().Key;
                Assert.True(expected == space.Parent, $"seed {seed}, process {space.Process.Pid}");
            }
        }
    }

    private static SpaceNode? Elder(AnonVmaNode node, SpaceNode child)
    {
        for (AnonVmaNode? at = node.Parent; at is not null; at = at.Parent)
        {
            if (at.Owner is { } owner && AgeOf(owner).CompareTo(AgeOf(child)) < 0)
            {
                return owner;
            }
        }

        return null;
    }

    private static (ulong Start, int Index) AgeOf(SpaceNode space) => (space.Process.StartNanoseconds, space.Index);

    private static Snapshot Forest(Random random)
    {
        int count = random.Next(1, 60);
        int[] parents = [.. Enumerable.Range(1, count).Select(id => random.Next(4) == 0 ? random.Next(1, id + 1)
            : Math.Max(id - 1, 1))];
        int[] owners = [.. Enumerable.Range(1, count).Select(_ => random.Next(-2, 8))];
        AnonVmaImage[] nodes = [.. Enumerable.Range(1, count).Select(
            id => new AnonVmaImage((ulong)id, 1, (ulong)parents[id - 1], 0, 0))];
        Snapshot made = Of(Enumerable.Range(0, 8).Select(owner => new MmImage
        {
            Vmas = [.. Enumerable.Range(1, count).Where(id => owners[id - 1] == owner).Select(id => Vma(id, id, [id]))],
            AnonVmas = nodes,
        }));
        return made with
        {
            Processes = [.. made.Processes.Select(one => one with { StartNanoseconds = (ulong)random.Next(6) })],
        };
    }

    private static TimeSpan TimeOf(Snapshot snapshot)
    {
        long begin = Stopwatch.GetTimestamp();
        _ = FamilyGraph.Of(snapshot);
        return Stopwatch.GetElapsedTime(begin);
    }

    /// <summary>Each was forked from the one before and lives: chains name only oneself and the parent.</summary>
    private static Snapshot Living(int generations) => Of(Enumerable.Range(1, generations).Select(id =>
        Image([id], id == 1 ? [1] : [id, id - 1])));

    /// <summary>One process, the last of a line of ended ones, has many VMAs of its own.</summary>
    private static Snapshot Ended(int generations, int vmas) => Of([new MmImage
    {
        Vmas = [.. Enumerable.Range(0, vmas).Select(at => Vma(at, generations + at + 1, at == 0
            ? [generations + 1, .. Enumerable.Range(1, generations).Reverse()] : [generations + at + 1, generations]))],
        AnonVmas = [.. Enumerable.Range(1, generations + vmas).Select(id =>
            new AnonVmaImage((ulong)id, 1, (ulong)(id == 1 ? 1 : Math.Min(id - 1, generations)), 0, 0))],
    }]);

    /// <summary>All of one process.</summary>
    private static Snapshot Many(int count, Func<int, int> parent) => Of([new MmImage
    {
        Vmas = [.. Enumerable.Range(1, count).Select(id => Vma(id, id, [id]))],
        AnonVmas = [.. Enumerable.Range(1, count).Select(
            id => new AnonVmaImage((ulong)id, 1, (ulong)Math.Max(parent(id), 1), 1, 1))],
    }]);

    private static MmImage Image(int[] own, int[] chain) => new()
    {
        Vmas = [Vma(0, own[0], chain)],
        AnonVmas = [.. chain.Select(id => new AnonVmaImage((ulong)id, 1, (ulong)Math.Max(id - 1, 1), 1, 1))],
    };

    private static VmaImage Vma(int place, int anonVma, IEnumerable<int> chain) => new(
        Base + ((ulong)place * Page.Size),
        Base + ((ulong)(place + 1) * Page.Size),
        VmaFlags.Read | VmaFlags.Write,
        (Base / Page.Size) + (ulong)place,
        default,
        (ulong)anonVma,
        [.. chain.Select(id => (ulong)id)]);

    private static Snapshot Of(IEnumerable<MmImage> images) => new()
    {
        Header = new SnapshotHeader { Kernel = "6.18.44", MaxMapCount = 65530 },
        Files = [],
        Processes = [.. images.Select((image, at) => new ProcessGraph(at + 1, "p", (ulong)at + 1, image, GraphReading.Whole))],
    };
}
