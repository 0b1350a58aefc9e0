using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Families;
using Verso.Lab.Snapshots;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>What a snapshot comes to, where processes share address spaces or nobody knows whether they do.</summary>
public sealed class SnapshotSummaryTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1, 7UL)]
    [InlineData(1, 7UL, 7UL)]
    [InlineData(2, 7UL, 8UL, 7UL)]
    [InlineData(2, 0UL, 0UL)]
    [InlineData(4, 0UL, 7UL, 0UL, 7UL, 8UL)]
    public void EachAddressSpaceCountsOnce(int spaces, params ulong[] identities)
    {
        Snapshot snapshot = new()
        {
            Header = new SnapshotHeader(),
            Files = [],
            Processes = [.. identities.Select((identity, at) =>
                new ProcessGraph(at + 1, "x", 0, Image(identity), GraphReading.Whole))],
        };
        SnapshotSummary summary = SnapshotSummary.Of(snapshot);
        Assert.Equal(identities.Length, summary.Processes);
        Assert.Equal(spaces, summary.AddressSpaces);
        Assert.Equal(spaces, summary.Vmas);
        Assert.Equal(spaces, FamilyGraph.Of(snapshot).Spaces.Count);
    }

    private static MmImage Image(ulong identity) => new()
    {
        Identity = identity,
        Vmas = [new VmaImage(0x10000, 0x11000, VmaFlags.Read, 0x10, default, 0, [])],
        AnonVmas = [],
    };
}
