using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>mremap (mm/mremap.c of 6.18).</summary>
public static class MremapCall
{
    /// <summary>VMAs that a move wants to have room for at most (check_mremap_params, prep_move_vma).</summary>
    private const int MostVmasOfMove = 6;

    extension(Machine machine)
    {
        /// <summary>
        /// mremap. EINVAL (unaligned, unknown flags, overlap, new length 0, private with old length 0, huge pages that
        /// would grow), EFAULT (not mapped, across a VMA's end), ENOMEM (no room, or within 5 VMAs of
        /// vm.max_map_count), EAGAIN (RLIMIT_MEMLOCK), EPERM (sealed). Returns the address.
        /// </summary>
        public SyscallResult Mremap(MmId mmId, in MremapRequest request)
        {
            Mm mm = machine.World.Mms[mmId];
            machine.Structure.Remapping(
                mmId,
                request.OldAddress,
                (request.Flags & (RemapFlags.RelocateAnon | RemapFlags.MustRelocateAnon)) != 0);
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            MremapRequest call = request with
            {
                OldLength = Page.AlignUp(request.OldLength),
                NewLength = Page.AlignUp(request.NewLength),
            };
            Errno error = machine.CheckRemap(mm, call);
            if (error != Errno.None)
            {
                return error;
            }

            bool isFixed = (call.Flags & RemapFlags.Fixed) != 0;
            if (machine.Refusal != Errno.None && machine.MayEndOnItsWay(mm, call))
            {
                machine.Refusal = Errno.None;
            }

            bool moveOnly = isFixed && call.OldLength == call.NewLength;
            return moveOnly && machine.World.Rules.MultiVmaMove
                ? machine.MoveSeveral(mm, call)
                : machine.RemapOne(mm, call);
        }

        /// <summary>
        /// Whether the kernel's refusal has its reason in a VMA of the range, where those before it have moved by then:
        /// a seal, what cannot be split or be there twice, what moves alone; or in the number of VMAs.
        /// </summary>
        private bool MayEndOnItsWay(Mm mm, in MremapRequest call)
        {
            const VmaFlags Once = VmaFlags.DontExpand | VmaFlags.PfnMap;
            ulong end = call.OldAddress + call.OldLength;
            foreach (VmaId id in mm.Vmas.Within(call.OldAddress, end))
            {
                bool ends = machine.Refusal switch
                {
                    Errno.EFAULT => machine.MovesAlone(id),
                    Errno.EINVAL => (machine.At(id).Flags & Once) != 0,
                    _ => false,
                };
                if (ends)
                {
                    return true;
                }
            }

            bool isFixed = (call.Flags & RemapFlags.Fixed) != 0;
            return machine.EndsByItself(mm, call.OldAddress, end)
                || (isFixed && machine.EndsByItself(mm, call.NewAddress, call.NewAddress + call.NewLength))
                || (machine.Refusal == Errno.ENOMEM
                    && mm.Vmas.Count + MostVmasOfMove > machine.World.Options.MaxMapCount);
        }

        /// <summary>check_mremap_params.</summary>
        private Errno CheckRemap(Mm mm, in MremapRequest call)
        {
            const RemapFlags Known = RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap;
            bool checksFirst = machine.World.Rules.RemapChecksFirst;
            if ((call.Flags & ~Known) != 0 || !Page.IsAligned(call.OldAddress) || call.NewLength == 0
                || (checksFirst && call.NewLength > mm.TaskSize))
            {
                return Errno.EINVAL;
            }

            bool resizes = (call.Flags & RemapFlags.DontUnmap) != 0 && call.OldLength != call.NewLength;
            if (ImpliesNewAddress(call) && (resizes || (call.Flags & RemapFlags.MayMove) == 0))
            {
                return Errno.EINVAL;
            }

            Errno refused = ImpliesNewAddress(call) && checksFirst ? machine.CheckRemapTarget(mm, call) : Errno.None;
            return refused == Errno.None && !machine.HasRoomToRemap(mm, call) ? Errno.ENOMEM : refused;
        }

        /// <summary>Where a range is to go, and whether there may be enough VMAs (mremap_to of 6.12).</summary>
        private Errno CheckRemapTarget(Mm mm, in MremapRequest call)
        {
            bool overlaps = call.OldAddress + call.OldLength > call.NewAddress
                && call.NewAddress + call.NewLength > call.OldAddress;
            if (call.NewLength > mm.TaskSize || call.NewAddress > mm.TaskSize - call.NewLength
                || !Page.IsAligned(call.NewAddress) || overlaps)
            {
                return Errno.EINVAL;
            }

            // A move may split one VMA into three before it unmaps.
            bool full = !machine.World.Rules.RemapCountsVmas
                && mm.Vmas.Count + 2 >= machine.World.Options.MaxMapCount - 3;
            return full ? Errno.ENOMEM : Errno.None;
        }

