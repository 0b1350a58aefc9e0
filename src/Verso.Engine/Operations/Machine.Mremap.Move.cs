using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// mremap's move (mm/mremap.c move_vma, mm/vma.c copy_vma).
public abstract partial class Machine
{
    private SyscallResult MoveVma(Mm mm, VmaId id, in MremapRequest call)
    {
        Errno error = CheckMove(mm, At(id), call);
        if (error != Errno.None)
        {
            return error;
        }

        SyscallResult target = RemapTarget(mm, id, call);
        if (target.Errno != Errno.None)
        {
            return target;
        }

        error = MakeRoom(mm, target.Value, call);
        if (error != Errno.None)
        {
            return error;
        }

        id = Lookup(mm, call.OldAddress);
        bool locked = (At(id).Flags & VmaFlags.Locked) != 0;
        bool stays = (call.Flags & RemapFlags.DontUnmap) != 0;
        error = locked && stays ? SplitLocked(id, call) : Errno.None;
        if (error != Errno.None)
        {
            return error;
        }

        VmaId copy = CopyVma(mm, ref id, call, target.Value);
        if (copy.IsNone)
        {
            return Errno.ENOMEM;
        }

        // Before the move, because unmapping the new range after a failure takes it away again.
        mm.TotalPages += call.NewLength >> Page.Shift;
        mm.LockedPages += locked ? call.NewLength >> Page.Shift : 0;
        ulong moved = 0;
        error = Structure.Relocate(id, call.OldAddress, copy, target.Value, call.OldLength);
        bool follows = error == Errno.None;
        if (follows)
        {
            moved = MoveRange(id, call.OldAddress, copy, target.Value, call.OldLength);
        }

        bool complete = follows && moved == call.OldLength
            && (!stays || Structure.Detach(id, copy, call.OldAddress, call.OldLength) == Errno.None);
        if (!complete)
        {
            // An allocation failed: what has moved goes back, and the new range goes away.
            _ = MoveRange(copy, target.Value, id, call.OldAddress, moved);
            if (follows)
            {
                Invariant.Require(
                    Structure.Relocate(copy, target.Value, id, call.OldAddress, call.OldLength) == Errno.None);
            }

            _ = UnmapRange(mm, target.Value, target.Value + call.NewLength);
            return follows ? Errno.ENOMEM : error;
        }

        FinishMove(mm, id, copy, call);
        if (locked && call.NewLength > call.OldLength)
        {
            PopulateUnlocked(mm, target.Value + call.OldLength, call.NewLength - call.OldLength);
        }

        return target;
    }

    private void FinishMove(Mm mm, VmaId source, VmaId copy, in MremapRequest call)
    {
        // Neighbours that the copy was merged with are no longer watched either.
        MoveUserfault(ref At(copy));
        if ((call.Flags & RemapFlags.DontUnmap) != 0)
        {
            LeaveSource(source, copy, call);
        }
        else if (call.OldLength != 0)
        {
            UnmapSource(mm, source, copy, call.OldAddress, call.OldAddress + call.OldLength);
        }
    }

    /// <summary>
    /// prep_move_vma: ENOMEM at the limit, EINVAL for a part of what cannot be split; ENOMEM of what may not be
    /// committed.
    /// </summary>
    private Errno CheckMove(Mm mm, in Vma vma, in MremapRequest call) =>
        !HasRoomToMove(mm, vma, call) ? Errno.ENOMEM
        : (vma.IsSpecialMapping || vma.NeverSplit) && !IsWhole(vma, call) ? Errno.EINVAL
        : MayCommit(vma, call) ? Errno.None
        : Errno.ENOMEM;

    private static bool IsWhole(in Vma vma, in MremapRequest call) =>
        vma.Start == call.OldAddress && vma.End == call.OldAddress + call.OldLength;

    /// <summary>check_map_count_against_split, after what was in the way has gone.</summary>
    private bool HasRoomToMove(Mm mm, in Vma vma, in MremapRequest call)
    {
        bool splits = (call.Flags & RemapFlags.DontUnmap) != 0 && (vma.Flags & VmaFlags.Locked) != 0;
        return World.Rules.RemapCountsVmas
            ? mm.Vmas.Count + (splits ? 3 : 2) <= World.Options.MaxMapCount
            : mm.Vmas.Count < World.Options.MaxMapCount - 3;
    }

    /// <summary>needs_pre_split: what is to stay without its lock becomes a VMA of its own first.</summary>
    private Errno SplitLocked(VmaId id, in MremapRequest call)
    {
        if (!World.Rules.LockedSourceIsSplitOff)
        {
            return Errno.None;
        }

        ulong start = call.OldAddress;
        ulong end = start + call.OldLength;
        Errno error = At(id).Start < start ? SplitVma(id, start, NewPart.Below) : Errno.None;
        return error == Errno.None && At(id).End > end ? SplitVma(id, end, NewPart.Above) : error;
    }

    /// <summary>vrm_set_new_addr.</summary>
    private SyscallResult RemapTarget(Mm mm, VmaId id, in MremapRequest call)
    {
        ref Vma vma = ref At(id);
        bool isFixed = (call.Flags & RemapFlags.Fixed) != 0;
        MapFlags flags = isFixed ? MapFlags.Fixed : MapFlags.None;
        flags |= (vma.Flags & VmaFlags.MayShare) != 0 ? MapFlags.Shared : MapFlags.None;
        ulong hint = ImpliesNewAddress(call) ? call.NewAddress : 0;
        ulong pgoff = vma.PgoffAt(call.OldAddress);
        SyscallResult found = GetUnmappedArea(mm, hint, call.NewLength, flags, vma.File, pgoff);
        if (isFixed || call.Imposed is not ulong imposed)
        {
            return found;
        }

        return Impose(imposed, call.NewLength, found);
    }

