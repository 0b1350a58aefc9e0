using Verso.Engine.Vmas;

namespace Verso.Engine;

// mmap (mm/mmap.c do_mmap, mm/vma.c mmap_region).
public abstract partial class Machine
{
    /// <summary>
    /// mmap. EINVAL (length 0, no type, unaligned, no such huge pages), EBADF (no file), ENOMEM (no room, too many
    /// VMAs, allocation failed, MAP_HUGETLB as no huge pages are reserved), EOVERFLOW, EEXIST (MAP_FIXED_NOREPLACE),
    /// EAGAIN (RLIMIT_MEMLOCK), EACCES (the file is not open for it, or PR_SET_MDWE), EPERM (noexec; sealed memory is
    /// there).
    /// </summary>
    public SyscallResult Mmap(MmId mmId, in MmapRequest request)
    {
        Mm mm = World.Mms[mmId];
        using MmapHold hold = World.Locks.HoldMmap(mmId, LockMode.Write);
        bool anonymous = (request.Flags & MapFlags.Anonymous) != 0;
        if (Page.IsAligned(request.Offset) && !anonymous && request.File.IsNone)
        {
            return Errno.EBADF;
        }

        if (request.Length == 0 || !Page.IsAligned(request.Offset) || HasNoHugePages(request))
        {
            return Errno.EINVAL;
        }

        bool huge = IsHugeTlb(request);
        ulong length = AlignUp(request.Length, huge ? HugeTlbPageBytes(request.Flags) : Page.Size);
        if (length == 0)
        {
            return Errno.ENOMEM;
        }

        ulong pgoff = request.Offset >> Page.Shift;
        if (unchecked(pgoff + (length >> Page.Shift)) < pgoff)
        {
            return Errno.EOVERFLOW;
        }

        if (mm.Vmas.Count > World.Options.MaxMapCount)
        {
            return Errno.ENOMEM;
        }

        SyscallResult area = PlaceMapping(mm, request, length, pgoff);
        if (area.Errno != Errno.None)
        {
            return area;
        }

        if ((request.Flags & MapFlags.Locked) != 0 && !MayLockAtAll(mm))
        {
            return Errno.EPERM;
        }

        Errno error = MappingFlags(mm, request, out VmaFlags flags);
        if (IsRefusedByDriver(request))
        {
            return MapRegion(mm, request, area.Value, length, flags);
        }

        if (!MayLock(mm, flags, length))
        {
            return Errno.EAGAIN;
        }

        // Only what is asked once the range is free of VMAs leaves a trace.
        bool isLater = Refusal == Errno.ENOMEM || EndsByItself(mm, area.Value, area.Value + length);
        error = error == Errno.None && !isLater ? Refused() : error;
        return error != Errno.None ? error : MapRegion(mm, request, area.Value, length, flags);
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
        if (IsHugeTlb(request) && (flags & MapFlags.Fixed) != 0 && request.Address % HugeTlbPageBytes(flags) != 0)
        {
            return Errno.EINVAL;
        }

        FileId file = (flags & MapFlags.Anonymous) != 0 ? default : request.File;
        ulong hint = (flags & MapFlags.Fixed) != 0 ? request.Address : RoundHint(request.Address);
        SyscallResult area = GetUnmappedArea(mm, hint, length, flags, file, pgoff);
        if ((flags & MapFlags.Fixed) == 0 && request.Imposed is ulong imposed)
        {
            return Impose(imposed, length, area);
        }

        bool taken = area.Errno == Errno.None && (flags & MapFlags.FixedNoReplace) != 0
            && Intersects(mm, area.Value, area.Value + length);
        return taken ? Errno.EEXIST : area;
    }

    /// <summary>A recorded address instead of the one found. EINVAL if no kernel could have given it.</summary>
    private SyscallResult Impose(ulong imposed, ulong length, SyscallResult found)
    {
        SearchDifferences += found.Errno == Errno.None && found.Value == imposed ? 0 : 1;
        bool possible = Page.IsAligned(imposed) && length <= Page.TaskSize && imposed <= Page.TaskSize - length;
        return possible ? SyscallResult.Ok(imposed) : Errno.EINVAL;
    }

