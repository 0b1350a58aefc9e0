using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>mremap's move (mm/mremap.c move_vma, mm/vma.c copy_vma).</summary>
internal static class MremapMove
{
    extension(Machine machine)
    {
        internal SyscallResult MoveVma(Mm mm, VmaId id, in MremapRequest call)
        {
            Errno error = machine.CheckMove(mm, machine.At(id), call);
            if (error != Errno.None)
            {
                return error;
            }

            SyscallResult target = machine.RemapTarget(mm, id, call);
            if (target.Errno != Errno.None)
            {
                return target;
            }

            error = machine.MakeRoom(mm, target.Value, call);
            if (error != Errno.None)
            {
                return error;
            }

            id = mm.Vmas.Lookup(call.OldAddress);
            bool locked = (machine.At(id).Flags & VmaFlags.Locked) != 0;
            bool stays = (call.Flags & RemapFlags.DontUnmap) != 0;
            error = locked && stays ? machine.SplitLocked(id, call) : Errno.None;
            if (error != Errno.None)
            {
                return error;
            }

            VmaId copy = machine.CopyVma(mm, ref id, call, target.Value);
            if (copy.IsNone)
            {
                return Errno.ENOMEM;
            }

            // Before the move, because unmapping the new range after a failure takes it away again.
            mm.TotalPages += call.NewLength >> Page.Shift;
            mm.LockedPages += locked ? call.NewLength >> Page.Shift : 0;
            ulong moved = 0;
            error = machine.Structure.Relocate(id, call.OldAddress, copy, target.Value, call.OldLength);
            bool follows = error == Errno.None;
            if (follows)
            {
                moved = machine.MoveRange(id, call.OldAddress, copy, target.Value, call.OldLength);
            }

            bool complete = follows && moved == call.OldLength
                && (!stays || machine.Structure.Detach(id, copy, call.OldAddress, call.OldLength) == Errno.None);
            if (!complete)
            {
                // An allocation failed: what has moved goes back, and the new range goes away.
                _ = machine.MoveRange(copy, target.Value, id, call.OldAddress, moved);
                if (follows)
                {
                    Invariant.Require(
                        machine.Structure.Relocate(
                            copy, target.Value, id, call.OldAddress, call.OldLength) == Errno.None);
                }

                _ = machine.UnmapRange(mm, target.Value, target.Value + call.NewLength);
                return follows ? Errno.ENOMEM : error;
            }

            machine.FinishMove(mm, id, copy, call);
            if (locked && call.NewLength > call.OldLength)
            {
                machine.PopulateUnlocked(mm, target.Value + call.OldLength, call.NewLength - call.OldLength);
            }

            return target;
        }

        private void FinishMove(Mm mm, VmaId source, VmaId copy, in MremapRequest call)
        {
            // Neighbours that the copy was merged with are no longer watched either.
            machine.MoveUserfault(ref machine.At(copy));
            if ((call.Flags & RemapFlags.DontUnmap) != 0)
            {
                machine.LeaveSource(source, copy, call);
            }
            else if (call.OldLength != 0)
            {
                machine.UnmapSource(mm, source, copy, call.OldAddress, call.OldAddress + call.OldLength);
            }
        }

        /// <summary>
        /// prep_move_vma: ENOMEM at the limit, EINVAL for a part of what cannot be split; ENOMEM of what may not be
        /// committed.
        /// </summary>
        private Errno CheckMove(Mm mm, in Vma vma, in MremapRequest call) =>
            !machine.HasRoomToMove(mm, vma, call) ? Errno.ENOMEM
            : (vma.IsSpecialMapping || vma.NeverSplit) && !IsWhole(vma, call) ? Errno.EINVAL
            : machine.MayCommit(vma, call) ? Errno.None
            : Errno.ENOMEM;

