using Verso.Engine.Vmas;

namespace Verso.Engine;

// mmap (mm/mmap.c do_mmap, mm/vma.c mmap_region).
public abstract partial class Machine
{
    private const MapFlags LegacyFlags = MapFlags.Shared | MapFlags.Private | MapFlags.Fixed | MapFlags.Anonymous
        | MapFlags.DenyWrite | MapFlags.Executable | MapFlags.GrowsDown | MapFlags.Locked | MapFlags.NoReserve
        | MapFlags.Populate | MapFlags.NonBlock | MapFlags.Stack | MapFlags.HugeTlb | MapFlags.Below4Gib;

    /// <summary>
    /// mmap. EINVAL (length 0, no type, unaligned), ENOMEM (no room, too many VMAs, allocation failed), EOVERFLOW,
    /// EEXIST (MAP_FIXED_NOREPLACE), EACCES (the file is not open for it), EPERM (noexec).
    /// </summary>
    public SyscallResult Mmap(MmId mmId, in MmapRequest request)
    {
        Mm mm = World.Mms[mmId];
        Counters.Lock(LockClass.MmapWrite, 1);
        if (request.Length == 0 || !Page.IsAligned(request.Offset))
        {
            return Errno.EINVAL;
        }

        ulong length = Page.AlignUp(request.Length);
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

        Errno error = MappingFlags(mm, request, out VmaFlags flags);
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

        FileId file = (flags & MapFlags.Anonymous) != 0 ? default : request.File;
        SyscallResult area = GetUnmappedArea(mm, request.Address, length, flags, file, pgoff);
        if ((flags & MapFlags.Fixed) == 0 && request.Imposed is ulong imposed)
        {
            SearchDifferences += area.Errno == Errno.None && area.Value == imposed ? 0 : 1;
            return SyscallResult.Ok(imposed);
        }

        bool taken = area.Errno == Errno.None && (flags & MapFlags.FixedNoReplace) != 0
            && Intersects(mm, area.Value, area.Value + length);
        return taken ? Errno.EEXIST : area;
    }

    /// <summary>calc_vm_prot_bits, calc_vm_flag_bits and do_mmap's rules about files.</summary>
    private Errno MappingFlags(Mm mm, in MmapRequest request, out VmaFlags flags)
    {
        flags = ProtectionFlags(request.Protection) | mm.DefaultFlags | VmaFlags.MayAccess;
        flags |= (request.Flags & MapFlags.GrowsDown) != 0 ? VmaFlags.GrowsDown : 0;
        flags |= (request.Flags & MapFlags.Locked) != 0 ? VmaFlags.Locked : 0;
        flags |= (request.Flags & MapFlags.Sync) != 0 ? VmaFlags.Sync : 0;

        // Thread stacks would waste a huge page each (c4608d1bf7c6, 6.7).
        flags |= (request.Flags & MapFlags.Stack) != 0 ? VmaFlags.NoHugePage : 0;
        if ((request.Flags & MapFlags.NoReserve) != 0 && World.Options.OvercommitMode != 2)
        {
            flags |= VmaFlags.NoReserve;
        }

        MapFlags type = request.Flags & MapFlags.TypeMask;
        bool anonymous = (request.Flags & MapFlags.Anonymous) != 0;
        if (anonymous)
        {
            return type switch
            {
                MapFlags.Private => Errno.None,
                MapFlags.Shared when (flags & VmaFlags.GrowsDown) == 0 => Share(ref flags),
                _ => Errno.EINVAL,
            };
        }

        return request.File.IsNone ? Errno.EBADF : FileMappingFlags(request, type, ref flags);
    }

    private Errno FileMappingFlags(in MmapRequest request, MapFlags type, ref VmaFlags flags)
    {
        FileModes modes = World.Files.ModesOf(request.File);
        if (type is MapFlags.Shared or MapFlags.SharedValidate)
        {
            bool unknown = (request.Flags & ~(LegacyFlags | MapFlags.Sync | MapFlags.FixedNoReplace)) != 0;
            if (type == MapFlags.SharedValidate && unknown)
            {
                return Errno.EOPNOTSUPP;
            }

            if ((flags & VmaFlags.Write) != 0 && (modes & FileModes.Write) == 0)
            {
                return Errno.EACCES;
            }

            _ = Share(ref flags);
            if ((modes & FileModes.Write) == 0)
            {
                flags &= ~(VmaFlags.MayWrite | VmaFlags.Shared);
            }
        }
        else if (type != MapFlags.Private)
        {
            return Errno.EINVAL;
        }

        if ((modes & FileModes.Read) == 0)
        {
            return Errno.EACCES;
        }

        if ((modes & FileModes.NoExec) != 0)
        {
            if ((flags & VmaFlags.Exec) != 0)
            {
                return Errno.EPERM;
            }

            flags &= ~VmaFlags.MayExec;
        }

        return (flags & VmaFlags.GrowsDown) != 0 ? Errno.EINVAL : Errno.None;
    }

    private static Errno Share(ref VmaFlags flags)
    {
        flags |= VmaFlags.Shared | VmaFlags.MayShare;
        return Errno.None;
    }