    /// <summary>round_hint_to_min.</summary>
    private ulong RoundHint(ulong hint)
    {
        ulong whole = Page.AlignDown(hint);
        return whole != 0 && whole < World.Options.MmapMinAddress ? Page.AlignUp(World.Options.MmapMinAddress) : whole;
    }

    /// <summary>mmap_region: what was there goes, then the range joins a neighbour or becomes a VMA.</summary>
    private SyscallResult MapRegion(Mm mm, in MmapRequest request, ulong start, ulong length, VmaFlags flags)
    {
        ulong end = start + length;
        if (IsExecGain(mm, flags, flags))
        {
            return Errno.EACCES;
        }

        FileId file = (request.Flags & MapFlags.Anonymous) != 0 ? default : request.File;
        bool shared = (flags & VmaFlags.Shared) != 0;
        bool huge = IsHugeTlb(request);
        if (!huge && (flags & (VmaFlags.NoReserve | VmaFlags.Shared | VmaFlags.Write)) == VmaFlags.Write)
        {
            flags |= VmaFlags.Account;
        }

        Errno error = MakeRoom(mm, request, start, end, flags);
        if (error != Errno.None)
        {
            return error;
        }

        if (IsRefusedByDriver(request) || LacksHugePages(request))
        {
            error = IsRefusedByDriver(request) ? Refused() : Errno.ENOMEM;
            return error == Errno.None ? Errno.ENODEV : error;
        }

        flags = request.Driver is DriverFacts driver ? driver.Flags & ~VmaFlags.SoftDirty : flags;
        MergeRequest range = MergeRequest.Fresh(mm, Around(mm, start), start, end) with
        {
            Flags = huge ? flags : MergeableBeforeMerge(mm, flags, file),
            File = file,
            Pgoff = !file.IsNone || huge ? request.Offset >> Page.Shift
                : shared ? 0
                : Structure.Place(mm, start, length >> Page.Shift),
        };
        range.AnonPgoff = PlaceOwnPages(mm, range);

        // Shared anonymous memory and a shared /dev/zero get an object of their own, so nothing can have it as file.
        if (huge ? file.IsNone : IsSharedMemory(file, flags))
        {
            return MapOwnObject(mm, range, request, huge ? FileKind.HugeTlb : FileKind.SharedMemory);
        }

        if (MergeNewRange(range, MergeSides.Both, out VmaId id) != MergeOutcome.Merged)
        {
            id = NewMapping(range);
            NoteDriver(id, request);
        }

        return id.IsNone ? Errno.ENOMEM : FinishMapping(mm, id, request, start, length);
    }

    /// <summary>
    /// __mmap_prepare: what is in the way is split off, then limits and overcommit are asked, then it goes. Where they
    /// refuse, it stays as it was split.
    /// </summary>
    private Errno MakeRoom(Mm mm, in MmapRequest request, ulong start, ulong end, VmaFlags flags)
    {
        Errno error = SplitAround(mm, start, end);
        if (error != Errno.None)
        {
            return error;
        }

        ulong pages = ((end - start) >> Page.Shift) - PagesWithin(mm, start, end);
        bool isCommitted = (flags & VmaFlags.Account) != 0;
        ulong charge = isCommitted ? ((end - start) >> Page.Shift) - CommittedWithin(mm, start, end) : 0;
        bool isRefused = !IsRefusedByDriver(request) && !LacksHugePages(request) && Refuses(Errno.ENOMEM);
        return !MayExpand(mm, flags, pages) || !MayCommit(charge) || isRefused
            ? Errno.ENOMEM
            : UnmapRange(mm, start, end);
    }

    private bool IsSharedMemory(FileId file, VmaFlags flags) => file.IsNone
        ? (flags & VmaFlags.Shared) != 0
        : World.Files[file].Kind == FileKind.Zero
            && (flags & (World.Rules.ReadOnlyZeroIsShared ? VmaFlags.MayShare : VmaFlags.Shared)) != 0;

