using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

/// <summary>
/// anon-vma-chain in which a VMA that fork made is linked to the anon_vmas of its ancestors and may have none of its
/// own yet: what chains then say of merging. When it gets one is the policy's.
/// </summary>
public abstract class DeferredMap : AnonVmaChainMap
{
    internal override AnonVmaOwnership Ownership => AnonVmaOwnership.Deferred;

    /// <inheritdoc/>
    /// <remarks>
    /// Linux's table, asked of what is there: chains that are equal merge, an empty one merges with any that is not a
    /// fork child's. VMAs that were written apart and never forked have no anon_vmas to differ in.
    /// </remarks>
    public override MergeTests CanJoin(in JoinCandidate candidate)
    {
        MergeTests failed = candidate.TestAnonPgoff();
        int target = Graph.NewestOf(candidate.Target);
        int state = Graph.NewestOf(candidate.StateOf);
        if (target != 0 && state != 0)
        {
            return AreAlike(candidate.Target, candidate.StateOf) ? failed : failed | MergeTests.AnonVma;
        }

        return target == state || !HasInherited(target != 0 ? candidate.Target : candidate.StateOf)
            ? failed
            : failed | MergeTests.ForkedChain;
    }

    /// <inheritdoc/>
    public override MergeTests CanBridge(VmaId left, VmaId right, VmaId between) =>
        Graph.NewestOf(left) == 0 || Graph.NewestOf(right) == 0 || AreAlike(left, right)
            ? MergeTests.None
            : MergeTests.AnonVma;

    /// <summary>Equal chains, and the same anon_vma of their own or none.</summary>
    private bool AreAlike(VmaId left, VmaId right) =>
        Graph.NewestOf(left) == Graph.NewestOf(right) && Graph.AnonVmaOf(left) == Graph.AnonVmaOf(right);

    /// <summary>Linked to an anon_vma that is not its own: a fork child.</summary>
    private bool HasInherited(VmaId vma) => Graph.AnonVmaOf(vma) == 0 || !Graph.IsSingular(vma);
}
