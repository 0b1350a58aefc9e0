using Verso.Engine.Vmas;

using AddressTree = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Reflink.ExtentReference, Verso.Engine.ReverseMaps.Reflink.ReferencesByAddress>;

namespace Verso.Engine.ReverseMaps.Reflink;

// Files, and shared memory, which is a file without a name: each an extent, to which mappings refer.
internal sealed partial class Extents
{
    /// <summary>The extent that a file is, by handle of its inode; 0 while no mapping refers to it.</summary>
    private int[] _files = new int[16];

    /// <summary>Files that mappings refer to.</summary>
    public int FileCount { get; private set; }

    /// <summary>References to files.</summary>
    public int FileReferenceCount { get; private set; }

    /// <summary>
    /// A page of a VMA's file will be mapped: from now on the address space refers to the file there, and where it
    /// refers to nothing around that. ENOMEM.
    /// </summary>
    /// <remarks>
    /// <code>
    ///   a private mapping of pages 0..7 of a file, pages 2 and 3 copied
    ///
    ///   before   [ . . ][extent 9][ . . . . ]        . follows the file, and nobody has looked there yet
    ///   page 5   [ . . ][extent 9][  file 1 ]
    ///   page 0   [file 1][extent 9][ file 1 ]
    /// </code>
    /// So a mapping of which no page was used costs nothing, and growing, moving and forking it neither.
    /// </remarks>
    public Errno Follow(VmaId vma, ulong at)
    {
        ref Vma node = ref _world.Vmas[vma];
        int reference = At(node.Mm, at);
        if (reference != 0 && (IsFile(reference) || SlotOf(reference, at) != default))
        {
            return Errno.None;
        }

        if (ReserveReferences(2) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        if (reference != 0)
        {
            // Truncation has emptied the copy's slot: the file has grown again, and is followed again.
            Cut(vma, at, at + 1);
        }

        (ulong first, ulong end) = BoundsOf(vma);
        int before = AddressTree.Before(_references.Slots, TopOf(node.Mm), at);
        int after = FirstIn(node.Mm, at, end);
        ulong from = before == 0 ? first : Math.Max(first, _references[before].ByAddress.Last + 1);
        ulong to = after == 0 ? end : _references[after].ByAddress.First;
        int extent = ExtentOfFile(_world.Files[node.File].Handle);
        AddReference(vma, from, extent, node.PgoffAt(from << Page.Shift), to - from);
        _world.Locks.Take(LockOf(extent), LockMode.Write, 1);
        if (from > first)
        {
            JoinAt(vma, from);
        }

        if (to < end)
        {
            JoinAt(vma, to);
        }

        return Errno.None;
    }

    /// <summary>The extent of a file that somebody refers to, or 0.</summary>
    private int OfFile(int inode) => inode < _files.Length ? _files[inode] : 0;

    private int ExtentOfFile(int inode)
    {
        if (inode >= _files.Length)
        {
            Array.Resize(ref _files, Math.Max(inode + 1, _files.Length * 2));
        }

        ref int extent = ref _files[inode];
        if (extent == 0)
        {
            extent = _extents.Take();
            _extents[extent] = new Extent { Inode = inode };
            FileCount++;
        }

        return extent;
    }

    /// <summary>Nobody refers to a file any more.</summary>
    private void EndFile(int extent)
    {
        _files[_extents[extent].Inode] = 0;
        _extents.Forget(extent);
        FileCount--;
    }
}
