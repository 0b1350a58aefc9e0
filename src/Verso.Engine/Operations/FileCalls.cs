using Verso.Engine.Objects;

namespace Verso.Engine;

/// <summary>Open files, their inodes, and what happens to the pages of an inode.</summary>
public static class FileCalls
{
    extension(Machine machine)
    {
        /// <summary>Makes an open file known. Files of the same device and inode share their page cache.</summary>
        /// <param name="kind">What is behind it.</param>
        /// <param name="device">Device number as in <c>s_dev</c>.</param>
        /// <param name="inode">Inode number.</param>
        /// <param name="sizeBytes">Size in bytes; <see cref="ulong.MaxValue"/> where it is not known.</param>
        /// <param name="modes">What the open file allows its mappings (f_mode, noexec).</param>
        public FileId OpenFile(
            FileKind kind,
            ulong device,
            ulong inode,
            ulong sizeBytes,
            FileModes modes = FileModes.Read | FileModes.Write) =>
            machine.World.Files.Open(kind, device, inode, sizeBytes, modes);

        /// <summary>The caller will not use this open file again; mappings of it stay.</summary>
        public void CloseFile(FileId file) => machine.World.Files.Release(file);

        /// <summary>The inode behind an open file.</summary>
        public (ulong Device, ulong Inode, FileKind Kind) DescribeFile(FileId file)
        {
            Inode inode = machine.World.Files[file];
            return (inode.Device, inode.Number, inode.Kind);
        }

        /// <summary>
        /// ftruncate, to a size in bytes: unmaps what lies beyond, CoWed private pages too (truncate_pagecache,
        /// unmap_mapping_range with even_cows). Growing only changes the size.
        /// </summary>
        public void Truncate(FileId file, ulong sizeBytes)
        {
            Inode inode = machine.World.Files[file];
            ulong firstGone = (sizeBytes >> Page.Shift) + (Page.IsAligned(sizeBytes) ? 0UL : 1UL);
            if (inode.Kind == FileKind.Regular && sizeBytes > inode.SizeBytes)
            {
                // What a mapping wrote beyond the end, in the last page, never becomes part of the file: so say ext4,
                // xfs and POSIX. Shared memory lets it.
                machine.World.Files.ZeroBytes(inode, inode.SizeBytes, Page.AlignUp(inode.SizeBytes));
            }

            inode.SizeBytes = sizeBytes;
            inode.PatternBytes = Math.Min(inode.PatternBytes, sizeBytes);
            machine.UnmapFileRange(inode, firstGone, ulong.MaxValue, PrivateCopies.Unmap);
            machine.World.Files.DropPages(inode, firstGone, ulong.MaxValue);
            machine.World.Files.ZeroBytes(inode, sizeBytes, firstGone << Page.Shift);
        }

        /// <summary>
        /// Punches a hole (fallocate, MADV_REMOVE): whole pages inside lose their contents; CoWed private pages stay
        /// (unmap_mapping_range without even_cows).
        /// </summary>
        /// <param name="file">The file.</param>
        /// <param name="offset">First byte.</param>
        /// <param name="length">Bytes, at least 1.</param>
        public void PunchHole(FileId file, ulong offset, ulong length)
        {
            Inode inode = machine.World.Files[file];
            ulong first = (offset + (Page.Size - 1)) >> Page.Shift;
            ulong end = (offset + length) >> Page.Shift;
            if (first < end)
            {
                machine.UnmapFileRange(inode, first, end, PrivateCopies.Keep);
                machine.World.Files.DropPages(inode, first, end);
            }

            machine.World.Files.ZeroBytes(inode, offset, offset + length);
        }

        /// <summary>
        /// fallocate that takes a range out of the middle or puts one in: every page from there on has another place,
        /// so it leaves every mapping, CoWed private pages too (ext4_collapse_range, truncate_pagecache). The size is
        /// told apart.
        /// </summary>
        /// <param name="file">The file.</param>
        /// <param name="offset">First byte that moves; a multiple of the page size, else rounded down.</param>
        public void ShiftFile(FileId file, ulong offset)
        {
            Inode inode = machine.World.Files[file];
            ulong first = offset >> Page.Shift;
            machine.UnmapFileRange(inode, first, ulong.MaxValue, PrivateCopies.Unmap);
            machine.World.Files.DropPages(inode, first, ulong.MaxValue);
        }
    }
}
