using Verso.Engine.ReverseMaps.AnonVmaChain;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AnonVmaFlags;

/// <summary>
/// anon-vma-chain with a flag in the low bits of <c>vma->anon_vma</c>: ANON_VMA_UNFAULTED makes fork copy the guard
/// markers of a VMA that has no anon_vma. Three other ways to the same end are options, so that their bills can be laid
/// side by side. See docs/designs/anon-vma-flags.md.
/// </summary>
public sealed class AnonVmaFlagsMap : AnonVmaChainMap
{
    /// <summary>Its line in the catalogue.</summary>
    public static readonly new DesignFacts Line = new(
        "anon-vma-flags",
        "anon-vma-chain with ANON_VMA_UNFAULTED: guard markers without an anon_vma",
        "Lorenzo Stoakes, [RFC PATCH 0/2] mm: introduce anon_vma flags, 2025",
        PageOwner.PageTable)
    {
        Options =
        [
            new(
                "guard",
                "what makes fork copy guard markers",
                new OptionValue("unfaulted", "a flag in vma->anon_vma, where that is NULL"),
                new OptionValue("anon-vma", "an anon_vma is prepared at the install (6.13 to 6.18.0)"),
                new OptionValue("vma-flag", "an ordinary VMA flag, which keeps neighbours apart"),
                new OptionValue("sticky", "VM_MAYBE_GUARD, which merging ignores and passes on (6.18.44)")),
        ],
    };

    private GuardWay _way;
    private VmaRows<GuardBits> _bits;
    private GuardBill _bill;

    /// <inheritdoc/>
    public override DesignFacts Facts => Line;

    /// <inheritdoc/>
    public override void Start(World world)
    {
        base.Start(world);
        _bits = new VmaRows<GuardBits>(world.Vmas);
        _way = Chosen("guard") switch
        {
            "unfaulted" => GuardWay.Unfaulted,
            "anon-vma" => GuardWay.AnonVma,
            "vma-flag" => GuardWay.VmaFlag,
            _ => GuardWay.Sticky,
        };
    }

    /// <inheritdoc/>
    public override GuardMarks GuardMarksOf(VmaId vma) => _way switch
    {
        GuardWay.AnonVma => GuardMarks.Prepare,
        GuardWay.Sticky => base.GuardMarksOf(vma),
        _ => GuardMarks.None,
    };