    /// <summary>PROT_* as VM_*.</summary>
    private static VmaFlags ProtectionFlags(Protection protection) =>
        (VmaFlags)(uint)(protection & (Protection.Read | Protection.Write | Protection.Exec));

    /// <summary>mmap_region: what was there goes, then the range joins a neighbour or becomes a VMA.</summary>
    private SyscallResult MapRegion(Mm mm, in MmapRequest request, ulong start, ulong length, VmaFlags flags)
    {
        ulong end = start + length;
        Errno error = UnmapRange(mm, start, end);
        if (error != Errno.None)
        {
            return error;
        }

        FileId file = (request.Flags & MapFlags.Anonymous) != 0 ? default : request.File;
        bool zeroDevice = !file.IsNone && World.Files[file].Kind == FileKind.Zero;
        bool shared = (flags & (VmaFlags.Shared | VmaFlags.MayShare)) != 0;
        if ((flags & (VmaFlags.NoReserve | VmaFlags.Shared | VmaFlags.Write)) == VmaFlags.Write)
        {
            flags |= VmaFlags.Account;
        }

        MergeRequest range = MergeRequest.Fresh(mm, Around(mm, start), start, end) with
        {
            Flags = flags,
            File = zeroDevice ? default : file,
            Pgoff = file.IsNone ? shared ? 0 : Structure.Place(mm, start) : request.Offset >> Page.Shift,
        };
        VmaId id = default;
        bool ownObject = shared && (file.IsNone || zeroDevice);
        if (ownObject || MergeNewRange(range, MergeSides.Both, out id) != MergeOutcome.Merged)
        {
            id = NewMapping(range, ownObject);
        }

        return id.IsNone ? Errno.ENOMEM : FinishMapping(mm, id, request, start, length);
    }

    /// <summary>A VMA of its own for a fresh range; with shared memory made for it where it has no file. None on ENOMEM.</summary>
    private VmaId NewMapping(in MergeRequest range, bool ownObject)
    {
        FileId file = range.File;
        if (ownObject)
        {
            file = World.Files.CreateSharedMemory(range.End - range.Start);
            if (file.IsNone)
            {
                return default;
            }
        }

        VmaId id = World.Vmas.Allocate(new Vma
        {
            Start = range.Start,
            End = range.End,
            Pgoff = ownObject ? 0 : range.Pgoff,
            Flags = range.Flags,
            Mm = range.Mm.Id,
            File = file,
        });
        if (!id.IsNone)
        {
            LinkVma(id);
        }

        if (ownObject)
        {
            World.Files.Release(file);
        }

        return id;
    }

    private SyscallResult FinishMapping(Mm mm, VmaId id, in MmapRequest request, ulong start, ulong length)
    {
        mm.TotalPages += length >> Page.Shift;
        VmaFlags flags = At(id).Flags;
        if ((flags & VmaFlags.Locked) != 0)
        {
            if ((flags & (VmaFlags.Special | VmaFlags.HugeTlb)) != 0)
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
        if (populate && World.Options.Population == Population.ByCall)
        {
            _ = PopulateLikeMlock(mm.Id, start, length, PopulateErrors.Ignore);
        }

        return SyscallResult.Ok(start);
    }

    /// <summary>
    /// __mm_populate: page by page what mlock would fault in. The first error of a VMA ends that VMA; then
    /// <paramref name="onError"/> decides.
    /// </summary>
    private Errno PopulateLikeMlock(MmId mmId, ulong start, ulong length, PopulateErrors onError)
    {
        Mm mm = World.Mms[mmId];
        ulong end = start + length;
        for (int at = FirstEndingAbove(mm, start); at < mm.Vmas.Count && mm.Vmas.Starts[at] < end; at++)
        {
            VmaId id = mm.Vmas.Ids[at];
            ulong from = Math.Max(start, At(id).Start);
            Errno error = PopulateVma(mmId, id, from, Math.Min(end, At(id).End));
            if (error != Errno.None && onError == PopulateErrors.Stop)
            {
                return error;
            }
        }

        return Errno.None;
    }

    /// <summary>populate_vma_page_range: breaks copy-on-write where the VMA is private and writable. EFAULT, ENOMEM.</summary>
    private Errno PopulateVma(MmId mmId, VmaId id, ulong start, ulong end)
    {
        VmaFlags flags = At(id).Flags;
        if ((flags & (VmaFlags.Io | VmaFlags.PfnMap | VmaFlags.LockOnFault)) != 0)
        {
            return Errno.None;
        }

        bool breaksSharing = (flags & (VmaFlags.Write | VmaFlags.Shared)) == VmaFlags.Write;
        return Populate(mmId, start, end - start, breaksSharing ? FaultAccess.Write : FaultAccess.Read);
    }

    /// <summary>What an error of population means to the caller.</summary>
    private enum PopulateErrors
    {
        /// <summary>mmap, mremap, brk, mprotect, mlockall: nobody hears of it; the next VMA is tried.</summary>
        Ignore = 0,

        /// <summary>mlock: it ends there.</summary>
        Stop = 1,
    }
}