    /// <summary>
    /// A trace without the order of the mmap lock may tell of an unmapping after the address was given out again: what
    /// is still there goes now. EFAULT if that would take the source away.
    /// </summary>
    private Errno MakeRoom(Mm mm, ulong target, in MremapRequest call)
    {
        ulong end = target + call.NewLength;
        if (!Intersects(mm, target, end))
        {
            return Errno.None;
        }

        bool overSource = target < call.OldAddress + Math.Max(call.OldLength, 1) && call.OldAddress < end;
        return overSource ? Errno.EFAULT : UnmapRange(mm, target, end);
    }

    /// <summary>
    /// copy_vma: the range at its new address, merged with a neighbour there or a VMA of its own. A merge may swallow
    /// the
    /// source; then <paramref name="source"/> becomes what it is part of.
    /// </summary>
    private VmaId CopyVma(Mm mm, ref VmaId source, in MremapRequest call, ulong address)
    {
        ref Vma vma = ref At(source);
        ulong oldStart = vma.Start;
        ulong end = address + call.NewLength;

        (VmaId prev, VmaId next) = Around(mm, address);
        bool staysApart = World.Rules.SourceStaysApart && (call.Flags & RemapFlags.DontUnmap) != 0;
        prev = staysApart && prev == source ? default : prev;
        next = staysApart && next == source ? default : next;
        MergeRequest range = MergeRequest.Like(mm, vma, source, address, end) with
        {
            Pgoff = Structure.PlaceCopy(source, call.OldAddress, call.NewLength >> Page.Shift, address),
            StateStart = call.OldAddress,
            StatePages = call.OldLength >> Page.Shift,
            Prev = prev,
            Next = next,
            CopiedFrom = source,
        };
        range.AnonPgoff = vma.Prepared && HasOwnOffset(vma.File, vma.Flags)
            ? vma.AnonPgoffAt(call.OldAddress)
            : PlaceOwnPages(mm, range);
        if (MergeNewRange(range, MergeSides.Both, out VmaId merged) == MergeOutcome.Merged)
        {
            if (oldStart >= At(merged).Start && oldStart < At(merged).End)
            {
                source = merged;
            }

            return merged;
        }

        Vma copy = At(source) with { Start = address, End = end, Pgoff = range.Pgoff, AnonPgoff = range.AnonPgoff };
        VmaId id = World.Vmas.Allocate(copy);
        if (id.IsNone)
        {
            return default;
        }

        if (Structure.Copy(source, id) != Errno.None)
        {
            World.Vmas.Free(id);
            return default;
        }

        LinkVma(id);
        return id;
    }

    /// <summary>dontunmap_complete: the source stays, empty; wholly moved, it is as if never faulted.</summary>
    private void LeaveSource(VmaId source, VmaId copy, in MremapRequest call)
    {
        ref Vma vma = ref At(source);

        // locked_vm has been raised for the copy; on some kernels it is not lowered for the source: seen on 6.18.44.
        bool locked = (vma.Flags & VmaFlags.Locked) != 0;
        World.Mms[vma.Mm].LockedPages -=
            locked && !World.Rules.UnlockedSourceIsCounted ? call.OldLength >> Page.Shift : 0;
        vma.Flags &= ~VmaFlags.LockedMask;
        bool whole = IsWhole(vma, call);
        if (copy != source && whole)
        {
            Structure.Drop(source, DropReason.MovedAway);
            vma.Prepared = false;
            if (World.Rules.SourceIsPlacedAnew)
            {
                PlaceAnew(source);
            }
        }
    }

    /// <summary>
    /// A VMA that is unfaulted again has the offsets of its address again, as a fresh one has: its file's excepted.
    /// </summary>
    private void PlaceAnew(VmaId id)
    {
        Structure.Adjusting(id);
        ref Vma vma = ref At(id);
        Mm mm = World.Mms[vma.Mm];
        MergeRequest range = MergeRequest.Like(mm, vma, id, vma.Start, vma.End);
        range.Pgoff = vma.IsAnonymous ? Structure.Place(mm, vma.Start, vma.Pages) : vma.Pgoff;
        vma.Pgoff = range.Pgoff;
        vma.AnonPgoff = PlaceOwnPages(mm, range);
        Structure.Adjusted(id);
    }

    /// <summary>
    /// unmap_source_vma: the source goes without giving back what it had committed, which the copy has now. If a split
    /// fails it stays, empty, and loses VM_ACCOUNT.
    /// </summary>
    private void UnmapSource(Mm mm, VmaId source, VmaId copy, ulong start, ulong end)
    {
        Vma before = At(source);
        At(source).Flags &= ~VmaFlags.Account;
        if (UnmapRange(mm, start, end) != Errno.None)
        {
            // Should this fail too, what is left sees the moved pages, and there is no way back any more.
            _ = Structure.Detach(Lookup(mm, start), copy, start, end - start);
            return;
        }

        VmaFlags account = before.Flags & VmaFlags.Account;
        if (before.Start < start)
        {
            At(Lookup(mm, start - 1)).Flags |= account;
        }

        if (before.End > end)
        {
            At(Lookup(mm, end)).Flags |= account;
        }
    }
}
