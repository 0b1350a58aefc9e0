using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// Merging: the verdict, and what follows from it (mm/vma.c of 6.18.44).
public abstract partial class Machine
{
    /// <summary>Flags that differ without keeping two VMAs apart.</summary>
    private VmaFlags IgnoredByMerge => VmaFlags.SoftDirty | Sticky;

    /// <summary>VM_STICKY: ignored by the test and OR-ed into the result.</summary>
    private VmaFlags Sticky => World.Rules.StickyGuardFlag ? VmaFlags.MaybeGuard : VmaFlags.None;

    /// <summary>Whether the range of a request may become part of its lower neighbour (can_vma_merge_after).</summary>
    private MergeVerdict JudgeLeft(in MergeRequest request) => JudgeLeft(request, request.Prev);

    /// <summary>
    /// The same of a lower neighbour that has another VMA's anonymous state. Requires: they touch.
    /// </summary>
    private MergeVerdict JudgeLeft(in MergeRequest request, VmaId state)
    {
        ref Vma prev = ref At(request.Prev);
        Invariant.Require(prev.End == request.Start);
        JoinCandidate candidate = Candidate(request, request.Prev) with
        {
            Target = state,
            LeftPgoff = prev.PgoffAt(prev.End),
            RightPgoff = request.Pgoff,
            LeftAnonPgoff = prev.AnonPgoffAt(prev.End),
            RightAnonPgoff = request.AnonPgoff,
        };
        return Judge(request, request.Prev, candidate);
    }

    /// <summary>The same for the upper neighbour (can_vma_merge_before).</summary>
    private MergeVerdict JudgeRight(in MergeRequest request)
    {
        ref Vma next = ref At(request.Next);
        Invariant.Require(next.Start == request.End);
        JoinCandidate candidate = Candidate(request, request.Next) with
        {
            LeftPgoff = request.Pgoff + request.Pages,
            RightPgoff = next.Pgoff,
            LeftAnonPgoff = request.AnonPgoff + request.Pages,
            RightAnonPgoff = next.AnonPgoff,
        };
        return Judge(request, request.Next, candidate);
    }

    /// <summary>Both absorb the range; do they go with each other?</summary>
    private MergeVerdict JudgeBridge(in MergeRequest request)
    {
        MergeTests ofDesign = Structure.CanBridge(request.Prev, request.Next, request.StateOf);
        return new MergeVerdict(ofDesign) { OfDesign = ofDesign };
    }

    private JoinCandidate Candidate(in MergeRequest request, VmaId target) => new()
    {
        Target = target,
        Source = request.Middle,
        CopiedFrom = request.CopiedFrom,
        StateOf = request.StateOf,
        StateStart = request.StateStart,
        StatePages = request.StatePages,
        Pages = request.Pages,
        IsAnonymous = At(target).File.IsNone && request.File.IsNone,
    };

    private MergeVerdict Judge(in MergeRequest request, VmaId neighbour, in JoinCandidate candidate)
    {
        ref Vma target = ref At(neighbour);
        MergeTests failed = MergeTests.None;
        failed |= target.Policy != request.Policy ? MergeTests.Policy : 0;
        failed |= ((target.Flags ^ request.Flags) & ~IgnoredByMerge) != 0 ? MergeTests.Flags : 0;
        failed |= target.File != request.File ? MergeTests.File : 0;
        failed |= target.UserfaultContext != request.UserfaultContext ? MergeTests.Userfaultfd : 0;
        failed |= target.Name != request.Name ? MergeTests.Name : 0;
        failed |= (request.Flags & VmaFlags.Special) != 0 ? MergeTests.Special : 0;
        failed |= !request.File.IsNone && candidate.LeftPgoff != candidate.RightPgoff ? MergeTests.PageOffset : 0;
        MergeTests ofDesign = Structure.CanJoin(candidate);
        return new MergeVerdict(failed | ofDesign) { OfDesign = ofDesign };
    }

    /// <summary>Told of every test of a boundary, passed or refused, with its whole verdict.</summary>
    public Action<MergeTrial>? MergeTried { get; set; }

