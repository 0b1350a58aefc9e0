using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Engine.ReverseMaps.AnonVmaChain;
using Verso.Engine.Vmas;

namespace Verso.Lab.Tests;

/// <summary>A deliberate error in the rules of merging and forking.</summary>
public enum Mutation
{
    None = 0,

    /// <summary>Neighbours whose anon_vmas differ may merge.</summary>
    AnonVmasMayDiffer,

    /// <summary>A forked child's VMA may give its chain to a neighbour without one.</summary>
    ForkedChainsMayJoin,

    /// <summary>Page offsets need not be linear.</summary>
    OffsetsMayJump,

    /// <summary>A range between two VMAs joins them whatever their chains are.</summary>
    BridgesAreFree,

    /// <summary>An absorbed VMA's anon_vma is forgotten by the one that absorbs it.</summary>
    JoinForgets,

    /// <summary>The child of a fork gets no anon_vma of its own.</summary>
    ForkLinksNothing,

    /// <summary>Fork copies entries of VMAs that have no anon_vma too.</summary>
    ForkCopiesAll,

    /// <summary>A VMA never looks at its neighbours before it allocates an anon_vma.</summary>
    NeverReuses,

    /// <summary>A moved VMA keeps its page offset, faulted or not.</summary>
    MovesKeepOffsets,

    /// <summary>Guard markers leave no anon_vma behind.</summary>
    GuardsPrepareNothing,

    /// <summary>A VMA that is split gives the upper half no chain.</summary>
    SplitForgets,
}

/// <summary>anon-vma-chain with one error in it.</summary>
internal sealed class MutatedChain(Mutation mutation) : AnonVmaChainMap
{
    public static Catalogue.Entry Entry(Mutation mutation) => new(
        Line with { Name = $"anon-vma-chain with {mutation}" },
        options => Machine.With(options, new AnonVmaChainPages(new MutatedChain(mutation))));

    public override MergeTests CanJoin(in JoinCandidate candidate) => base.CanJoin(candidate) & ~(mutation switch
    {
        Mutation.AnonVmasMayDiffer => MergeTests.AnonVma,
        Mutation.ForkedChainsMayJoin => MergeTests.ForkedChain,
        Mutation.OffsetsMayJump => MergeTests.PageOffset,
        _ => MergeTests.None,
    });

    public override MergeTests CanBridge(VmaId left, VmaId right, VmaId between) =>
        mutation == Mutation.BridgesAreFree ? MergeTests.None : base.CanBridge(left, right, between);

    public override Errno Join(VmaId target, VmaId source) =>
        mutation == Mutation.JoinForgets ? Errno.None : base.Join(target, source);

    public override Errno Split(VmaId source, VmaId fresh) =>
        mutation == Mutation.SplitForgets ? Errno.None : base.Split(source, fresh);

    public override Errno Fork(VmaId parent, VmaId child) =>
        mutation == Mutation.ForkLinksNothing ? base.Split(parent, child) : base.Fork(parent, child);

    public override ForkCopy CopyAtFork(VmaId parent) =>
        mutation == Mutation.ForkCopiesAll ? ForkCopy.Entries : base.CopyAtFork(parent);

    public override Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome) => base.Prepare(
        vma, mutation == Mutation.NeverReuses ? PrepareOutcome.Allocated : logged, out outcome);

    public override ulong PlaceCopy(VmaId source, ulong start, ulong pages, ulong address) =>
        mutation == Mutation.MovesKeepOffsets
            ? World.Vmas[source].PgoffAt(start)
            : base.PlaceCopy(source, start, pages, address);

    public override GuardMarks GuardMarksOf(VmaId vma) => mutation == Mutation.GuardsPrepareNothing
        ? base.GuardMarksOf(vma) & ~GuardMarks.Prepare
        : base.GuardMarksOf(vma);
}