        /// <summary>check_map_count_against_split_early: at worst, whatever the call is.</summary>
        private bool HasRoomToRemap(Mm mm, in MremapRequest call)
        {
            int more = (call.Flags & RemapFlags.DontUnmap) != 0 ? 5 : 4;
            return !machine.World.Rules.RemapCountsVmas || mm.Vmas.Count + more <= machine.World.Options.MaxMapCount;
        }

        /// <summary>remap_move: every VMA of the range, gaps kept (6.17).</summary>
        private SyscallResult MoveSeveral(Mm mm, in MremapRequest call)
        {
            ulong end = call.OldAddress + call.OldLength;
            ulong at = call.OldAddress;
            bool first = true;
            while (at < end)
            {
                VmaId id = mm.Vmas.Find(at);
                if (id.IsNone || machine.At(id).Start >= end)
                {
                    break;
                }

                ulong from = Math.Max(machine.At(id).Start, at);
                if (first && from != call.OldAddress)
                {
                    return Errno.EFAULT;
                }

                ulong upTo = Math.Min(machine.At(id).End, end);
                if (machine.MovesAlone(id) && !(first && machine.At(id).End >= end))
                {
                    return Errno.EFAULT;
                }

                SyscallResult moved = machine.RemapOne(mm, call with
                {
                    OldAddress = from,
                    OldLength = upTo - from,
                    NewLength = upTo - from,
                    NewAddress = call.NewAddress + (from - call.OldAddress),
                });
                if (moved.Errno != Errno.None)
                {
                    return moved;
                }

                first = false;
                at = upTo;
            }

            return first ? Errno.EFAULT : SyscallResult.Ok(call.NewAddress);
        }

        /// <summary>
        /// vma_multi_allowed is false: userfaultfd must be told with the lock dropped, and a file that chooses
        /// addresses itself, as /dev/zero and System V segments do, might not obey.
        /// </summary>
        private bool MovesAlone(VmaId id)
        {
            ref Vma vma = ref machine.At(id);
            return vma.UserfaultContext != 0 || machine.IsSegment(vma)
                || (!vma.File.IsNone && machine.World.Files[vma.File].Kind == FileKind.Zero);
        }

        private SyscallResult RemapOne(Mm mm, MremapRequest call)
        {
            VmaId id = mm.Vmas.Lookup(call.OldAddress);
            if (!id.IsNone && machine.IsSealed(id))
            {
                return Errno.EPERM;
            }

            if (!id.IsNone && (machine.At(id).Flags & VmaFlags.HugeTlb) != 0 && !HugeTlbMapping.FitsHugePages(ref call))
            {
                return Errno.EINVAL;
            }

            bool checksLater = ImpliesNewAddress(call) && !machine.World.Rules.RemapChecksFirst;
            Errno error = !checksLater ? machine.CheckRemapVma(id, call)
                : id.IsNone ? Errno.EFAULT
                : machine.CheckRemapTarget(mm, call);
            return error != Errno.None
                ? error
                : ImpliesNewAddress(call) ? machine.RemapTo(mm, call) : machine.RemapAt(mm, id, call);
        }

        /// <summary>check_prep_vma.</summary>
        private Errno CheckRemapVma(VmaId id, in MremapRequest call)
        {
            if (id.IsNone)
            {
                return Errno.EFAULT;
            }

            if (!ImpliesNewAddress(call) && call.NewLength <= call.OldLength)
            {
                return Errno.None;
            }

            ref Vma vma = ref machine.At(id);
            const VmaFlags Fixed = VmaFlags.DontExpand | VmaFlags.PfnMap;
            if (call.OldLength == 0 && (vma.Flags & (VmaFlags.Shared | VmaFlags.MayShare)) == 0)
            {
                return Errno.EINVAL;
            }

            if ((call.Flags & RemapFlags.DontUnmap) != 0 && (vma.Flags & Fixed) != 0)
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.World.Mms[vma.Mm];
            ulong covered = Math.Min(call.OldLength, call.NewLength);
            if (covered > vma.End - call.OldAddress)
            {
                return Errno.EFAULT;
            }

            if (call.NewLength <= call.OldLength)
            {
                return Errno.None;
            }

            return (vma.Flags & Fixed) != 0 ? Errno.EFAULT
                : !machine.MayLock(mm, vma.Flags, call.NewLength - call.OldLength) ? Errno.EAGAIN
                : machine.MayExpand(mm, vma.Flags, (call.NewLength - call.OldLength) >> Page.Shift)
                    ? Errno.None
                    : Errno.ENOMEM;
        }