    /// <summary>Counts and tells the verdict on one boundary of a request, and gives it back.</summary>
    private bool Attempt(in MergeRequest request, MergeSide side, MergeVerdict verdict)
    {
        if (MergeTried is not null)
        {
            MergeTried(TrialOf(request, side, verdict));
        }

        if (verdict.CanMerge)
        {
            return true;
        }

        verdict.CountRefusal(Counters);
        Structure.Refused(verdict);
        return false;
    }

    private MergeTrial TrialOf(in MergeRequest request, MergeSide side, MergeVerdict verdict)
    {
        bool anonymous = request.File.IsNone
            && (side == MergeSide.Upper || At(request.Prev).File.IsNone)
            && (side == MergeSide.Lower || At(request.Next).File.IsNone);
        MergedMemory memory = anonymous ? MergedMemory.Anonymous : MergedMemory.File;
        return new MergeTrial(request.Mm.Id, request.Start, request.End, side, memory, verdict);
    }

    private bool CanMergeLeft(in MergeRequest request) =>
        !request.Prev.IsNone
        && At(request.Prev).End == request.Start
        && Attempt(request, MergeSide.Lower, JudgeLeft(request));

    /// <summary>can_vma_merge_right: if the left side merges too, both neighbours must go together.</summary>
    private bool CanMergeRight(in MergeRequest request, bool left)
    {
        if (request.Next.IsNone
            || At(request.Next).Start != request.End
            || !Attempt(request, MergeSide.Upper, JudgeRight(request)))
        {
            return false;
        }

        return !left || Attempt(request, MergeSide.Bridge, JudgeBridge(request));
    }

    /// <summary>vma_merge_new_range: a range that is no VMA yet becomes part of one or both neighbours.</summary>
    private MergeOutcome MergeNewRange(MergeRequest request, MergeSides sides, out VmaId merged)
    {
        merged = default;
        if ((request.Flags & VmaFlags.Special) != 0 || (request.Prev.IsNone && request.Next.IsNone))
        {
            return MergeOutcome.NoMerge;
        }

        bool left = CanMergeLeft(request);
        bool right = sides == MergeSides.Both && CanMergeRight(request, left);
        if (!left && !right)
        {
            return MergeOutcome.NoMerge;
        }

        bool removeNext = left && right && !At(request.Next).HasClose;
        VmaId target = left ? request.Prev : request.Next;
        Errno error = removeNext ? TakeOver(target, request.Next) : Errno.None;
        if (error == Errno.None && !request.CopiedFrom.IsNone)
        {
            error = TakeOver(target, request.CopiedFrom);
        }

        if (error != Errno.None)
        {
            return MergeOutcome.OutOfMemory;
        }

        ulong end = removeNext || !left ? At(request.Next).End : request.End;
        ulong start = left ? At(target).Start : request.Start;
        At(target).Flags |= request.Flags & Sticky;
        if (removeNext)
        {
            Structure.Joining(target, request.Next, At(request.Next).Start, At(request.Next).End);
            Absorb(request.Mm, target, request.Next);
        }

        SetRange(target, start, end);
        Counters.MergesDone++;
        merged = target;
        return MergeOutcome.Merged;
    }

    /// <summary>
    /// vma_merge_existing_range: (part of) a VMA whose attributes change becomes part of one or both neighbours.
    /// </summary>
    private MergeOutcome MergeExistingRange(MergeRequest request, out VmaId merged)
    {
        merged = default;
        ref Vma middle = ref At(request.Middle);
        bool leftSide = request.Start == middle.Start;
        bool rightSide = request.End == middle.End;
        if ((request.Flags & VmaFlags.Special) != 0 || (!leftSide && !rightSide))
        {
            return MergeOutcome.NoMerge;
        }

        bool left = leftSide && CanMergeLeft(request);
        bool right = rightSide && CanMergeRight(request, left);
        bool removeMiddle = leftSide && rightSide;
        if ((!left && !right) || (removeMiddle && middle.HasClose))
        {
            return MergeOutcome.NoMerge;
        }

        if (left && right && At(request.Next).HasClose)
        {
            right = false;
        }

        VmaId target = left ? request.Prev : request.Next;
        bool both = left && right;
        if (TakeOver(target, request.Middle) != Errno.None
            || (both && TakeOver(target, request.Next) != Errno.None))
        {
            return MergeOutcome.OutOfMemory;
        }

        At(target).Flags |= (request.Flags | middle.Flags) & Sticky;
        CommitExisting(request, target, left, right, removeMiddle);
        Counters.MergesDone++;
        merged = target;
        return MergeOutcome.Merged;
    }

