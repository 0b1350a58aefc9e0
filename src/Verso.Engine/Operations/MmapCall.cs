using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>mmap (mm/mmap.c do_mmap, mm/vma.c mmap_region).</summary>
public static class MmapCall
{
    extension(Machine machine)
    {
        /// <summary>
        /// mmap. EINVAL (length 0, no type, unaligned, no such huge pages), EBADF (no file), ENOMEM (no room, too many
        /// VMAs, allocation failed, MAP_HUGETLB as no huge pages are reserved), EOVERFLOW, EEXIST
        /// (MAP_FIXED_NOREPLACE), EAGAIN (RLIMIT_MEMLOCK), EACCES (the file is not open for it, or PR_SET_MDWE), EPERM
        /// (noexec; sealed memory is there).
        /// </summary>
        public SyscallResult Mmap(MmId mmId, in MmapRequest request)
        {
            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            bool anonymous = (request.Flags & MapFlags.Anonymous) != 0;
            if (Page.IsAligned(request.Offset) && !anonymous && request.File.IsNone)
            {
                return Errno.EBADF;
            }

            if (request.Length == 0 || !Page.IsAligned(request.Offset) || machine.HasNoHugePages(request))
            {
                return Errno.EINVAL;
            }

            bool huge = machine.IsHugeTlb(request);
            ulong length = HugeTlbMapping.AlignUp(
                request.Length, huge ? HugeTlbMapping.HugeTlbPageBytes(request.Flags) : Page.Size);
            if (length == 0)
            {
                return Errno.ENOMEM;
            }

            ulong pgoff = request.Offset >> Page.Shift;
            if (unchecked(pgoff + (length >> Page.Shift)) < pgoff)
            {
                return Errno.EOVERFLOW;
            }

            if (mm.Vmas.Count > machine.World.Options.MaxMapCount)
            {
                return Errno.ENOMEM;
            }

            SyscallResult area = machine.PlaceMapping(mm, request, length, pgoff);
            if (area.Errno != Errno.None)
            {
                return area;
            }

            if ((request.Flags & MapFlags.Locked) != 0 && !LimitChecks.MayLockAtAll(mm))
            {
                return Errno.EPERM;
            }

            Errno error = machine.MappingFlags(mm, request, out VmaFlags flags);
            if (IsRefusedByDriver(request))
            {
                return machine.MapRegion(mm, request, area.Value, length, flags);
            }

            if (!machine.MayLock(mm, flags, length))
            {
                return Errno.EAGAIN;
            }

            // Only what is asked once the range is free of VMAs leaves a trace.
            bool isLater = machine.Refusal == Errno.ENOMEM || machine.EndsByItself(mm, area.Value, area.Value + length);
            error = error == Errno.None && !isLater ? machine.Refused() : error;
            return error != Errno.None ? error : machine.MapRegion(mm, request, area.Value, length, flags);
        }

        /// <summary>The address: fixed, recorded, or searched for.</summary>
        private SyscallResult PlaceMapping(Mm mm, in MmapRequest request, ulong length, ulong pgoff)
        {
            MapFlags flags = request.Flags;
            if ((flags & MapFlags.FixedNoReplace) != 0)
            {
                flags |= MapFlags.Fixed;
            }

            // hugetlb_get_unmapped_area.
            if (machine.IsHugeTlb(request) && (flags & MapFlags.Fixed) != 0
                && request.Address % HugeTlbMapping.HugeTlbPageBytes(flags) != 0)
            {
                return Errno.EINVAL;
            }

            FileId file = (flags & MapFlags.Anonymous) != 0 ? default : request.File;
            ulong hint = (flags & MapFlags.Fixed) != 0 ? request.Address : machine.RoundHint(request.Address);
            SyscallResult area = machine.GetUnmappedArea(mm, hint, length, flags, file, pgoff);
            if ((flags & MapFlags.Fixed) == 0 && request.Imposed is ulong imposed)
            {
                return machine.Impose(imposed, length, area);
            }

            bool taken = area.Errno == Errno.None && (flags & MapFlags.FixedNoReplace) != 0
                && mm.Vmas.Intersects(area.Value, area.Value + length);
            return taken ? Errno.EEXIST : area;
        }

        /// <summary>A recorded address instead of the one found. EINVAL if no kernel could have given it.</summary>
        internal SyscallResult Impose(ulong imposed, ulong length, SyscallResult found)
        {
            machine.SearchDifferences += found.Errno == Errno.None && found.Value == imposed ? 0 : 1;
            bool possible = Page.IsAligned(imposed) && length <= Page.TaskSize && imposed <= Page.TaskSize - length;
            return possible ? SyscallResult.Ok(imposed) : Errno.EINVAL;
        }

