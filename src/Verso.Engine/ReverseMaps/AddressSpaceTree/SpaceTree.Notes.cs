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
