using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>Merging: the verdict, and what follows from it (mm/vma.c of 6.18.44).</summary>
internal static class VmaMerging
{
    extension(Machine machine)
    {
        /// <summary>Flags that differ without keeping two VMAs apart.</summary>
        private VmaFlags IgnoredByMerge => VmaFlags.SoftDirty | machine.Sticky;

        /// <summary>VM_STICKY: ignored by the test and OR-ed into the result.</summary>
        internal VmaFlags Sticky => machine.World.Rules.StickyGuardFlag ? VmaFlags.MaybeGuard : VmaFlags.None;

        /// <summary>
        /// Whether the range of a request may become part of its lower neighbour (can_vma_merge_after).
        /// </summary>
        private MergeVerdict JudgeLeft(in MergeRequest request) => machine.JudgeLeft(request, request.Prev);

        /// <summary>
        /// The same of a lower neighbour that has another VMA's anonymous state. Requires: they touch.
        /// </summary>
        internal MergeVerdict JudgeLeft(in MergeRequest request, VmaId state)
        {
            ref Vma prev = ref machine.At(request.Prev);
            Invariant.Require(prev.End == request.Start);
            JoinCandidate candidate = machine.Candidate(request, request.Prev) with
            {
                Target = state,
                LeftPgoff = prev.PgoffAt(prev.End),
                RightPgoff = request.Pgoff,
                LeftAnonPgoff = prev.AnonPgoffAt(prev.End),
                RightAnonPgoff = request.AnonPgoff,
            };
            return machine.Judge(request, request.Prev, candidate);
        }

        /// <summary>The same for the upper neighbour (can_vma_merge_before).</summary>
        internal MergeVerdict JudgeRight(in MergeRequest request)
        {
            ref Vma next = ref machine.At(request.Next);
            Invariant.Require(next.Start == request.End);
            JoinCandidate candidate = machine.Candidate(request, request.Next) with
            {
                LeftPgoff = request.Pgoff + request.Pages,
                RightPgoff = next.Pgoff,
                LeftAnonPgoff = request.AnonPgoff + request.Pages,
                RightAnonPgoff = next.AnonPgoff,
            };
            return machine.Judge(request, request.Next, candidate);
        }

        /// <summary>Both absorb the range; do they go with each other?</summary>
        private MergeVerdict JudgeBridge(in MergeRequest request)
        {
            MergeTests ofDesign = machine.Structure.CanBridge(request.Prev, request.Next, request.StateOf);
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
            IsAnonymous = machine.At(target).File.IsNone && request.File.IsNone,
        };

        private MergeVerdict Judge(in MergeRequest request, VmaId neighbour, in JoinCandidate candidate)
        {
            ref Vma target = ref machine.At(neighbour);
            MergeTests failed = MergeTests.None;
            failed |= target.Policy != request.Policy ? MergeTests.Policy : 0;
            failed |= ((target.Flags ^ request.Flags) & ~machine.IgnoredByMerge) != 0 ? MergeTests.Flags : 0;
            failed |= target.File != request.File ? MergeTests.File : 0;
            failed |= target.UserfaultContext != request.UserfaultContext ? MergeTests.Userfaultfd : 0;
            failed |= target.Name != request.Name ? MergeTests.Name : 0;
            failed |= (request.Flags & VmaFlags.Special) != 0 ? MergeTests.Special : 0;
            failed |= !request.File.IsNone && candidate.LeftPgoff != candidate.RightPgoff ? MergeTests.PageOffset : 0;
            MergeTests ofDesign = machine.Structure.CanJoin(candidate);
            return new MergeVerdict(failed | ofDesign) { OfDesign = ofDesign };
        }

        /// <summary>Counts and tells the verdict on one boundary of a request, and gives it back.</summary>
        private bool Attempt(in MergeRequest request, MergeSide side, MergeVerdict verdict)
        {
            if (machine.MergeTried is not null)
            {
                machine.MergeTried(machine.TrialOf(request, side, verdict));
            }

            if (verdict.CanMerge)
            {
                return true;
            }

            verdict.CountRefusal(machine.Counters);
            machine.Structure.Refused(verdict);
            return false;
        }

