using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>The flags of a new mapping (mm/mmap.c do_mmap; include/linux/mman.h).</summary>
internal static class MmapFlagChecks
{
    /// <summary>LEGACY_MAP_MASK: what MAP_SHARED_VALIDATE knows. MAP_SYNC is for DAX files only.</summary>
    private const MapFlags LegacyFlags = MapFlags.Shared | MapFlags.Private | MapFlags.Fixed | MapFlags.Anonymous
        | MapFlags.DenyWrite | MapFlags.Executable | MapFlags.GrowsDown | MapFlags.Locked | MapFlags.NoReserve
        | MapFlags.Populate | MapFlags.NonBlock | MapFlags.Stack | MapFlags.HugeTlb | MapFlags.Below2Gib
        | MapFlags.Above4Gib;

    extension(Machine machine)
    {
        /// <summary>calc_vm_prot_bits, calc_vm_flag_bits and do_mmap's rules about files.</summary>
        internal Errno MappingFlags(Mm mm, in MmapRequest request, out VmaFlags flags)
        {
            flags = ProtectionFlags(machine.Implied(mm, request)) | mm.DefaultFlags | VmaFlags.MayAccess;
            flags |= request.Protection == Protection.Exec ? machine.ExecuteOnlyKey(mm) : 0;
            flags |= (request.Flags & MapFlags.GrowsDown) != 0 ? VmaFlags.GrowsDown : 0;
            flags |= (request.Flags & MapFlags.Locked) != 0 ? VmaFlags.Locked : 0;
            flags |= (request.Flags & MapFlags.Sync) != 0 ? VmaFlags.Sync : 0;

            // Thread stacks would waste a huge page each (c4608d1bf7c6, 6.7).
            flags |= (request.Flags & MapFlags.Stack) != 0 ? VmaFlags.NoHugePage : 0;
            if ((request.Flags & MapFlags.NoReserve) != 0 && machine.World.Options.OvercommitMode != 2)
            {
                flags |= VmaFlags.NoReserve;
            }

            MapFlags type = request.Flags & MapFlags.TypeMask;
            if ((request.Flags & MapFlags.Anonymous) == 0)
            {
                return machine.FileMappingFlags(request, type, ref flags);
            }

            return type switch
            {
                MapFlags.Private => Errno.None,
                MapFlags.Shared when (flags & VmaFlags.GrowsDown) == 0 => Share(ref flags),
                MapFlags.Droppable => Drop(request, ref flags),
                _ => Errno.EINVAL,
            };
        }

        /// <summary>READ_IMPLIES_EXEC of do_mmap: not of files on a mount whose files may not be executed.</summary>
        private Protection Implied(Mm mm, in MmapRequest request)
        {
            bool implies = (mm.Flags & MmFlags.ReadImpliesExec) != 0 && (request.Protection & Protection.Read) != 0;
            bool isNoExec = (request.Flags & MapFlags.Anonymous) == 0
                && (machine.World.Files.ModesOf(request.File) & FileModes.NoExec) != 0;
            return implies && !isNoExec ? request.Protection | Protection.Exec : request.Protection;
        }

        private Errno FileMappingFlags(in MmapRequest request, MapFlags type, ref VmaFlags flags)
        {
            if (machine.IsBeyondFiles(request))
            {
                return Errno.EOVERFLOW;
            }

            FileModes modes = machine.World.Files.ModesOf(request.File);
            if (type is MapFlags.Shared or MapFlags.SharedValidate)
            {
                bool unknown = (request.Flags & ~LegacyFlags) != 0;
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

        /// <summary>
        /// file_mmap_ok: no byte of a mapping may lie beyond what a file can have, 2^63 - 1 bytes (MAX_LFS_FILESIZE).
        /// Drivers count their offsets as they like.
        /// </summary>
        private bool IsBeyondFiles(in MmapRequest request)
        {
            FileKind kind = machine.World.Files[request.File].Kind;
            ulong length = Page.AlignUp(request.Length);
            return kind is not (FileKind.Device or FileKind.Zero)
                && (length > long.MaxValue || request.Offset >> Page.Shift > (long.MaxValue - length) >> Page.Shift);
        }
    }

    /// <summary>
    /// MAP_DROPPABLE (6.11): pages that may go away at any time are not committed, inherited or dumped.
    /// </summary>
    private static Errno Drop(in MmapRequest request, ref VmaFlags flags)
    {
        bool refused = (request.Flags & (MapFlags.Locked | MapFlags.HugeTlb)) != 0 || (flags & VmaFlags.GrowsDown) != 0;
        flags |= VmaFlags.Droppable | VmaFlags.NoReserve | VmaFlags.WipeOnFork | VmaFlags.DontDump;
        return refused ? Errno.EINVAL : Errno.None;
    }

    private static Errno Share(ref VmaFlags flags)
    {
        flags |= VmaFlags.Shared | VmaFlags.MayShare;
        return Errno.None;
    }

    /// <summary>PROT_* as VM_*.</summary>
    internal static VmaFlags ProtectionFlags(Protection protection) =>
        (VmaFlags)(uint)(protection & (Protection.Read | Protection.Write | Protection.Exec));
}