    /// <inheritdoc/>
    public override void MarkGuards(VmaId vma)
    {
        _bill.Installs++;
        if (_way == GuardWay.VmaFlag)
        {
            BitsOf(vma) |= GuardBits.Flag;
        }
        else if (_way == GuardWay.Unfaulted && Graph.AnonVmaOf(vma) == 0)
        {
            _bill.Flagged += Graph.IsUnfaulted(vma) ? 0 : 1;
            Graph.MarkUnfaulted(vma);
            BitsOf(vma) &= ~GuardBits.Dropped;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Where the markers of the whole VMA go, so does the flag; any other trace of them stays for good.
    /// </remarks>
    public override void UnmarkGuards(VmaId vma, ulong start, ulong end)
    {
        bool whole = start <= World.Vmas[vma].Start && end >= World.Vmas[vma].End;
        if (whole && Graph.IsUnfaulted(vma))
        {
            Graph.UnmarkUnfaulted(vma);
            BitsOf(vma) |= GuardBits.Dropped;
            _bill.Dropped++;
        }
    }

    /// <inheritdoc/>
    public override ForkCopy CopyAtFork(VmaId parent)
    {
        ForkCopy copy = base.CopyAtFork(parent);
        bool isPrepared = World.Vmas[parent].Prepared;
        bool isSticky = (World.Vmas[parent].Flags & VmaFlags.MaybeGuard) != 0;
        if (!isPrepared && (IsFlagged(parent) || isSticky))
        {
            _bill.CopiedForGuards++;
            return ForkCopy.Entries;
        }

        if (copy == ForkCopy.None && (BitsOf(parent) & GuardBits.Dropped) != 0)
        {
            _bill.Spared++;
            _bill.EntriesSpared += CountPresent(parent);
        }

        return copy;
    }

    /// <inheritdoc/>
    public override Errno Fork(VmaId parent, VmaId child) => Inherit(base.Fork(parent, child), parent, child);

    /// <inheritdoc/>
    public override Errno Split(VmaId source, VmaId fresh) => Inherit(base.Split(source, fresh), source, fresh);

    /// <inheritdoc/>
    public override Errno Copy(VmaId source, VmaId copy) => Inherit(base.Copy(source, copy), source, copy);

    /// <inheritdoc/>
    /// <remarks>
    /// Flags are OR-ed; a real anon_vma takes their place. A clone that fails leaves NULL, where a flag may have been.
    /// </remarks>
    public override Errno Join(VmaId target, VmaId source)
    {
        bool wasFlagged = Graph.IsUnfaulted(target);
        bool isFlagged = wasFlagged || Graph.IsUnfaulted(source);
        Errno errno = base.Join(target, source);
        if (errno == Errno.None)
        {
            GuardBits given = BitsOf(source);
            BitsOf(target) |= given;
            SettleFlag(target, isFlagged);
        }
        else
        {
            SettleFlag(target, wasFlagged);
        }

        return errno;
    }

    /// <inheritdoc/>
    public override Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome)
    {
        bool wasFlagged = Graph.IsUnfaulted(vma);
        Errno errno = base.Prepare(vma, logged, out outcome);
        SettleFlag(vma, wasFlagged);
        return errno;
    }

    /// <inheritdoc/>
    /// <remarks>The markers are gone or have moved; an ordinary flag stays with a VMA that stays.</remarks>
    public override void Drop(VmaId vma, DropReason reason)
    {
        base.Drop(vma, reason);
        Graph.UnmarkUnfaulted(vma);
        BitsOf(vma) &= reason == DropReason.MovedAway ? GuardBits.Flag : GuardBits.None;
    }

    /// <inheritdoc/>
    public override MergeTests CanJoin(in JoinCandidate candidate)
    {
        MergeTests failed = base.CanJoin(candidate);
        GuardBits range = candidate.StateOf.IsNone ? GuardBits.None : BitsOf(candidate.StateOf);
        bool differ = ((BitsOf(candidate.Target) ^ range) & GuardBits.Flag) != 0;
        return differ ? failed | MergeTests.Flags : failed;
    }

    /// <inheritdoc/>
    public override void Refused(MergeVerdict verdict) =>
        _bill.KeptApart += verdict.OfDesign == MergeTests.Flags ? 1 : 0;

    /// <inheritdoc/>
    public override bool MayRetract(VmaId vma) =>
        base.MayRetract(vma) && !IsFlagged(vma);

    /// <inheritdoc/>
    public override void Note(VmaId vma, IStateNotes notes)
    {
        notes.Number((ulong)BitsOf(vma));
        notes.Number(Graph.IsUnfaulted(vma) ? 1UL : 0);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DesignFigure> Figures() => _bill.Figures(World.Counters.PreparedForGuards);

    /// <inheritdoc/>
    public override string? Audit()
    {
        foreach (Mm mm in World.Mms.Live)
        {
            foreach (VmaId vma in mm.Vmas.Ids)
            {
                if (!IsCopiedAtFork(vma) && HasGuards(vma))
                {
                    return $"{vma} has guard markers that fork would leave behind";
                }
            }
        }

        return base.Audit();
    }

    private ref GuardBits BitsOf(VmaId vma) => ref _bits[vma];

    private Errno Inherit(Errno errno, VmaId source, VmaId fresh)
    {
        if (errno == Errno.None)
        {
            GuardBits given = BitsOf(source);
            BitsOf(fresh) = given;
            SettleFlag(fresh, Graph.IsUnfaulted(source));
        }

        return errno;
    }

    /// <summary>A VMA that is to have ANON_VMA_UNFAULTED has it, unless there is an anon_vma in its place.</summary>
    private void SettleFlag(VmaId vma, bool isFlagged)
    {
        if (isFlagged && Graph.AnonVmaOf(vma) != 0)
        {
            _bill.Replaced++;
        }
        else if (isFlagged)
        {
            Graph.MarkUnfaulted(vma);
        }
    }

    /// <summary>Whether fork copies its entries for a flag of this design.</summary>
    private bool IsFlagged(VmaId vma) => Graph.IsUnfaulted(vma) || (BitsOf(vma) & GuardBits.Flag) != 0;

    private bool IsCopiedAtFork(VmaId vma) =>
        World.Vmas[vma].Prepared || (World.Vmas[vma].Flags & VmaFlags.MaybeGuard) != 0
        || IsFlagged(vma);

    private bool HasGuards(VmaId vma) => MarkedEntries.CountGuards(World, vma) > 0;

    private int CountPresent(VmaId vma) => MarkedEntries.CountPresent(World, vma);

    /// <summary>Which way is taken.</summary>
    private enum GuardWay
    {
        Unfaulted = 0,
        AnonVma = 1,
        VmaFlag = 2,
        Sticky = 3,
    }

    /// <summary>What a VMA has of this design beside ANON_VMA_UNFAULTED, which is in its pointer.</summary>
    [Flags]
    private enum GuardBits : byte
    {
        None = 0,

        /// <summary>An ordinary VMA flag.</summary>
        Flag = 1 << 0,

        /// <summary>It had ANON_VMA_UNFAULTED, and lost it with its last marker. Only for counting.</summary>
        Dropped = 1 << 1,
    }
}