    private void CommitExisting(in MergeRequest request, VmaId target, bool left, bool right, bool removeMiddle)
    {
        ulong start = left ? At(target).Start : request.Start;
        ulong end = right ? At(request.Next).End : request.End;
        Structure.Joining(target, request.Middle, request.Start, request.End);
        if (left && right)
        {
            Structure.Joining(target, request.Next, At(request.Next).Start, end);
        }

        if (removeMiddle)
        {
            Absorb(request.Mm, target, request.Middle);
        }
        else if (left)
        {
            CutBelow(request.Middle, request.End);
        }
        else
        {
            CutAbove(request.Middle, request.Start);
        }

        if (left && right)
        {
            Absorb(request.Mm, target, request.Next);
        }

        SetRange(target, start, end);
    }

    /// <summary>dup_anon_vma: the target takes the giver's anonymous state over.</summary>
    private Errno TakeOver(VmaId target, VmaId giver)
    {
        Errno error = Structure.Join(target, giver);
        At(target).Prepared |= error == Errno.None && At(giver).Prepared;
        return error;
    }

    /// <summary>A VMA disappears into another.</summary>
    private void Absorb(Mm mm, VmaId target, VmaId removed)
    {
        At(target).Flags |= At(removed).Flags & Sticky;
        RemoveVma(mm, removed, DropReason.Joined);
    }

    /// <summary>
    /// vma_modify: [start, end) of a VMA gets other attributes; it merges with neighbours, or is split off.
    /// Returns the VMA that now holds the range, or none: see <see cref="WhyNotModified"/>.
    /// </summary>
    private VmaId ModifyVma(MergeRequest request)
    {
        MergeOutcome outcome = MergeExistingRange(request, out VmaId merged);
        if (outcome != MergeOutcome.NoMerge)
        {
            return merged;
        }

        VmaId id = request.Middle;
        if (At(id).Start < request.Start && SplitVma(id, request.Start, NewPart.Below) != Errno.None)
        {
            return default;
        }

        return At(id).End > request.End && SplitVma(id, request.End, NewPart.Above) != Errno.None ? default : id;
    }

    /// <summary>vma_modify_flags: as <see cref="ModifyVma"/>, for new flags, which the result has.</summary>
    private VmaId ModifyFlags(Mm mm, VmaId id, ulong start, ulong end, VmaFlags flags)
    {
        VmaId result = ModifyVma(RequestInside(mm, id, start, end) with { Flags = flags });
        if (!result.IsNone)
        {
            ref Vma vma = ref At(result);
            vma.Flags = flags | (vma.Flags & Sticky);
        }

        return result;
    }

    /// <summary>A request for part of a VMA, with its neighbours as the kernel's iterator has them.</summary>
    private MergeRequest RequestInside(Mm mm, VmaId id, ulong start, ulong end)
    {
        ref Vma vma = ref At(id);
        (VmaId prev, VmaId next) = mm.Vmas.Beside(vma.Start);
        return MergeRequest.Like(mm, vma, id, start, end) with
        {
            Pgoff = vma.PgoffAt(start),
            AnonPgoff = vma.AnonPgoffAt(start),
            Middle = id,
            Prev = start > vma.Start ? id : prev,
            Next = end < vma.End ? id : next,
        };
    }

    /// <summary>Which neighbours a new range may join.</summary>
    private enum MergeSides
    {
        Both = 0,

        /// <summary>just_expand: the lower one only (brk).</summary>
        Lower = 1,
    }
}
