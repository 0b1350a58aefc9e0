using Verso.Engine.ReverseMaps.AnonVmaChain;
using Verso.Engine.ReverseMaps.PageTableScan;
using Verso.Engine.ReverseMaps.PteChain;

namespace Verso.Engine.ReverseMaps;

/// <summary>Every design, one line each.</summary>
public static class Catalogue
{
    /// <summary>The designs in the order of docs/designs/README.md.</summary>
    public static IReadOnlyList<Entry> Designs { get; } =
    [
        new(PageTableScanMap.Facts, options => new Machine<PageTableScanMap>(options, new PageTableScanMap())),
        new(PteChainMap.Facts, options => new Machine<PteChainMap>(options, new PteChainMap())),
        new(AnonVmaChainMap.Facts, options => new Machine<AnonVmaChainMap>(options, new AnonVmaChainMap())),
    ];

    /// <summary>The entry with this name, or null.</summary>
    public static Entry? Find(string name)
    {
        foreach (Entry entry in Designs)
        {
            if (entry.Facts.Name == name)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>One design: what it says of itself, and how to make a machine with it.</summary>
    public sealed record Entry(DesignFacts Facts, Func<MachineOptions, Machine> Create);
}