        /// <summary>round_hint_to_min.</summary>
        internal ulong RoundHint(ulong hint)
        {
            ulong whole = Page.AlignDown(hint);
            return whole != 0 && whole < machine.World.Options.MmapMinAddress
                ? Page.AlignUp(machine.World.Options.MmapMinAddress)
                : whole;
        }

        /// <summary>mmap_region: what was there goes, then the range joins a neighbour or becomes a VMA.</summary>
        private SyscallResult MapRegion(Mm mm, in MmapRequest request, ulong start, ulong length, VmaFlags flags)
        {
            ulong end = start + length;
            if (ExecGainDenial.IsExecGain(mm, flags, flags))
            {
                return Errno.EACCES;
            }

            FileId file = (request.Flags & MapFlags.Anonymous) != 0 ? default : request.File;
            bool shared = (flags & VmaFlags.Shared) != 0;
            bool huge = machine.IsHugeTlb(request);
            if (!huge && (flags & (VmaFlags.NoReserve | VmaFlags.Shared | VmaFlags.Write)) == VmaFlags.Write)
            {
                flags |= VmaFlags.Account;
            }

            Errno error = machine.MakeRoom(mm, request, start, end, flags);
            if (error != Errno.None)
            {
                return error;
            }

            if (IsRefusedByDriver(request) || machine.LacksHugePages(request))
            {
                error = IsRefusedByDriver(request) ? machine.Refused() : Errno.ENOMEM;
                return error == Errno.None ? Errno.ENODEV : error;
            }

            flags = request.Driver is DriverFacts driver ? driver.Flags & ~VmaFlags.SoftDirty : flags;
            MergeRequest range = MergeRequest.Fresh(mm, mm.Vmas.Around(start), start, end) with
            {
                Flags = huge ? flags : machine.MergeableBeforeMerge(mm, flags, file),
                File = file,
                Pgoff = !file.IsNone || huge ? request.Offset >> Page.Shift
                    : shared ? 0
                    : machine.Structure.Place(mm, start, length >> Page.Shift),
            };
            range.AnonPgoff = machine.PlaceOwnPages(mm, range);

            // Shared anonymous memory and a shared /dev/zero get an object of their own, so nothing can have it as
            // file.
            if (huge ? file.IsNone : machine.IsSharedMemory(file, flags))
            {
                return machine.MapOwnObject(mm, range, request, huge ? FileKind.HugeTlb : FileKind.SharedMemory);
            }

            if (machine.MergeNewRange(range, VmaMerging.MergeSides.Both, out VmaId id) != MergeOutcome.Merged)
            {
                id = machine.NewMapping(range);
                machine.NoteDriver(id, request);
            }

            return id.IsNone ? Errno.ENOMEM : machine.FinishMapping(mm, id, request, start, length);
        }

        /// <summary>
        /// __mmap_prepare: what is in the way is split off, then limits and overcommit are asked, then it goes. Where
        /// they refuse, it stays as it was split.
        /// </summary>
        private Errno MakeRoom(Mm mm, in MmapRequest request, ulong start, ulong end, VmaFlags flags)
        {
            Errno error = machine.SplitAround(mm, start, end);
            if (error != Errno.None)
            {
                return error;
            }

            ulong pages = ((end - start) >> Page.Shift) - machine.PagesWithin(mm, start, end);
            bool isCommitted = (flags & VmaFlags.Account) != 0;
            ulong charge = isCommitted ? ((end - start) >> Page.Shift) - machine.CommittedWithin(mm, start, end) : 0;
            bool isRefused = !IsRefusedByDriver(request) && !machine.LacksHugePages(request)
                && machine.Refuses(Errno.ENOMEM);
            return !machine.MayExpand(mm, flags, pages) || !machine.MayCommit(charge) || isRefused
                ? Errno.ENOMEM
                : machine.UnmapRange(mm, start, end);
        }

        private bool IsSharedMemory(FileId file, VmaFlags flags) => file.IsNone
            ? (flags & VmaFlags.Shared) != 0
            : machine.World.Files[file].Kind == FileKind.Zero
                && (flags & (machine.World.Rules.ReadOnlyZeroIsShared ? VmaFlags.MayShare : VmaFlags.Shared)) != 0;

        /// <summary>
        /// The anonymous page offset of a fresh range: that of its address, in a private file mapping. Elsewhere there
        /// is one page offset only.
        /// </summary>
        internal ulong PlaceOwnPages(Mm mm, in MergeRequest range) =>
            machine.HasOwnOffset(range.File, range.Flags)
                ? machine.Structure.Place(mm, range.Start, range.Pages)
                : range.Pgoff;

