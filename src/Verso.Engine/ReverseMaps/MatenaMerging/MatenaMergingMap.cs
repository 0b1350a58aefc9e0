using Verso.Engine.ReverseMaps.AnonVmaChain;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.MatenaMerging;

/// <summary>
/// anon-vma-chain with Matena's two policies: the page offset of a faulted VMA follows where it moves, and neighbours
/// with different anon_vmas merge; each only where no page is shared. See docs/designs/matena-merging.md.
/// </summary>
public sealed class MatenaMergingMap : RehomingMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly new DesignFacts Line = new(
        "matena-merging",
        "anon-vma-chain that re-homes unshared pages, so that more VMAs merge",
        "Jakub Matena, RFC of February 2022 (v1) and May 2022 (v3)",
        PageOwner.PageTable)
    {
        Options =
        [
            new(
                "policy",
                "which of the two limitations is removed",
                new OptionValue("both", "both"),
                new OptionValue("pgoff", "page offsets follow moves"),
                new OptionValue("anon-vma", "different anon_vmas merge")),
            new(
                "sharing",
                "how pages are known not to be shared",
                new OptionValue("mapcount", "by anon_vma, and where that is ambiguous by each page's map count (v3)"),
                new OptionValue("anon-vma", "by anon_vma: a root that no fork child is linked to (v1)")),
        ],
    };

    private bool _updatesOffsets;
    private bool _joinsAnonVmas;
    private bool _looksAtPages;

    private long _offsetsUpdated;
    private long _offsetsKept;
    private long _joined;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        _updatesOffsets = Chosen("policy") != "anon-vma";
        _joinsAnonVmas = Chosen("policy") != "pgoff";
        _looksAtPages = Chosen("sharing") == "mapcount";
    }

    /// <inheritdoc/>
    /// <remarks>A faulted range follows the address as an unfaulted one does, unless pages of it are shared.</remarks>
    public override ulong PlaceCopy(VmaId source, ulong start, ulong pages, ulong address)
    {
        Vma vma = World.Vmas[source];
        if (!_updatesOffsets || !vma.IsAnonymous || !vma.Prepared)
        {
            return base.PlaceCopy(source, start, pages, address);
        }

        if (!IsUnshared(source, start, start + (pages << Page.Shift)))
        {
            _offsetsKept++;
            return vma.AnonPgoffAt(start);
        }

        _offsetsUpdated++;
        return Place(World.Mms[vma.Mm], address, pages);
    }

    /// <inheritdoc/>
    public override MergeTests CanJoin(in JoinCandidate candidate)
    {
        MergeTests failed = base.CanJoin(candidate);
        bool repairsAnonVma = _joinsAnonVmas && (failed & MergeTests.AnonVma) != 0;
        bool wantedOffset = _updatesOffsets && (failed & MergeTests.PageOffset) != 0 && !candidate.CopiedFrom.IsNone;
        if (!candidate.IsAnonymous || !(repairsAnonVma || wantedOffset))
        {
            return failed;
        }

        ulong end = candidate.StateStart + (candidate.StatePages << Page.Shift);
        if (!IsUnshared(candidate.StateOf, candidate.StateStart, end))
        {
            return failed | MergeTests.SharedPages;
        }

        return repairsAnonVma ? failed & ~MergeTests.AnonVma : failed;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The pages of the right-hand VMA will be re-homed, if it ends up in another's anon_vma: the left one's, or what
    /// that takes from the range.
    /// </remarks>
    public override MergeTests CanBridge(VmaId left, VmaId right, VmaId between)
    {
        int own = Graph.AnonVmaOf(right);
        int home = Graph.AnonVmaOf(left);
        if (home == 0 && !between.IsNone)
        {
            home = Graph.AnonVmaOf(between);
        }

        if (!_joinsAnonVmas || !World.Vmas[right].IsAnonymous || own == 0 || home == 0 || own == home)
        {
            return base.CanBridge(left, right, between);
        }

        return IsUnshared(right, World.Vmas[right].Start, World.Vmas[right].End)
            ? MergeTests.None
            : MergeTests.AnonVma | MergeTests.SharedPages;
    }

    /// <inheritdoc/>
    public override Errno Join(VmaId target, VmaId source)
    {
        int home = Graph.AnonVmaOf(target);
        int old = Graph.AnonVmaOf(source);
        _joined += home != 0 && old != 0 && home != old ? 1 : 0;
        return base.Join(target, source);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() =>
    [
        .. base.Figures(),
        new("merges of different anon_vmas", _joined),
        new("moves with the page offset updated", _offsetsUpdated),
        new("moves with the page offset kept, pages being shared", _offsetsKept),
    ];

    /// <summary>Whether it is certain that [start, end) of a VMA has no page that is mapped elsewhere too.</summary>
    private bool IsUnshared(VmaId vma, ulong start, ulong end)
    {
        if (!Graph.MayShareFolios(vma))
        {
            return true;
        }

        ref Vma owner = ref World.Vmas[vma];
        return _looksAtPages && !MappedFolios.MayBeShared(World, owner.Mm, start, Math.Min(end, owner.End));
    }
}