        private MergeTrial TrialOf(in MergeRequest request, MergeSide side, MergeVerdict verdict)
        {
            bool anonymous = request.File.IsNone
                && (side == MergeSide.Upper || machine.At(request.Prev).File.IsNone)
                && (side == MergeSide.Lower || machine.At(request.Next).File.IsNone);
            MergedMemory memory = anonymous ? MergedMemory.Anonymous : MergedMemory.File;
            return new MergeTrial(request.Mm.Id, request.Start, request.End, side, memory, verdict);
        }

        internal bool CanMergeLeft(in MergeRequest request) =>
            !request.Prev.IsNone
            && machine.At(request.Prev).End == request.Start
            && machine.Attempt(request, MergeSide.Lower, machine.JudgeLeft(request));

        /// <summary>can_vma_merge_right: if the left side merges too, both neighbours must go together.</summary>
        internal bool CanMergeRight(in MergeRequest request, bool left)
        {
            if (request.Next.IsNone
                || machine.At(request.Next).Start != request.End
                || !machine.Attempt(request, MergeSide.Upper, machine.JudgeRight(request)))
            {
                return false;
            }

            return !left || machine.Attempt(request, MergeSide.Bridge, machine.JudgeBridge(request));
        }

        /// <summary>vma_merge_new_range: a range that is no VMA yet becomes part of one or both neighbours.</summary>
        internal MergeOutcome MergeNewRange(MergeRequest request, MergeSides sides, out VmaId merged)
        {
            merged = default;
            if ((request.Flags & VmaFlags.Special) != 0 || (request.Prev.IsNone && request.Next.IsNone))
            {
                return MergeOutcome.NoMerge;
            }

            bool left = machine.CanMergeLeft(request);
            bool right = sides == MergeSides.Both && machine.CanMergeRight(request, left);
            if (!left && !right)
            {
                return MergeOutcome.NoMerge;
            }

            bool removeNext = left && right && !machine.At(request.Next).HasClose;
            VmaId target = left ? request.Prev : request.Next;
            Errno error = removeNext ? machine.TakeOver(target, request.Next) : Errno.None;
            if (error == Errno.None && !request.CopiedFrom.IsNone)
            {
                error = machine.TakeOver(target, request.CopiedFrom);
            }

            if (error != Errno.None)
            {
                return MergeOutcome.OutOfMemory;
            }

            ulong end = removeNext || !left ? machine.At(request.Next).End : request.End;
            ulong start = left ? machine.At(target).Start : request.Start;
            machine.At(target).Flags |= request.Flags & machine.Sticky;
            if (removeNext)
            {
                machine.Structure.Joining(
                    target, request.Next, machine.At(request.Next).Start, machine.At(request.Next).End);
                machine.Absorb(request.Mm, target, request.Next);
            }

            machine.SetRange(target, start, end);
            machine.Counters.MergesDone++;
            merged = target;
            return MergeOutcome.Merged;
        }

        /// <summary>
        /// vma_merge_existing_range: (part of) a VMA whose attributes change becomes part of one or both neighbours.
        /// </summary>
        private MergeOutcome MergeExistingRange(MergeRequest request, out VmaId merged)
        {
            merged = default;
            ref Vma middle = ref machine.At(request.Middle);
            bool leftSide = request.Start == middle.Start;
            bool rightSide = request.End == middle.End;
            if ((request.Flags & VmaFlags.Special) != 0 || (!leftSide && !rightSide))
            {
                return MergeOutcome.NoMerge;
            }

            bool left = leftSide && machine.CanMergeLeft(request);
            bool right = rightSide && machine.CanMergeRight(request, left);
            bool removeMiddle = leftSide && rightSide;
            if ((!left && !right) || (removeMiddle && middle.HasClose))
            {
                return MergeOutcome.NoMerge;
            }

            if (left && right && machine.At(request.Next).HasClose)
            {
                right = false;
            }

            VmaId target = left ? request.Prev : request.Next;
            bool both = left && right;
            if (machine.TakeOver(target, request.Middle) != Errno.None
                || (both && machine.TakeOver(target, request.Next) != Errno.None))
            {
                return MergeOutcome.OutOfMemory;
            }

            machine.At(target).Flags |= (request.Flags | middle.Flags) & machine.Sticky;
            machine.CommitExisting(request, target, left, right, removeMiddle);
            machine.Counters.MergesDone++;
            merged = target;
            return MergeOutcome.Merged;
        }