        /// <summary>check_map_count_against_split, after what was in the way has gone.</summary>
        private bool HasRoomToMove(Mm mm, in Vma vma, in MremapRequest call)
        {
            bool splits = (call.Flags & RemapFlags.DontUnmap) != 0 && (vma.Flags & VmaFlags.Locked) != 0;
            return machine.World.Rules.RemapCountsVmas
                ? mm.Vmas.Count + (splits ? 3 : 2) <= machine.World.Options.MaxMapCount
                : mm.Vmas.Count < machine.World.Options.MaxMapCount - 3;
        }

        /// <summary>needs_pre_split: what is to stay without its lock becomes a VMA of its own first.</summary>
        private Errno SplitLocked(VmaId id, in MremapRequest call)
        {
            if (!machine.World.Rules.LockedSourceIsSplitOff)
            {
                return Errno.None;
            }

            ulong start = call.OldAddress;
            ulong end = start + call.OldLength;
            Errno error = machine.At(id).Start < start
                ? machine.SplitVma(id, start, VmaSplitting.NewPart.Below)
                : Errno.None;
            return error == Errno.None && machine.At(id).End > end
                ? machine.SplitVma(id, end, VmaSplitting.NewPart.Above)
                : error;
        }

        /// <summary>vrm_set_new_addr.</summary>
        private SyscallResult RemapTarget(Mm mm, VmaId id, in MremapRequest call)
        {
            ref Vma vma = ref machine.At(id);
            bool isFixed = (call.Flags & RemapFlags.Fixed) != 0;
            MapFlags flags = isFixed ? MapFlags.Fixed : MapFlags.None;
            flags |= (vma.Flags & VmaFlags.MayShare) != 0 ? MapFlags.Shared : MapFlags.None;
            ulong hint = MremapCall.ImpliesNewAddress(call) ? call.NewAddress : 0;
            ulong pgoff = vma.PgoffAt(call.OldAddress);
            SyscallResult found = machine.GetUnmappedArea(mm, hint, call.NewLength, flags, vma.File, pgoff);
            if (isFixed || call.Imposed is not ulong imposed)
            {
                return found;
            }

            return machine.Impose(imposed, call.NewLength, found);
        }

        /// <summary>
        /// A trace without the order of the mmap lock may tell of an unmapping after the address was given out again:
        /// what is still there goes now. EFAULT if that would take the source away.
        /// </summary>
        private Errno MakeRoom(Mm mm, ulong target, in MremapRequest call)
        {
            ulong end = target + call.NewLength;
            if (!mm.Vmas.Intersects(target, end))
            {
                return Errno.None;
            }

            bool overSource = target < call.OldAddress + Math.Max(call.OldLength, 1) && call.OldAddress < end;
            return overSource ? Errno.EFAULT : machine.UnmapRange(mm, target, end);
        }

        /// <summary>
        /// copy_vma: the range at its new address, merged with a neighbour there or a VMA of its own. A merge may
        /// swallow the
        /// source; then <paramref name="source"/> becomes what it is part of.
        /// </summary>
        private VmaId CopyVma(Mm mm, ref VmaId source, in MremapRequest call, ulong address)
        {
            ref Vma vma = ref machine.At(source);
            ulong oldStart = vma.Start;
            ulong end = address + call.NewLength;

            (VmaId prev, VmaId next) = mm.Vmas.Around(address);
            bool staysApart = machine.World.Rules.SourceStaysApart && (call.Flags & RemapFlags.DontUnmap) != 0;
            prev = staysApart && prev == source ? default : prev;
            next = staysApart && next == source ? default : next;
            MergeRequest range = MergeRequest.Like(mm, vma, source, address, end) with
            {
                Pgoff = machine.Structure.PlaceCopy(source, call.OldAddress, call.NewLength >> Page.Shift, address),
                StateStart = call.OldAddress,
                StatePages = call.OldLength >> Page.Shift,
                Prev = prev,
                Next = next,
                CopiedFrom = source,
            };
            range.AnonPgoff = vma.Prepared && machine.HasOwnOffset(vma.File, vma.Flags)
                ? vma.AnonPgoffAt(call.OldAddress)
                : machine.PlaceOwnPages(mm, range);
            if (machine.MergeNewRange(range, VmaMerging.MergeSides.Both, out VmaId merged) == MergeOutcome.Merged)
            {
                if (oldStart >= machine.At(merged).Start && oldStart < machine.At(merged).End)
                {
                    source = merged;
                }

                return merged;
            }

            Vma copy = machine.At(source) with
            {
                Start = address,
                End = end,
                Pgoff = range.Pgoff,
                AnonPgoff = range.AnonPgoff,
            };
            VmaId id = machine.World.Vmas.Allocate(copy);
            if (id.IsNone)
            {
                return default;
            }

            if (machine.Structure.Copy(source, id) != Errno.None)
            {
                machine.World.Vmas.Free(id);
                return default;
            }

            machine.LinkVma(id);
            return id;
        }

