using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>System V shared memory (ipc/shm.c), as far as it concerns address spaces.</summary>
public static class SharedMemoryCalls
{
    private const uint ShmReadOnly = 0x1000;
    private const uint ShmRound = 0x2000;
    private const uint ShmRemap = 0x4000;
    private const uint ShmExecute = 0x8000;

    extension(Machine machine)
    {
        /// <summary>
        /// shmat. Flags are SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC. EINVAL (unaligned, or taken without SHM_REMAP),
        /// ENOMEM.
        /// </summary>
        /// <param name="mmId">The address space.</param>
        /// <param name="attachment">
        /// An open file on the segment, made for this attachment alone: Linux clones one, so two attachments never
        /// merge.
        /// </param>
        /// <param name="address">Where, or 0.</param>
        /// <param name="flags">SHM_*.</param>
        /// <param name="imposed">Where the kernel put it, in a replay; else null.</param>
        public SyscallResult Shmat(MmId mmId, FileId attachment, ulong address, uint flags, ulong? imposed = null)
        {
            Mm mm = machine.World.Mms[mmId];
            bool isFixed = address != 0;
            if (!Page.IsAligned(address))
            {
                if ((flags & ShmRound) == 0)
                {
                    return Errno.EINVAL;
                }

                address = Page.AlignDown(address);
            }

            ulong length = Page.AlignUp(machine.World.Files[attachment].SizeBytes);
            bool remaps = (flags & ShmRemap) != 0;
            if (remaps ? address == 0 : isFixed && mm.Vmas.Intersects(address, address + length))
            {
                return Errno.EINVAL;
            }

            Protection protection = Protection.Read;
            protection |= (flags & ShmReadOnly) == 0 ? Protection.Write : Protection.None;
            protection |= (flags & ShmExecute) != 0 ? Protection.Exec : Protection.None;
            MapFlags map = MapFlags.Shared | (isFixed ? MapFlags.Fixed : MapFlags.None);
            SyscallResult result =
                machine.Mmap(mmId, new MmapRequest(address, length, protection, map, attachment, 0, imposed));
            if (result.Errno == Errno.None)
            {
                // shm_close counts attachments, so no merge may delete a VMA of a segment.
                machine.At(mm.Vmas.Lookup(result.Value)).HasClose = true;
                machine.World.Files.SetAttachment(attachment);
            }

            return result;
        }

        /// <summary>
        /// shmdt: every VMA that is left of the attachment made at this address. EINVAL (unaligned, none there),
        /// ENOMEM.
        /// </summary>
        public SyscallResult Shmdt(MmId mmId, ulong address)
        {
            Mm mm = machine.World.Mms[mmId];
            if (!Page.IsAligned(address))
            {
                return Errno.EINVAL;
            }

            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
            FileId file = default;
            ulong end = ulong.MaxValue;
            ulong at = address;
            while (true)
            {
                VmaId id = mm.Vmas.Find(at);
                if (id.IsNone || machine.At(id).End > end)
                {
                    return file.IsNone ? Errno.EINVAL : SyscallResult.Ok();
                }

                at = machine.At(id).End;
                if (!machine.IsAttachedAt(machine.At(id), address) || (!file.IsNone && machine.At(id).File != file))
                {
                    continue;
                }

                if (file.IsNone)
                {
                    if (machine.Refused() != Errno.None)
                    {
                        return machine.Refusal;
                    }

                    file = machine.At(id).File;
                    end = address + Page.AlignUp(machine.World.Files[file].SizeBytes);
                }

                // Whole VMAs go, which cannot fail.
                _ = machine.UnmapRange(mm, machine.At(id).Start, at);
            }
        }

        /// <summary>Whether this is (part of) a segment that was attached at the address.</summary>
        private bool IsAttachedAt(in Vma vma, ulong address) =>
            machine.IsSegment(vma) && vma.Start >= address && vma.Pgoff == (vma.Start - address) >> Page.Shift;

        /// <summary>
        /// vm_ops is shm_vm_ops. Of an image is known what its operations do, not whose they are: huge pages have a
        /// close operation of their own.
        /// </summary>
        internal bool IsSegment(in Vma vma) => !vma.File.IsNone
            && (machine.World.Files.IsAttachment(vma.File)
                || (vma.HasClose && machine.World.Files[vma.File].Kind == FileKind.SharedMemory));
    }
}
