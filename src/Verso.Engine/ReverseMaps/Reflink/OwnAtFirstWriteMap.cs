using Verso.Engine.ReverseMaps.AnonVmaChain;

namespace Verso.Engine.ReverseMaps.Reflink;

/// <summary>
/// Step 1: fork links the child to its parent's anon_vmas, and gives it none of its own. It gets that at its first
/// write, so a child that only reads, or calls exec, never does.
/// </summary>
public sealed class OwnAtFirstWriteMap : DeferredMap
{
    /// <inheritdoc/>
    public override DesignFacts Facts { get; } = ReflinkMap.FactsAt(1);

    /// <inheritdoc/>
    public override Errno Fork(VmaId parent, VmaId child) =>
        Graph.NewestOf(parent) == 0 ? Errno.None : Graph.Inherit(parent, child);

    /// <inheritdoc/>
    public override Errno Join(VmaId target, VmaId source) =>
        Graph.NewestOf(target) == 0 && Graph.NewestOf(source) != 0 ? Graph.CloneSame(source, target) : Errno.None;

    /// <summary>The VMA's own anon_vma is there from now on. ENOMEM.</summary>
    internal Errno Own(VmaId vma) =>
        Graph.AnonVmaOf(vma) != 0 ? Errno.None
        : Graph.NewestOf(vma) != 0 ? Graph.Own(vma)
        : Graph.Prepare(vma, PrepareOutcome.Derive, out _);
}