    /// <summary>
    /// The anonymous page offset of a fresh range: that of its address, in a private file mapping. Elsewhere there is
    /// one page offset only.
    /// </summary>
    private ulong PlaceOwnPages(Mm mm, in MergeRequest range) =>
        HasOwnOffset(range.File, range.Flags) ? Structure.Place(mm, range.Start, range.Pages) : range.Pgoff;

    /// <summary>Whether anonymous page offsets may differ from page offsets (vma_is_cow_mapping with a file).</summary>
    private bool HasOwnOffset(FileId file, VmaFlags flags) =>
        World.Rules.AnonymousPageOffsets
        && !file.IsNone
        && (flags & (VmaFlags.Shared | VmaFlags.MayWrite)) == VmaFlags.MayWrite;

    /// <summary>shmem_zero_setup, hugetlb_file_setup.</summary>
    /// <remarks>
    /// __mmap_region tries its neighbours as those of any fresh range: before shared memory has its object, after huge
    /// pages have theirs. Nothing else has that object, so it is always refused, and counted.
    /// </remarks>
    private SyscallResult MapOwnObject(Mm mm, MergeRequest range, in MmapRequest request, FileKind kind)
    {
        // __shmem_file_setup commits the whole object.
        bool isCommitted = kind == FileKind.SharedMemory && (range.Flags & VmaFlags.NoReserve) == 0;
        FileId own = !isCommitted || MayCommit(range.Pages)
            ? World.Files.CreateSharedMemory(range.End - range.Start, kind)
            : default;
        if (own.IsNone)
        {
            return Errno.ENOMEM;
        }

        range.File = kind == FileKind.HugeTlb ? own : range.File;
        _ = CanMergeLeft(range);
        _ = CanMergeRight(range, left: false);
        range.File = own;
        VmaId id = NewMapping(range);
        World.Files.Release(range.File);
        return id.IsNone
            ? Errno.ENOMEM
            : FinishMapping(mm, id, request, range.Start, range.End - range.Start);
    }

    private static bool IsRefusedByDriver(in MmapRequest request) =>
        request.Driver is DriverFacts driver && (driver.Traits & DriverTraits.Refuses) != 0;

    private void NoteDriver(VmaId id, in MmapRequest request)
    {
        if (!id.IsNone && request.Driver is DriverFacts driver)
        {
            At(id).HasClose |= (driver.Traits & DriverTraits.Closes) != 0;
            At(id).NeverSplit = (driver.Traits & DriverTraits.NeverSplit) != 0;
            At(id).NeverLocked = (driver.Traits & DriverTraits.NeverLocked) != 0;
        }
    }

    /// <summary>A VMA of its own for a fresh range. None on ENOMEM.</summary>
    private VmaId NewMapping(in MergeRequest range)
    {
        bool huge = !range.File.IsNone && World.Files[range.File].Kind == FileKind.HugeTlb;
        VmaId id = World.Vmas.Allocate(new Vma
        {
            Start = range.Start,
            End = range.End,
            Pgoff = range.Pgoff,
            AnonPgoff = range.AnonPgoff,
            Flags = MergeableIn(
                range.Mm, range.Flags | (huge ? VmaFlags.HugeTlb | VmaFlags.DontExpand : VmaFlags.None)),
            HasClose = huge,
            Mm = range.Mm.Id,
            File = range.File,
        });
        if (id.IsNone)
        {
            return id;
        }

        if (Structure.Attach(id) != Errno.None)
        {
            World.Vmas.Free(id);
            return default;
        }

        LinkVma(id);
        return id;
    }

    private SyscallResult FinishMapping(Mm mm, VmaId id, in MmapRequest request, ulong start, ulong length)
    {
        mm.TotalPages += length >> Page.Shift;
        VmaFlags flags = At(id).Flags;
        if ((flags & VmaFlags.Locked) != 0)
        {
            VmaFlags locks = World.Rules.NewDroppableStaysUnlocked ? VmaFlags.None : VmaFlags.Droppable;
            if ((flags & NeverLocked & ~locks) != 0)
            {
                At(id).Flags &= ~VmaFlags.LockedMask;
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
            PopulateUnlocked(mm, start, length);
        }

        return SyscallResult.Ok(start);
    }
}
