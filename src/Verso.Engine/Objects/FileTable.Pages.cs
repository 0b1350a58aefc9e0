using Verso.Engine.Frames;

namespace Verso.Engine.Objects;

// The page cache: how pages come into it and leave it.
public sealed partial class FileTable
{
    /// <summary>
    /// The page-cache frame at this page offset, read in where it is missing (filemap_fault, shmem_fault); none on
    /// ENOMEM. Requires: the offset is not beyond the end.
    /// </summary>
    internal Pfn GetPage(Inode inode, ulong pgoff)
    {
        Invariant.Require(!inode.IsBeyondEnd(pgoff));
        Pfn frame = inode.Pages.Find(pgoff);
        return frame.IsNone ? ReadPage(inode, pgoff) : frame;
    }

    /// <summary>Takes pages [first, end) out of the page cache. Requires: nothing maps them any more.</summary>
    internal void DropPages(Inode inode, ulong first, ulong end)
    {
        ulong pgoff = first;
        while (inode.Pages.TryNext(ref pgoff, out Pfn frame) && pgoff < end)
        {
            Invariant.Require(_frames[frame].MapCount == 0);
            inode.Pages.Remove(pgoff);
            _frames.Free(frame);
        }
    }

    /// <summary>
    /// Bytes [start, end) of the file read 0 from now on, in the page cache and when read in later; what private
    /// copies hold is theirs.
    /// </summary>
    internal void ZeroBytes(Inode inode, ulong start, ulong end)
    {
        if (!_frames.HasContents || start >= end)
        {
            return;
        }

        if (inode.PatternBytes > start)
        {
            inode.Holes.Add((start, end));
        }

        ulong pgoff = start >> Page.Shift;
        while (inode.Pages.TryNext(ref pgoff, out Pfn frame) && pgoff << Page.Shift < end)
        {
            ClearWithin(frame, pgoff << Page.Shift, start, end);
            pgoff++;
        }
    }

    private Pfn ReadPage(Inode inode, ulong pgoff)
    {
        Pfn frame = _frames.Allocate(FrameFlags.PageCache, pgoff, inode.Handle);
        if (frame.IsNone)
        {
            return default;
        }

        inode.Pages.Insert(pgoff, frame);
        ulong start = pgoff << Page.Shift;
        if (_frames.HasContents && start < inode.PatternBytes)
        {
            FilePattern.Fill(_frames.Bytes(frame), inode.Device, inode.Number, pgoff);
            ClearWithin(frame, start, inode.PatternBytes, ulong.MaxValue);
            foreach ((ulong holeStart, ulong holeEnd) in inode.Holes)
            {
                ClearWithin(frame, start, holeStart, holeEnd);
            }
        }

        return frame;
    }

    /// <summary>
    /// Clears those bytes [start, end) of the file that lie in the page at byte offset <paramref name="page"/>.
    /// </summary>
    private void ClearWithin(Pfn frame, ulong page, ulong start, ulong end)
    {
        ulong from = Math.Max(start, page);
        ulong to = Math.Min(end, page + Page.Size);
        if (from < to)
        {
            _frames.Bytes(frame).Slice((int)(from - page), (int)(to - from)).Clear();
        }
    }
}