        /// <summary>mremap_to: a new address is given (MREMAP_FIXED) or wanted (MREMAP_DONTUNMAP).</summary>
        private SyscallResult RemapTo(Mm mm, MremapRequest call)
        {
            if (machine.Refused() != Errno.None)
            {
                return machine.Refusal;
            }

            if ((call.Flags & RemapFlags.Fixed) != 0)
            {
                Errno error = machine.UnmapRange(mm, call.NewAddress, call.NewAddress + call.NewLength);
                if (error != Errno.None)
                {
                    return error;
                }
            }

            if (call.NewLength < call.OldLength)
            {
                Errno error = machine.UnmapSurplus(mm, call);
                if (error != Errno.None)
                {
                    return error;
                }

                call = call with { OldLength = call.NewLength };
            }

            // An old length of 0 overlaps nothing, so the target may have been where the source was.
            VmaId id = mm.Vmas.Lookup(call.OldAddress);
            Errno late = machine.World.Rules.RemapChecksFirst && !id.IsNone
                ? Errno.None
                : machine.CheckRemapVma(id, call);
            bool doubles = late == Errno.None && (call.Flags & RemapFlags.DontUnmap) != 0;
            if (doubles && !machine.MayExpand(mm, machine.At(id).Flags, call.OldLength >> Page.Shift))
            {
                return Errno.ENOMEM;
            }

            return late != Errno.None ? late : machine.MoveVma(mm, id, call);
        }

        /// <summary>shrink_vma. EINVAL if the old range reaches beyond the address space.</summary>
        private Errno UnmapSurplus(Mm mm, in MremapRequest call)
        {
            ulong start = call.OldAddress + call.NewLength;
            ulong length = call.OldLength - call.NewLength;
            return MunmapCall.IsInside(mm, start, length)
                ? machine.UnmapRange(mm, start, start + length)
                : Errno.EINVAL;
        }

        /// <summary>mremap_at: shrink or grow in place, or move if that is allowed.</summary>
        private SyscallResult RemapAt(Mm mm, VmaId id, in MremapRequest call)
        {
            if (call.NewLength == call.OldLength)
            {
                return SyscallResult.Ok(call.OldAddress);
            }

            bool grows = call.NewLength > call.OldLength;
            bool inPlace = grows && machine.CanGrowInPlace(mm, id, call);
            if (grows && !inPlace && (call.Flags & RemapFlags.MayMove) == 0)
            {
                return Errno.ENOMEM;
            }

            if (machine.Refused() != Errno.None)
            {
                return machine.Refusal;
            }

            if (!grows)
            {
                Errno error = machine.UnmapSurplus(mm, call);
                return error != Errno.None ? error : SyscallResult.Ok(call.OldAddress);
            }

            return inPlace ? machine.GrowInPlace(mm, id, call) : machine.MoveVma(mm, id, call);
        }

        private bool CanGrowInPlace(Mm mm, VmaId id, in MremapRequest call)
        {
            ref Vma vma = ref machine.At(id);
            if (call.OldLength != vma.End - call.OldAddress)
            {
                return false;
            }

            ulong end = vma.End + (call.NewLength - call.OldLength);
            return end > vma.End && end <= mm.TaskSize && !mm.Vmas.Intersects(vma.End, end);
        }

        /// <summary>
        /// expand_vma_in_place: vma_merge_extend joins the extension, and the next VMA if it now touches.
        /// </summary>
        private SyscallResult GrowInPlace(Mm mm, VmaId id, in MremapRequest call)
        {
            ref Vma vma = ref machine.At(id);
            ulong delta = call.NewLength - call.OldLength;
            if (!machine.MayCommit(vma, call) || machine.Structure.Extend(id, vma.End, vma.End + delta) != Errno.None)
            {
                return Errno.ENOMEM;
            }

            MergeRequest range = MergeRequest.Like(mm, vma, id, vma.End, vma.End + delta) with
            {
                StatePages = 0,
                Pgoff = vma.PgoffAt(vma.End),
                AnonPgoff = vma.AnonPgoffAt(vma.End),
                Prev = id,
                Next = mm.Vmas.Beside(vma.Start).Next,
            };
            if (machine.MergeNewRange(range, VmaMerging.MergeSides.Both, out VmaId merged) != MergeOutcome.Merged)
            {
                return Errno.ENOMEM;
            }

            mm.TotalPages += delta >> Page.Shift;
            if ((machine.At(merged).Flags & VmaFlags.Locked) != 0)
            {
                mm.LockedPages += delta >> Page.Shift;
                machine.PopulateUnlocked(mm, call.OldAddress + call.OldLength, delta);
            }

            return SyscallResult.Ok(call.OldAddress);
        }
    }

    internal static bool ImpliesNewAddress(in MremapRequest call) =>
        (call.Flags & (RemapFlags.Fixed | RemapFlags.DontUnmap)) != 0;
}
