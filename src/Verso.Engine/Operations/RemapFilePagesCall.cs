using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>remap_file_pages (mm/mmap.c): since 3.16 a mapping of the same file over the range.</summary>
public static class RemapFilePagesCall
{
    extension(Machine machine)
    {
        /// <summary>
        /// remap_file_pages: pages of a shared mapping show another part of its file from now on. EINVAL (any
        /// protection, empty, page offsets that wrap, no shared mapping of one file and one set of flags all over the
        /// range), and what mmap says.
        /// </summary>
        /// <param name="mmId">The address space.</param>
        /// <param name="address">Byte address; rounded down.</param>
        /// <param name="length">Bytes; rounded down.</param>
        /// <param name="protection">0.</param>
        /// <param name="pgoff">The page of the file that the range begins with.</param>
        /// <param name="flags">MAP_NONBLOCK; others mean nothing.</param>
        public SyscallResult RemapFilePages(
            MmId mmId, ulong address, ulong length, ulong protection, ulong pgoff, MapFlags flags)
        {
            ulong start = Page.AlignDown(address);
            ulong bytes = Page.AlignDown(length);
            ulong end = unchecked(start + bytes);
            bool wraps = unchecked(pgoff + (bytes >> Page.Shift)) < pgoff;
            if (protection != 0 || end <= start || wraps)
            {
                return Errno.EINVAL;
            }

            Mm mm = machine.World.Mms[mmId];
            using MmapHold hold = machine.World.Locks.HoldMmap(mmId, LockMode.Read);
            VmaId id = mm.Vmas.Lookup(start);
            bool isMapped = !id.IsNone && machine.At(id).IsShared && machine.IsOneMapping(mm, id, end);

            // The kernel has to let go of it to take it for writing, and then looks again.
            machine.World.Locks.ReleaseMmap();
            if (!isMapped)
            {
                using MmapHold again = machine.World.Locks.HoldMmap(mmId, LockMode.Write);
                return Errno.EINVAL;
            }

            Vma vma = machine.At(id);
            MapFlags map = MapFlags.Shared | MapFlags.Fixed | MapFlags.Populate | (flags & MapFlags.NonBlock);
            map |= (vma.Flags & VmaFlags.Locked) != 0 ? MapFlags.Locked : 0;
            SyscallResult mapped = machine.Mmap(mmId, new MmapRequest(
                start, bytes, (Protection)(uint)(vma.Flags & VmaFlags.Access), map, vma.File, pgoff << Page.Shift));
            if (mapped.Errno != Errno.None)
            {
                return mapped;
            }

            machine.At(mm.Vmas.Lookup(start)).HasClose |= vma.HasClose;
            return SyscallResult.Ok();
        }

        /// <summary>VMAs that follow each other without a hole, of one file and with the same flags.</summary>
        private bool IsOneMapping(Mm mm, VmaId id, ulong end)
        {
            while (end > machine.At(id).End)
            {
                VmaId next = mm.Vmas.Lookup(machine.At(id).End);
                if (next.IsNone || machine.At(next).File != machine.At(id).File
                    || machine.At(next).Flags != machine.At(id).Flags)
                {
                    return false;
                }

                id = next;
            }

            return true;
        }
    }
}
