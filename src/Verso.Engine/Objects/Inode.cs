namespace Verso.Engine.Objects;

/// <summary>
/// What is behind an open file: its size, its page cache, and the VMAs that map it (<c>struct address_space</c> with
/// <c>i_pages</c> and <c>i_mmap</c>).
/// </summary>
/// <remarks>
/// The mappings are an unordered list with a known position for each member, so linking and unlinking are O(1) and a
/// bound may change without telling. Linux keeps an interval tree; a walk here looks at every mapping of the file, but
/// offers (and counts) only those whose page offsets cover the page, as the tree would.
/// </remarks>
public sealed class Inode
{
    private VmaId[] _mappings = new VmaId[4];

    internal Inode(int handle, FileKind kind, ulong device, ulong number, ulong sizeBytes, PageCache pages)
    {
        Handle = handle;
        Kind = kind;
        Device = device;
        Number = number;
        SizeBytes = sizeBytes;
        PatternBytes = kind == FileKind.Regular ? sizeBytes : 0;
        Pages = pages;
    }

    /// <summary>
    /// Its row in the file table, from 1: what <see cref="Frames.Frame.Mapping"/> of its pages holds.
    /// </summary>
    public int Handle { get; }

    /// <summary>Its i_mmap_rwsem.</summary>
    public LockId Lock => new(LockClass.FileMap, Handle);

    public FileKind Kind { get; }

    /// <summary><c>s_dev</c>.</summary>
    public ulong Device { get; }

    /// <summary><c>i_ino</c>.</summary>
    public ulong Number { get; }

    /// <summary>
    /// <c>i_size</c>; <see cref="ulong.MaxValue"/> where it is not known, then nothing is beyond the end.
    /// </summary>
    public ulong SizeBytes { get; internal set; }

    /// <summary>Open files that refer to it.</summary>
    public int OpenCount { get; internal set; }

    /// <summary>The page cache.</summary>
    public PageCache Pages { get; }

    /// <summary>The VMAs that map it, in no order.</summary>
    public ReadOnlySpan<VmaId> Mappings => _mappings.AsSpan(0, MappingCount);

    public int MappingCount { get; private set; }

    /// <summary>
    /// Bytes of the made-up contents that truncation has not yet taken away; what lies beyond reads 0.
    /// </summary>
    internal ulong PatternBytes { get; set; }

    /// <summary>
    /// Byte ranges within <see cref="PatternBytes"/> that have been punched out, in order of punching.
    /// </summary>
    internal List<(ulong Start, ulong End)> Holes { get; } = [];

    /// <summary>Whether this page lies wholly beyond the end: an access to it is SIGBUS.</summary>
    public bool IsBeyondEnd(ulong pgoff) =>
        SizeBytes != ulong.MaxValue && pgoff >= (SizeBytes >> Page.Shift) + ((SizeBytes & ~Page.Mask) != 0 ? 1UL : 0);

    /// <summary>Adds a mapping; returns its position.</summary>
    internal int Add(VmaId vma)
    {
        if (MappingCount == _mappings.Length)
        {
            Array.Resize(ref _mappings, MappingCount * 2);
        }

        _mappings[MappingCount] = vma;
        return MappingCount++;
    }

    /// <summary>
    /// Removes the mapping at a position; returns the one that took its place, or none if it was the last.
    /// </summary>
    internal VmaId RemoveAt(int position)
    {
        Invariant.Require(position >= 0 && position < MappingCount);
        MappingCount--;
        VmaId moved = position == MappingCount ? default : _mappings[MappingCount];
        _mappings[position] = _mappings[MappingCount];
        _mappings[MappingCount] = default;
        return moved;
    }
}
