using Verso.Engine.Vmas;

using AddressTree = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Reflink.ExtentReference, Verso.Engine.ReverseMaps.Reflink.ReferencesByAddress>;
using PageTree = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Reflink.ExtentReference, Verso.Engine.ReverseMaps.Reflink.ReferencesByPage>;

namespace Verso.Engine.ReverseMaps.Reflink;

// The check of what Extents promises.
internal sealed partial class Extents
{
    /// <summary>Anonymous frames that no reference leads to any more.</summary>
    public long CountStale()
    {
        long stale = 0;
        for (int extent = 1; _hasSlots && extent < _extents.UsedCount; extent++)
        {
            for (int i = 0; _extents[extent].ReferenceCount > 0 && i < _extents[extent].Length; i++)
            {
                bool isHeld = !_slots[_extents[extent].Slots + i].Frame.IsNone;
                stale += isHeld && Covering(extent, _extents[extent].First + (ulong)i) == 0 ? 1 : 0;
            }
        }

        return stale;
    }

    /// <summary>The first broken invariant as text, or null.</summary>
    public string? Audit()
    {
        int held = 0;
        int swapped = 0;
        int references = 0;
        long slots = 0;
        for (int extent = 1; extent < _extents.UsedCount; extent++)
        {
            ref Extent node = ref _extents[extent];
            if (node.ReferenceCount == 0)
            {
                continue;
            }

            references += node.ReferenceCount;
            if (PageTree.Count(_references.Slots, node.References) != node.ReferenceCount)
            {
                return $"extent {extent}: {node.ReferenceCount} references counted, its tree has others";
            }

            if (_freesExactly && node.IsShared && node.ReferenceCount == 1)
            {
                return $"extent {extent}: one reference is left, and it has slots";
            }

            slots += node.IsShared ? node.Length : 0;

            string? broken = _hasSlots ? AuditSlots(extent, ref held, ref swapped) : null;
            if (broken is not null)
            {
                return broken;
            }
        }

        if (slots != LiveOf("extent_slot"))
        {
            return $"shared extents have {slots} slots, {LiveOf("extent_slot")} are counted";
        }

        return references == ReferenceCount
            ? (_hasSlots ? _pages.AuditCounts(held, swapped) : AuditEntries()) ?? AuditAddresses()
            : $"{ReferenceCount} references counted, extents have {references}";
    }

    /// <summary>Each entry's folio names the page that the reference there leads to.</summary>
    private string? AuditEntries()
    {
        foreach ((MmId mm, ulong address, Pfn frame) in AnonymousEntries.Of(_world))
        {
            ulong at = address >> Page.Shift;
            int reference = At(mm, at);
            if (reference == 0
                || _references[reference].Extent != _world.Frames[frame].Mapping
                || _references[reference].PageOf(at) != _world.Frames[frame].Index)
            {
                return $"{mm}: {frame} is mapped at page 0x{at:x}, and no reference there leads to it";
            }
        }

        return null;
    }

    private string? AuditSlots(int extent, ref int held, ref int swapped)
    {
        for (int i = 0; i < _extents[extent].Length; i++)
        {
            FoundPage slot = _slots[_extents[extent].Slots + i];
            ulong page = _extents[extent].First + (ulong)i;
            held += slot.Frame.IsNone ? 0 : 1;
            swapped += slot.Slot == 0 ? 0 : 1;
            if (_pages.Audit(slot, extent, page) is string broken)
            {
                return $"extent {extent}, page {page}: {broken}";
            }

            if (_freesExactly && !slot.Frame.IsNone && Covering(extent, page) == 0)
            {
                return $"extent {extent}, page {page}: {slot.Frame} is kept, and no reference leads there";
            }
        }

        return null;
    }

    private long LiveOf(string type) => _world.Ledger.Rows.Single(row => row.Name == type).Live;

    /// <summary>A reference to a file leads where the VMA says.</summary>
    private bool IsTrue(in ExtentReference reference, in Vma vma) =>
        !vma.File.IsNone
        && _world.Files[vma.File].Handle == _extents[reference.Extent].Inode
        && vma.PgoffAt(reference.ByAddress.First << Page.Shift) == reference.ByPage.First
        && reference.ByAddress.Last < vma.End >> Page.Shift;

    /// <summary>References of one address space do not overlap and lie in VMAs.</summary>
    private string? AuditAddresses()
    {
        int found = 0;
        int apart = 0;
        foreach (Mm mm in _world.Mms.Live)
        {
            foreach (VmaId vma in mm.Vmas.Ids)
            {
                (ulong first, ulong after) = BoundsOf(vma);
                int ofVma = CountIn(mm.Id, first, after);
                apart += Apart(ofVma);
                if (ofVma != _counts.Of(vma))
                {
                    return $"{vma}: {_counts.Of(vma)} references counted, it has {ofVma}";
                }
            }

            ulong end = 0;
            int reference = FirstIn(mm.Id, end, ulong.MaxValue);
            for (; reference != 0; reference = FirstIn(mm.Id, end, ulong.MaxValue))
            {
                found++;
                ref ExtentReference node = ref _references[reference];
                VmaId vma = mm.Vmas.Lookup(node.ByAddress.First << Page.Shift);
                if (vma.IsNone)
                {
                    return $"{mm.Id}: page 0x{node.ByAddress.First:x} of an extent lies in no VMA";
                }

                if (IsFile(reference) && !IsTrue(node, _world.Vmas[vma]))
                {
                    return $"{mm.Id}: page 0x{node.ByAddress.First:x} is another page of its file, or of another file";
                }

                if (node.ByAddress.First < end)
                {
                    return $"{mm.Id}: two references cover page 0x{node.ByAddress.First:x}";
                }

                end = node.ByAddress.Last + 1;
            }

            found -= AddressTree.Count(_references.Slots, TopOf(mm.Id));
        }

        long counted = LiveOf("extent_reference") - _spareReferences;
        return found != 0 ? $"trees by address: {-found} references overlap others"
            : apart != counted ? $"{apart} references are no VMA's first, {counted} are counted"
            : null;
    }
}
