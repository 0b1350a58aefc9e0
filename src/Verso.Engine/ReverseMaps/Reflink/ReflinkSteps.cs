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
        "3" => Machine.With(options, new ReflinkTablePages(new ReflinkMap(ReflinkMap.FactsAt(3)))),
        "4" => Machine.With(options, new ReflinkPages(new ReflinkMap(ReflinkMap.FactsAt(4)))),
        "5" => Machine.With(options, new ReflinkPages(new ReflinkMap(ReflinkMap.FactsAt(5)))),
        _ => Machine.With(options, new ReflinkPages(new ReflinkMap(ReflinkMap.Line))),
    };

    /// <summary>Step 2 is anon-vma-lazy.</summary>
    private sealed class LazyStep : AnonVmaLazyMap
    {
        public override DesignFacts Facts { get; } = ReflinkMap.FactsAt(2);
    }
}
