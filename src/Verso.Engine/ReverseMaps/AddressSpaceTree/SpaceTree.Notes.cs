namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// What is kept for a VMA: its space, and all above that.
internal sealed partial class SpaceTree
{
    public void Note(VmaId vma, IStateNotes notes)
    {
        ref VmaLink link = ref LinkOf(vma);
        notes.Number((ulong)link.Flags);
        for (int space = link.Space; space != 0; space = _spaces[space].Parent)
        {
            ref AddressSpace at = ref _spaces[space];
            notes.Object(space);
            notes.Number(at.First);
            notes.Number(at.End);
            notes.Number((ulong)at.File);
            notes.Number((ulong)at.VmaCount);
            notes.Number((ulong)at.OwnerCount);
            notes.Number((ulong)at.ChildCount);
            NoteEntries(space, notes);
        }
    }

    public void Describe(VmaId vma, IDesignStructure structure)
    {
        int space = LinkOf(vma).Space;
        if (space != 0)
        {
            structure.Leads(vma, ObjectOf(space), isForNew: true);
        }

        while (space != 0 && structure.Add(ObjectOf(space), ObjectOf(_spaces[space].Parent)))
        {
            structure.Holds(ObjectOf(space), PagesOf(space));
            space = _spaces[space].Parent;
        }
    }

    private DesignObject ObjectOf(int space) => space == 0 ? default
        : new(_spaces[space].IsFile ? DesignObject.Inode : "address_space", space);

    private long PagesOf(int space)
    {
        long pages = 0;
        for (int entry = _spaces[space].FirstEntry; entry != 0; entry = _entries[entry].Next)
        {
            FoundPage page = _entries[entry].Page;
            pages += page.Frame.IsNone && page.Slot == 0 ? 0 : 1;
        }

        return pages;
    }

    private void NoteEntries(int space, IStateNotes notes)
    {
        SortedDictionary<ulong, int> byIndex = [];
        for (int entry = _spaces[space].FirstEntry; entry != 0; entry = _entries[entry].Next)
        {
            byIndex.Add(_entries[entry].Index, entry);
        }

        foreach ((ulong index, int entry) in byIndex)
        {
            notes.Number(index);
            notes.Page(_entries[entry].Page.Frame, _entries[entry].Page.Slot);
        }
    }
}
