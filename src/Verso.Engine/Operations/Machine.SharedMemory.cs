using Verso.Engine.Objects;

namespace Verso.Engine;

// System V shared memory (ipc/shm.c), as far as it concerns address spaces.
public abstract partial class Machine
{
    private const uint ShmReadOnly = 0x1000;
    private const uint ShmRound = 0x2000;
    private const uint ShmRemap = 0x4000;
    private const uint ShmExecute = 0x8000;

    /// <summary>
    /// shmat of a segment that is this file. Flags are SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC. EINVAL (unaligned, or taken
    /// without SHM_REMAP), ENOMEM.
    /// </summary>
    public SyscallResult Shmat(MmId mmId, FileId segment, ulong address, uint flags, ulong? imposed = null)
    {
        Inode inode = World.Files[segment];
        if (!Page.IsAligned(address))
        {
            if ((flags & ShmRound) == 0)
            {
                return Errno.EINVAL;
            }

            address = Page.AlignDown(address);
        }

        ulong length = Page.AlignUp(inode.SizeBytes);
        bool taken = address != 0 && Intersects(World.Mms[mmId], address, address + length);
        if ((flags & ShmRemap) != 0 && address == 0)
        {
            return Errno.EINVAL;
        }

        if (taken && (flags & ShmRemap) == 0)
        {
            return Errno.EINVAL;
        }

        Protection protection = Protection.Read;
        protection |= (flags & ShmReadOnly) == 0 ? Protection.Write : Protection.None;
        protection |= (flags & ShmExecute) != 0 ? Protection.Exec : Protection.None;
        MapFlags map = MapFlags.Shared | (address != 0 ? MapFlags.Fixed : MapFlags.None);
        return Mmap(mmId, new MmapRequest(address, length, protection, map, segment, 0, imposed));
    }

    /// <summary>shmdt: every VMA of the segment that was attached at this address. EINVAL if there is none.</summary>
    public SyscallResult Shmdt(MmId mmId, ulong address)
    {
        Mm mm = World.Mms[mmId];
        VmaId first = Lookup(mm, address);
        if (!Page.IsAligned(address) || first.IsNone || At(first).Start != address || At(first).File.IsNone
            || At(first).Pgoff != 0)
        {
            return Errno.EINVAL;
        }

        FileId file = At(first).File;
        ulong end = address + Page.AlignUp(World.Files[file].SizeBytes);
        ulong at = address;
        while (at < end)
        {
            VmaId id = AtIndex(mm, FirstEndingAbove(mm, at));
            if (id.IsNone || At(id).Start >= end)
            {
                break;
            }

            ulong start = At(id).Start;
            at = At(id).End;
            bool ofSegment = At(id).File == file && At(id).Pgoff == (start - address) >> Page.Shift;
            if (ofSegment && UnmapRange(mm, start, at) != Errno.None)
            {
                return Errno.ENOMEM;
            }
        }

        return SyscallResult.Ok();
    }
}
