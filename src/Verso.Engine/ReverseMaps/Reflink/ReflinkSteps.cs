using Verso.Engine.ReverseMaps.AnonVmaLazy;

namespace Verso.Engine.ReverseMaps.Reflink;

/// <summary>
/// The way from anon_vma to reflink, each step a design of its own (docs/designs/reflink.md, "A way there").
/// </summary>
internal static class ReflinkSteps
{
    /// <summary>A machine at the step that the options choose.</summary>
    public static Machine Create(MachineOptions options) => options.Design.GetValueOrDefault("step") switch
    {
        "1" => Machine.With(options, new OwnAtFirstWritePages(new OwnAtFirstWriteMap())),
        "2" => Machine.With(options, new AnonVmaLazyPages(new LazyStep())),
        "3" => Machine.With(options, new ReflinkTablePages(new ReflinkMap(PageOwner.PageTable))),
        _ => Machine.With(options, new ReflinkPages(new ReflinkMap())),
    };

    /// <summary>Step 2 is anon-vma-lazy.</summary>
    private sealed class LazyStep : AnonVmaLazyMap
    {
        public override DesignFacts Facts { get; } = ReflinkMap.FactsOf(PageOwner.PageTable);
    }
}
