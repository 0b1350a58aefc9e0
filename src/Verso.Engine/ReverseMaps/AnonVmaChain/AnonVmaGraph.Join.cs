using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaChain;

// The merge tests that are this design's matter.
internal sealed partial class AnonVmaGraph
{
    /// <summary>is_mergeable_anon_vma and the page offset test, by the rules of the kernel version.</summary>
    public MergeTests CanJoin(in JoinCandidate candidate)
    {
        MergeTests failed = candidate.TestAnonPgoff();
        int target = AnonVmaOf(candidate.Target);
        int source = candidate.StateOf.IsNone ? 0 : AnonVmaOf(candidate.StateOf);
        return failed | TestAnonVmas(target, source, candidate);
    }

    /// <summary>
    /// The right-hand test of a three-way merge: both sides go with the range between them, but do they with each
    /// other?
    /// </summary>
    public MergeTests CanBridge(VmaId left, VmaId right)
    {
        int a = AnonVmaOf(left);
        int b = AnonVmaOf(right);
        return a == 0 || b == 0 || a == b ? MergeTests.None : MergeTests.AnonVma;
    }

    private MergeTests TestAnonVmas(int target, int source, in JoinCandidate candidate)
    {
        if (target == source)
        {
            return MergeTests.None;
        }

        if (target != 0 && source != 0)
        {
            return MergeTests.AnonVma;
        }

        if (_mergesForkChildren)
        {
            return MergeTests.None;
        }

        if (target != 0)
        {
            return IsForkChild(candidate.Target) ? MergeTests.ForkedChain : MergeTests.None;
        }

        // The target has none and would take the source's (dup_anon_vma).
        if (!_world.Rules.UnfaultedTargetMerges || (!candidate.Source.IsNone && IsForkChild(candidate.Source)))
        {
            return MergeTests.ForkedChain;
        }

        return _world.Rules.CopiedRangeForkLimit && IsForkChild(candidate.CopiedFrom)
            ? MergeTests.ForkedChain
            : MergeTests.None;
    }
}
