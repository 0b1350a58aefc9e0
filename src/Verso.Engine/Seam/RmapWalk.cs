using System.Runtime.CompilerServices;
using Verso.Engine.Frames;
using Verso.Engine.PageTables;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps;

/// <summary>
/// An rmap walk that is asked for: pages of one object, one behind the other, and what for. For an order-0 folio that
/// is one page.
/// </summary>
/// <remarks>
/// By the object and its page offsets, and not by the frame alone, because a frame may be known by more than one: each
/// rmap_item of a KSM page remembers the object that its page had. What goes by frames (a chain of entries, a scan)
/// looks at <see cref="Frame"/> and those that follow it.
/// </remarks>
/// <param name="Frame">The frame of the first page; those of the others follow it.</param>
/// <param name="Key">
/// What the pages name: the design's key (<see cref="Frames.Frame.Mapping"/>), or of the page cache the inode.
/// </param>
/// <param name="First">The page offset of the first page within the object.</param>
/// <param name="Pages">How many; at least 1.</param>
/// <param name="Purpose">What the walk is for.</param>
public readonly record struct RmapWalk(Pfn Frame, int Key, ulong First, int Pages, WalkPurpose Purpose)
{
    /// <summary>The walk of one page by what it names itself.</summary>
    internal RmapWalk(Pfn pfn, in Frame page, WalkPurpose purpose)
        : this(pfn, page.Mapping, page.Index, 1, purpose)
    {
    }

    /// <summary>The page offset of the last page, inclusive.</summary>
    public ulong Last => First + (ulong)(Pages - 1);

    /// <summary>The frame of a page offset. Requires: it is one of the walk's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Pfn FrameAt(ulong index)
    {
        Invariant.Require(index - First < (ulong)Pages);
        return new Pfn(Frame.Value + (int)(index - First));
    }

    /// <summary>Which page of the walk an entry maps, or waits for while it migrates.</summary>
    public bool IsMappedBy(ulong pte, out ulong index)
    {
        int page = Pte.Frame(pte).Value - Frame.Value;
        index = First + (ulong)page;
        return (uint)page < (uint)Pages && (Pte.HasFrame(pte) || Pte.IsMigration(pte));
    }

    /// <summary>Whether a VMA that begins at this page offset has any of the pages.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Overlaps(in Vma vma, ulong pgoff) => Last - pgoff < vma.Pages + (ulong)(Pages - 1);

    /// <summary>
    /// The place of the pages in a VMA that begins at this page offset and overlaps them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WalkCandidate In(in Vma vma, ulong pgoff)
    {
        if (Pages == 1)
        {
            return new WalkCandidate(vma.Mm, vma.Start + ((First - pgoff) << Page.Shift), First);
        }

        ulong first = Math.Max(First, pgoff);
        ulong last = Math.Min(Last, pgoff + vma.Pages - 1);
        return new WalkCandidate(vma.Mm, vma.Start + ((first - pgoff) << Page.Shift), first, (int)(last - first) + 1);
    }
}