        /// <summary>dontunmap_complete: the source stays, empty; wholly moved, it is as if never faulted.</summary>
        private void LeaveSource(VmaId source, VmaId copy, in MremapRequest call)
        {
            ref Vma vma = ref machine.At(source);

            // locked_vm has been raised for the copy; on some kernels it is not lowered for the source: seen on
            // 6.18.44.
            bool locked = (vma.Flags & VmaFlags.Locked) != 0;
            machine.World.Mms[vma.Mm].LockedPages -=
                locked && !machine.World.Rules.UnlockedSourceIsCounted ? call.OldLength >> Page.Shift : 0;
            vma.Flags &= ~VmaFlags.LockedMask;
            bool whole = IsWhole(vma, call);
            if (copy != source && whole)
            {
                machine.Structure.Drop(source, DropReason.MovedAway);
                vma.Prepared = false;
                if (machine.World.Rules.SourceIsPlacedAnew)
                {
                    machine.PlaceAnew(source);
                }
            }
        }

        /// <summary>
        /// A VMA that is unfaulted again has the offsets of its address again, as a fresh one has: its file's excepted.
        /// </summary>
        private void PlaceAnew(VmaId id)
        {
            machine.Structure.Adjusting(id);
            ref Vma vma = ref machine.At(id);
            Mm mm = machine.World.Mms[vma.Mm];
            MergeRequest range = MergeRequest.Like(mm, vma, id, vma.Start, vma.End);
            range.Pgoff = vma.IsAnonymous ? machine.Structure.Place(mm, vma.Start, vma.Pages) : vma.Pgoff;
            vma.Pgoff = range.Pgoff;
            vma.AnonPgoff = machine.PlaceOwnPages(mm, range);
            machine.Structure.Adjusted(id);
        }

        /// <summary>
        /// unmap_source_vma: the source goes without giving back what it had committed, which the copy has now. If a
        /// split fails it stays, empty, and loses VM_ACCOUNT.
        /// </summary>
        private void UnmapSource(Mm mm, VmaId source, VmaId copy, ulong start, ulong end)
        {
            Vma before = machine.At(source);
            machine.At(source).Flags &= ~VmaFlags.Account;
            if (machine.UnmapRange(mm, start, end) != Errno.None)
            {
                // Should this fail too, what is left sees the moved pages, and there is no way back any more.
                _ = machine.Structure.Detach(mm.Vmas.Lookup(start), copy, start, end - start);
                return;
            }

            VmaFlags account = before.Flags & VmaFlags.Account;
            if (before.Start < start)
            {
                machine.At(mm.Vmas.Lookup(start - 1)).Flags |= account;
            }

            if (before.End > end)
            {
                machine.At(mm.Vmas.Lookup(end)).Flags |= account;
            }
        }
    }

    private static bool IsWhole(in Vma vma, in MremapRequest call) =>
        vma.Start == call.OldAddress && vma.End == call.OldAddress + call.OldLength;
}
