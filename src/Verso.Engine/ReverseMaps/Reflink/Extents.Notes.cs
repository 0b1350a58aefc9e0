namespace Verso.Engine.ReverseMaps.Reflink;

// What is kept for a range of an address space: references, and the extents that they lead to.
internal sealed partial class Extents
{
    public void Note(MmId mm, ulong first, ulong end, IStateNotes notes)
    {
        for (int reference = FirstIn(mm, first, end); reference != 0; reference = FirstIn(mm, first, end))
        {
            ref ExtentReference node = ref _references[reference];
            notes.Number(node.ByAddress.First);
            notes.Number(node.ByAddress.Last);
            notes.Number(node.ByPage.First - ExtentOf(reference).First);
            notes.Object(node.Extent);
            NoteExtent(node.Extent, notes);
            first = node.ByAddress.Last + 1;
        }
    }

    public void Describe(VmaId vma, IDesignStructure structure)
    {
        (MmId mm, ulong first, ulong end) = (
            _world.Vmas[vma].Mm, _world.Vmas[vma].Start >> Page.Shift, _world.Vmas[vma].End >> Page.Shift);
        for (int reference = FirstIn(mm, first, end); reference != 0; reference = FirstIn(mm, first, end))
        {
            int handle = _references[reference].Extent;
            DesignObject extent = new(_extents[handle].Inode == 0 ? "extent" : DesignObject.Inode, handle);
            structure.Leads(vma, extent, isForNew: false);
            if (structure.Add(extent))
            {
                structure.Holds(extent, PagesOf(handle));
            }

            first = _references[reference].ByAddress.Last + 1;
        }
    }

    private long PagesOf(int extent)
    {
        ref Extent node = ref _extents[extent];
        long pages = 0;
        for (int i = 0; _hasSlots && node.Inode == 0 && i < node.Length; i++)
        {
            FoundPage slot = _slots[node.Slots + i];
            pages += slot.Frame.IsNone && slot.Slot == 0 ? 0 : 1;
        }

        return pages;
    }

    private void NoteExtent(int extent, IStateNotes notes)
    {
        ref Extent node = ref _extents[extent];
        notes.Number((ulong)node.Inode);
        notes.Number(node.IsShared ? 1UL : 0);
        notes.Number((ulong)node.Length);
        notes.Number((ulong)node.ReferenceCount);
        for (int i = 0; _hasSlots && i < node.Length; i++)
        {
            ref FoundPage slot = ref _slots[node.Slots + i];
            notes.Page(slot.Frame, slot.Slot);
        }
    }
}
