using Verso.Engine.ReverseMaps.AnonVmaChain;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.RelocateAnon;

/// <summary>
/// anon-vma-chain in which every mremap that moves behaves as with MREMAP_RELOCATE_ANON: the folios of a moved, faulted
/// range get the index of their new place and an anon_vma of that place. See docs/designs/relocate-anon.md.
/// </summary>
/// <remarks>
/// A program that asks is refused by the kernels that there are, and moves without the flag then. So with mode=asked
/// that second call is what relocates: what the program sees is the same in every design.
/// </remarks>
public sealed class RelocateAnonMap : RehomingMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly new DesignFacts Line = new(
        "relocate-anon",
        "anon-vma-chain in which moved pages get the offset and anon_vma of their new place",
        "Lorenzo Stoakes, MREMAP_RELOCATE_ANON, March to June 2025",
        PageOwner.PageTable)
    {
        Options =
        [
            new(
                "mode",
                "which moves relocate, and what one of shared pages does",
                new OptionValue("may", "all; such a one moves as before (MREMAP_RELOCATE_ANON)"),
                new OptionValue("must", "all; such a one is EFAULT (MREMAP_MUST_RELOCATE_ANON)", Soundness.Broken),
                new OptionValue("asked", "as may, of those moves that a program asked for before it made them")),
        ],
    };

    /// <summary>By mm: from where it last asked to relocate, until its next mremap.</summary>
    private readonly Dictionary<MmId, ulong> _asked = [];

    private bool _must;
    private bool _waitsToBeAsked;

    /// <summary>The present mremap is of what the call before asked to relocate.</summary>
    private bool _isAsked;

    /// <summary>The VMA that the present mremap copies, if its folios will be re-homed; else none.</summary>
    private VmaId _relocating;

    /// <summary>The present mremap should re-home, and cannot.</summary>
    private bool _isRefused;

    private long _relocated;
    private long _ordinary;
    private long _refused;
    private long _askedFor;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        _must = Chosen("mode") == "must";
        _waitsToBeAsked = Chosen("mode") == "asked";
    }

    /// <inheritdoc/>
    public override void EndMm(Mm mm)
    {
        _ = _asked.Remove(mm.Id);
        base.EndMm(mm);
    }

    /// <inheritdoc/>
    public override void Remapping(MmId mm, ulong address, bool asksToRelocate)
    {
        _isAsked = _asked.Remove(mm, out ulong from) && from == address;
        if (asksToRelocate)
        {
            _asked.Add(mm, address);
            _askedFor++;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Nothing special where the range merges as it is. Else its offset is that of its new place, whether it merges
    /// there or not: a later mprotect or mremap may.
    /// </remarks>
    public override ulong PlaceCopy(VmaId source, ulong start, ulong pages, ulong address)
    {
        _relocating = default;
        _isRefused = false;
        Vma vma = World.Vmas[source];
        bool isWanted = _isAsked || !_waitsToBeAsked;
        if (!isWanted || !vma.IsAnonymous || Graph.AnonVmaOf(source) == 0)
        {
            return base.PlaceCopy(source, start, pages, address);
        }

        ulong kept = vma.AnonPgoffAt(start);
        if (WouldMerge(source, kept, pages, address))
        {
            _ordinary++;
            return kept;
        }

        ulong end = Math.Min(start + (pages << Page.Shift), vma.End);
        if (Graph.MayShareFolios(source) || MappedFolios.MayBeShared(World, vma.Mm, start, end))
        {
            _refused++;
            _isRefused = true;
            return kept;
        }

        _relocated++;
        _relocating = source;
        return Place(World.Mms[vma.Mm], address, pages);
    }

    /// <inheritdoc/>
    /// <remarks>A range that is re-homed brings nothing with it: it merges as one that was never faulted.</remarks>
    public override MergeTests CanJoin(in JoinCandidate candidate) =>
        IsRelocating(candidate.CopiedFrom)
            ? base.CanJoin(candidate with { Source = default, CopiedFrom = default, StateOf = default })
            : base.CanJoin(candidate);

    /// <inheritdoc/>
    /// <remarks>The copy gets the anon_vma of a neighbour there, or a new one, instead of the source's.</remarks>
    public override Errno Copy(VmaId source, VmaId copy) =>
        IsRelocating(source) ? Graph.Prepare(copy, PrepareOutcome.Derive, out _) : base.Copy(source, copy);

    /// <inheritdoc/>
    public override Errno Relocate(VmaId from, ulong start, VmaId to, ulong target, ulong length) =>
        _must && _isRefused ? Errno.EFAULT : base.Relocate(from, start, to, target, length);

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() =>
    [
        .. base.Figures(),
        new("moves asked to relocate", _askedFor),
        new("moves relocated", _relocated),
        new("moves that merged as they were", _ordinary),
        new("moves not relocated, pages may be shared", _refused),
    ];

    /// <inheritdoc/>
    public override void Note(VmaId vma, IStateNotes notes)
    {
        base.Note(vma, notes);
        notes.Number(_waitsToBeAsked ? _asked.GetValueOrDefault(World.Vmas[vma].Mm) : 0);
    }

    private bool IsRelocating(VmaId source) => !source.IsNone && source == _relocating;

    /// <summary>Whether the range merges with a neighbour at its new place, offset and anon_vma as they are.</summary>
    private bool WouldMerge(VmaId source, ulong pgoff, ulong pages, ulong address)
    {
        (VmaId prev, VmaId next) = World.Mms[World.Vmas[source].Mm].Vmas.Around(address);
        ulong end = address + (pages << Page.Shift);
        if (!prev.IsNone && World.Vmas[prev].End == address
            && WouldMerge(source, prev, World.Vmas[prev].AnonPgoffAt(address), pgoff))
        {
            return true;
        }

        return !next.IsNone && World.Vmas[next].Start == end
            && WouldMerge(source, next, pgoff + pages, World.Vmas[next].AnonPgoff);
    }

    private bool WouldMerge(VmaId source, VmaId neighbour, ulong left, ulong right)
    {
        ref Vma a = ref World.Vmas[source];
        ref Vma b = ref World.Vmas[neighbour];
        VmaFlags ignored = VmaFlags.SoftDirty | (World.Rules.StickyGuardFlag ? VmaFlags.MaybeGuard : VmaFlags.None);
        JoinCandidate candidate = new()
        {
            Target = neighbour,
            CopiedFrom = source,
            StateOf = source,
            LeftPgoff = left,
            RightPgoff = right,
            LeftAnonPgoff = left,
            RightAnonPgoff = right,
            IsAnonymous = true,
        };
        return ((a.Flags ^ b.Flags) & ~ignored) == 0
            && (a.Flags & VmaFlags.Special) == 0
            && a.Policy == b.Policy
            && a.UserfaultContext == b.UserfaultContext
            && b.IsAnonymous
            && Graph.CanJoin(candidate) == MergeTests.None;
    }
}