        private void CommitExisting(in MergeRequest request, VmaId target, bool left, bool right, bool removeMiddle)
        {
            ulong start = left ? machine.At(target).Start : request.Start;
            ulong end = right ? machine.At(request.Next).End : request.End;
            machine.Structure.Joining(target, request.Middle, request.Start, request.End);
            if (left && right)
            {
                machine.Structure.Joining(target, request.Next, machine.At(request.Next).Start, end);
            }

            if (removeMiddle)
            {
                machine.Absorb(request.Mm, target, request.Middle);
            }
            else if (left)
            {
                machine.CutBelow(request.Middle, request.End);
            }
            else
            {
                machine.CutAbove(request.Middle, request.Start);
            }

            if (left && right)
            {
                machine.Absorb(request.Mm, target, request.Next);
            }

            machine.SetRange(target, start, end);
        }

        /// <summary>dup_anon_vma: the target takes the giver's anonymous state over.</summary>
        private Errno TakeOver(VmaId target, VmaId giver)
        {
            Errno error = machine.Structure.Join(target, giver);
            machine.At(target).Prepared |= error == Errno.None && machine.At(giver).Prepared;
            return error;
        }

        /// <summary>A VMA disappears into another.</summary>
        private void Absorb(Mm mm, VmaId target, VmaId removed)
        {
            machine.At(target).Flags |= machine.At(removed).Flags & machine.Sticky;
            machine.RemoveVma(mm, removed, DropReason.Joined);
        }

        /// <summary>
        /// vma_modify: [start, end) of a VMA gets other attributes; it merges with neighbours, or is split off.
        /// Returns the VMA that now holds the range, or none: see <see cref="VmaSplitting.WhyNotModified"/>.
        /// </summary>
        internal VmaId ModifyVma(MergeRequest request)
        {
            MergeOutcome outcome = machine.MergeExistingRange(request, out VmaId merged);
            if (outcome != MergeOutcome.NoMerge)
            {
                return merged;
            }

            VmaId id = request.Middle;
            if (machine.At(id).Start < request.Start
                && machine.SplitVma(id, request.Start, VmaSplitting.NewPart.Below) != Errno.None)
            {
                return default;
            }

            return machine.At(id).End > request.End
                && machine.SplitVma(id, request.End, VmaSplitting.NewPart.Above) != Errno.None
                ? default
                : id;
        }

        /// <summary>vma_modify_flags: as <see cref="ModifyVma"/>, for new flags, which the result has.</summary>
        internal VmaId ModifyFlags(Mm mm, VmaId id, ulong start, ulong end, VmaFlags flags)
        {
            VmaId result = machine.ModifyVma(machine.RequestInside(mm, id, start, end) with { Flags = flags });
            if (!result.IsNone)
            {
                ref Vma vma = ref machine.At(result);
                vma.Flags = flags | (vma.Flags & machine.Sticky);
            }

            return result;
        }

        /// <summary>A request for part of a VMA, with its neighbours as the kernel's iterator has them.</summary>
        internal MergeRequest RequestInside(Mm mm, VmaId id, ulong start, ulong end)
        {
            ref Vma vma = ref machine.At(id);
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
    }

    /// <summary>Which neighbours a new range may join.</summary>
    internal enum MergeSides
    {
        Both = 0,

        /// <summary>just_expand: the lower one only (brk).</summary>
        Lower = 1,
    }
}
