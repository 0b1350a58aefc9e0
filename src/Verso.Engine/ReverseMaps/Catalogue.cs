using Verso.Engine.ReverseMaps.AddressSpaceTree;
using Verso.Engine.ReverseMaps.AnonArea;
using Verso.Engine.ReverseMaps.Anonmm;
using Verso.Engine.ReverseMaps.AnonVma;
using Verso.Engine.ReverseMaps.AnonVmaChain;
using Verso.Engine.ReverseMaps.AnonVmaFlags;
using Verso.Engine.ReverseMaps.AnonVmaLazy;
using Verso.Engine.ReverseMaps.CowContext;
using Verso.Engine.ReverseMaps.MatenaMerging;
using Verso.Engine.ReverseMaps.MmAddressSpace;
using Verso.Engine.ReverseMaps.PageTableScan;
using Verso.Engine.ReverseMaps.PteChain;
using Verso.Engine.ReverseMaps.Reflink;
using Verso.Engine.ReverseMaps.RelocateAnon;

namespace Verso.Engine.ReverseMaps;

/// <summary>Every design, one line each.</summary>
public static class Catalogue
{
    /// <summary>The designs in the order of docs/designs/README.md.</summary>
    public static IReadOnlyList<Entry> Designs { get; } =
    [
        new(PageTableScanMap.Line, options => Machine.With(options, new PageTableScanPages(new()))),
        new(PteChainMap.Line, options => Machine.With(options, new PteChainPages(new()))),
        new(AnonAreaMap.Line, options => Machine.With(options, new AnonAreaPages(new()))),
        new(AddressSpaceTreeMap.Line, options => Machine.With(options, new AddressSpaceTreePages(new()))),
        new(AnonmmMap.Line, options => Machine.With(options, new AnonmmPages(new()))),
        new(MmAddressSpaceMap.Line, options => Machine.With(options, new MmAddressSpacePages(new()))),
        new(AnonVmaMap.Line, options => Machine.With(options, new AnonVmaPages(new()))),
        new(AnonVmaChainMap.Line, options => Machine.With(options, new AnonVmaChainPages(new AnonVmaChainMap()))),
        new(MatenaMergingMap.Line, options => Machine.With(options, new AnonVmaChainPages(new MatenaMergingMap()))),
        new(AnonVmaFlagsMap.Line, options => Machine.With(options, new AnonVmaChainPages(new AnonVmaFlagsMap()))),
        new(ReflinkMap.Line, ReflinkSteps.Create),
        new(AnonVmaLazyMap.Line, AnonVmaLazyMap.Create),
        new(CowContextMap.Line, options => Machine.With(options, new CowContextPages(new()))),
        new(RelocateAnonMap.Line, options => Machine.With(options, new AnonVmaChainPages(new RelocateAnonMap()))),
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
    public sealed record Entry(DesignFacts Facts, Func<MachineOptions, Machine> Create)
    {
        /// <summary>The design with each value of this soundness that is no default, one at a time.</summary>
        public IEnumerable<Entry> Variants(Soundness soundness) =>
            from option in Facts.Options
            from value in option.Values.Skip(1)
            where value.Soundness == soundness
            select With(option.Name, value.Name);

        /// <summary>The design with an option chosen; its name says so, as --designs takes it.</summary>
        public Entry With(string option, string value) => new(
            Facts with { Name = $"{Facts.Name}:{option}={value}", Owner = Facts.OwnerWith(option, value) },
            options => Create(options with
            {
                Design = new Dictionary<string, string>(options.Design) { [option] = value },
            }));
    }
}
