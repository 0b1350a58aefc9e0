using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Families;
using Verso.Lab.Replay;
using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests;

/// <summary>What designs say of their objects is what the ledger counts and what frames name.</summary>
public sealed class DesignStructureTests
{
    public static TheoryData<string> Designs { get; } = [.. Catalogue.Designs.Select(entry => entry.Facts.Name)];

    [Theory]
    [MemberData(nameof(Designs))]
    public void ObjectsAreThoseOfTheLedger(string name)
    {
        int seen = 0;
        foreach (Scenario scenario in ScenarioFiles.Read([ScenarioLibraryTests.Folder()]))
        {
            ScenarioReplay replay = ScenarioReplay.Begin(
                scenario, new ReplayOptions { Design = DesignChoice.Parse(name) }, TestContext.Current.CancellationToken);
            while (replay.Next())
            {
            }

            Machine machine = replay.Machine;
            DesignStructure structure = DesignStructure.Of(name, machine, replay.Spaces);
            foreach (IGrouping<string, StructureObject> type in structure.Objects.Where(each => each.What.Type != DesignObject.Inode)
                .GroupBy(each => each.What.Type))
            {
                long live = machine.Ledger.Rows.First(row => row.Name == type.Key).Live;
                Assert.True(type.Count() <= live, $"{scenario.Name}: {type.Count()} of {live} {type.Key}");
                seen += type.Count();
            }

            Assert.Equal(0, structure.Hidden);
            Assert.All(structure.Links, link => Assert.Contains(structure.Objects, each => each.What == link.What));
            Assert.All(
                structure.Objects.Where(each => each.Parent != default),
                each => Assert.Contains(structure.Objects, above => above.What == each.Parent));
            if (machine.Design.Owner == PageOwner.Object)
            {
                long held = Enumerable.Range(1, machine.World.Frames.UsedCount - 1)
                    .Count(pfn => machine.World.Frames.IsLive(new Pfn(pfn)) && machine.World.Frames[new Pfn(pfn)].IsHeld);
                Assert.True(
                    held + machine.World.Swap.LiveCount == structure.Objects.Sum(each => each.Pages),
                    $"{scenario.Name}: {held} frames, {structure.Objects.Sum(each => each.Pages)} told");
            }
        }

        Assert.True(seen > 0 || name is "page-table-scan" or "pte-chain");
    }
}
