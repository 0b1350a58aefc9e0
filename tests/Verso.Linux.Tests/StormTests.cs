using System.Diagnostics;
using System.Globalization;
using Verso.Engine.Images;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Tests;

/// <summary>
/// Two programs whose children come and go while all processes are read: the kernel gives what one frees to the other,
/// and equal pointers are two objects.
/// </summary>
public sealed class StormTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(6);

    private const int LeastSnapshots = 5;
    private const int Children = 120;

    private readonly Dictionary<ulong, AnonVmaImage> _known = [];
    private int _ended;
    private int _related;

    [Fact]
    public void NobodyIsRelatedWhoIsNot()
    {
        using var reader = GraphReaderTests.Open();
        using DrivenProgram one = new("storm", "storm-one", $"{Children}");
        using DrivenProgram other = new("storm", "storm-other", $"{Children}");
        Assert.Equal(("ready", "ready"), (one.ReadLine(), other.ReadLine()));
        var snapshots = 0;
        var processes = 0;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < s_duration || snapshots < LeastSnapshots; snapshots++)
        {
            var snapshot = SnapshotTaker.Take(reader, ProcessSelection.All, SnapshotDetail.Graph);
            Check(snapshot);
            processes += snapshot.Processes.Count;
            _ended += snapshot.Ended.Count;
        }

        one.Finish();
        other.Finish();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{snapshots} snapshots of {processes} processes, {_ended} ended meanwhile, {_related} children with their parent"));
        Assert.True(_ended > 0, "no process ended while it was read");
        Assert.True(_related > 0, "no child was found related to its parent");
    }

    private void Check(Snapshot snapshot)
    {
        _known.Clear();
        Dictionary<ulong, ProcessGraph> spaces = [];
        Dictionary<ulong, string> owners = [];
        foreach (var process in snapshot.Processes)
        {
            var isStorm = process.Command.StartsWith("storm-", StringComparison.Ordinal);
            if (process.Image.Identity != 0 && !spaces.TryAdd(process.Image.Identity, process))
            {
                var sharer = spaces[process.Image.Identity];
                Assert.False(isStorm || sharer.Command.StartsWith("storm-", StringComparison.Ordinal), Tell(process, sharer));
            }

            foreach (var node in process.Image.AnonVmas)
            {
                CheckNode(node);
                var owner = isStorm ? process.Command : "";
                Assert.True(
                    owners.TryAdd(node.Id, owner) || owners[node.Id] == owner,
                    $"{process.Pid} {process.Command} and '{owners[node.Id]}' have an anon_vma");
            }
        }

        CountRelated(snapshot);
    }

    // Root and parent of an anon_vma are what they were at its birth.
    private void CheckNode(AnonVmaImage node)
    {
        if (!_known.TryAdd(node.Id, node))
        {
            Assert.Equal((_known[node.Id].Root, _known[node.Id].Parent), (node.Root, node.Parent));
        }
    }

    // Those children that stay are at rest, and their parent never is: what they have in common is known all the same.
    private void CountRelated(Snapshot snapshot)
    {
        foreach (var family in snapshot.Processes.Where(
            process => process.Command.StartsWith("storm-", StringComparison.Ordinal)).GroupBy(process => process.Command))
        {
            var parent = family.MinBy(process => process.StartNanoseconds)!;
            var named = parent.Image.AnonVmas.Select(node => node.Id).ToHashSet();
            _related += family.Count(
                child => child != parent && child.Image.AnonVmas.Any(node => named.Contains(node.Id)));
        }
    }

    private static string Tell(ProcessGraph one, ProcessGraph other) =>
        $"{one.Pid} {one.Command} shares the address space of {other.Pid} {other.Command}";
}
