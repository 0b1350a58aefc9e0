using Verso.Engine.ReverseMaps;
using Verso.Engine.Vmas;

namespace Verso.Engine;

// The set of VMAs of an address space: look-up, coming, going, and change of bounds.
public abstract partial class Machine
{
    /// <summary>Reads: the VMA behind a handle.</summary>
    private protected ref Vma At(VmaId id) => ref World.Vmas[id];

    /// <summary>vma_lookup: the VMA that contains the address, or none.</summary>
    private protected static VmaId Lookup(Mm mm, ulong address) => mm.Vmas.Lookup(address);

    /// <summary>vma_is_anonymous.</summary>
    private protected bool IsFilledAnonymously(in Vma vma) => World.Files.IsFilledAnonymously(vma);

    /// <summary>find_vma_intersection: whether some VMA overlaps [start, end).</summary>
    private static bool Intersects(Mm mm, ulong start, ulong end) => mm.Vmas.Intersects(start, end);

    /// <summary>
    /// The neighbours of a range that holds no VMA: the last that starts below it, the first at or above.
    /// </summary>
    private static (VmaId Prev, VmaId Next) Around(Mm mm, ulong start) => mm.Vmas.Around(start);

    /// <summary>vma_link: a VMA with its bounds joins its address space and its file.</summary>
    private void LinkVma(VmaId id)
    {
        ref Vma vma = ref At(id);
        Mm mm = World.Mms[vma.Mm];
        mm.Vmas.Insert(vma.Start, vma.End, id);
        if (!vma.File.IsNone)
        {
            World.Files.Link(id);
        }
    }

    /// <summary>
    /// A VMA leaves file, reverse map and address space, and is freed. Its pages are gone or are another's.
    /// </summary>
    private void RemoveVma(Mm mm, VmaId id, DropReason reason)
    {
        ref Vma vma = ref At(id);
        mm.Vmas.Remove(vma.Start);
        Structure.Drop(id, reason);
        if (!vma.File.IsNone)
        {
            World.Files.Unlink(id);
        }

        World.Vmas.Free(id);
    }

    /// <summary>vma_prepare, vma_set_range, vma_complete for one VMA.</summary>
    /// <remarks>What stays in it keeps its page offsets.</remarks>
    private void SetRange(VmaId id, ulong start, ulong end)
    {
        Invariant.Require(start < end);
        ref Vma vma = ref At(id);
        if (!vma.File.IsNone)
        {
            World.Files.Adjusting(id);
        }

        Structure.Adjusting(id);

        World.Mms[vma.Mm].Vmas.Resize(vma.Start, start, end);
        ulong shift = (ulong)((long)(start - vma.Start) >> Page.Shift);
        vma.Pgoff += shift;
        vma.AnonPgoff += shift;
        vma.Start = start;
        vma.End = end;
        Structure.Adjusted(id);
        if (!vma.File.IsNone)
        {
            World.Files.Adjusted(id);
        }
    }

    /// <summary>Cuts the low end off: the VMA begins at <paramref name="start"/> from now on.</summary>
    private void CutBelow(VmaId id, ulong start) => SetRange(id, start, At(id).End);

    /// <summary>Cuts the high end off.</summary>
    private void CutAbove(VmaId id, ulong end) => SetRange(id, At(id).Start, end);
}