        /// <summary>
        /// Whether anonymous page offsets may differ from page offsets (vma_is_cow_mapping with a file).
        /// </summary>
        internal bool HasOwnOffset(FileId file, VmaFlags flags) =>
            machine.World.Rules.AnonymousPageOffsets
            && !file.IsNone
            && (flags & (VmaFlags.Shared | VmaFlags.MayWrite)) == VmaFlags.MayWrite;

        /// <summary>shmem_zero_setup, hugetlb_file_setup.</summary>
        /// <remarks>
        /// __mmap_region tries its neighbours as those of any fresh range: before shared memory has its object, after
        /// huge pages have theirs. Nothing else has that object, so it is always refused, and counted.
        /// </remarks>
        private SyscallResult MapOwnObject(Mm mm, MergeRequest range, in MmapRequest request, FileKind kind)
        {
            // __shmem_file_setup commits the whole object.
            bool isCommitted = kind == FileKind.SharedMemory && (range.Flags & VmaFlags.NoReserve) == 0;
            FileId own = !isCommitted || machine.MayCommit(range.Pages)
                ? machine.World.Files.CreateSharedMemory(range.End - range.Start, kind)
                : default;
            if (own.IsNone)
            {
                return Errno.ENOMEM;
            }

            range.File = kind == FileKind.HugeTlb ? own : range.File;
            _ = machine.CanMergeLeft(range);
            _ = machine.CanMergeRight(range, left: false);
            range.File = own;
            VmaId id = machine.NewMapping(range);
            machine.World.Files.Release(range.File);
            return id.IsNone
                ? Errno.ENOMEM
                : machine.FinishMapping(mm, id, request, range.Start, range.End - range.Start);
        }

        private void NoteDriver(VmaId id, in MmapRequest request)
        {
            if (!id.IsNone && request.Driver is DriverFacts driver)
            {
                machine.At(id).HasClose |= (driver.Traits & DriverTraits.Closes) != 0;
                machine.At(id).NeverSplit = (driver.Traits & DriverTraits.NeverSplit) != 0;
                machine.At(id).NeverLocked = (driver.Traits & DriverTraits.NeverLocked) != 0;
            }
        }

        /// <summary>A VMA of its own for a fresh range. None on ENOMEM.</summary>
        internal VmaId NewMapping(in MergeRequest range)
        {
            bool huge = !range.File.IsNone && machine.World.Files[range.File].Kind == FileKind.HugeTlb;
            VmaId id = machine.World.Vmas.Allocate(new Vma
            {
                Start = range.Start,
                End = range.End,
                Pgoff = range.Pgoff,
                AnonPgoff = range.AnonPgoff,
                Flags = MemoryMergeCall.MergeableIn(
                    range.Mm, range.Flags | (huge ? VmaFlags.HugeTlb | VmaFlags.DontExpand : VmaFlags.None)),
                HasClose = huge,
                Mm = range.Mm.Id,
                File = range.File,
            });
            if (id.IsNone)
            {
                return id;
            }

            if (machine.Structure.Attach(id) != Errno.None)
            {
                machine.World.Vmas.Free(id);
                return default;
            }

            machine.LinkVma(id);
            return id;
        }

        private SyscallResult FinishMapping(Mm mm, VmaId id, in MmapRequest request, ulong start, ulong length)
        {
            mm.TotalPages += length >> Page.Shift;
            VmaFlags flags = machine.At(id).Flags;
            if ((flags & VmaFlags.Locked) != 0)
            {
                VmaFlags locks = machine.World.Rules.NewDroppableStaysUnlocked ? VmaFlags.None : VmaFlags.Droppable;
                if ((flags & MlockCalls.NeverLocked & ~locks) != 0)
                {
                    machine.At(id).Flags &= ~VmaFlags.LockedMask;
                }
                else
                {
                    mm.LockedPages += length >> Page.Shift;
                }
            }

            bool populate = (flags & VmaFlags.Locked) != 0
                || (request.Flags & (MapFlags.Populate | MapFlags.NonBlock)) == MapFlags.Populate;
            if (populate)
            {
                machine.PopulateUnlocked(mm, start, length);
            }

            return SyscallResult.Ok(start);
        }
    }

    private static bool IsRefusedByDriver(in MmapRequest request) =>
        request.Driver is DriverFacts driver && (driver.Traits & DriverTraits.Refuses) != 0;
}
