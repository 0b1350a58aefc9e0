using Verso.Engine.ReverseMaps;

namespace Verso.Engine;

/// <summary>The paths of a machine that touch pages, compiled once a design (docs/decisions/0001).</summary>
/// <typeparam name="TDesign">The reverse map; a struct, so that its hooks are direct calls.</typeparam>
public abstract partial class Machine<TDesign> : Machine
    where TDesign : struct, IReverseMap
{
    private TDesign _design;

    private Machine(World world, TDesign design)
        : base(world, design) => _design = design;

    /// <inheritdoc/>
    public override DesignFacts Design => TDesign.Facts;
}
