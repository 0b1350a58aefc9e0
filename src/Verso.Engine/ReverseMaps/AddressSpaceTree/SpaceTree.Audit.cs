using Verso.Engine.PageTables;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// The checks of this design. Text of the first violation, or null.
internal sealed partial class SpaceTree
{
    public string? Audit()
    {
        int linked = 0;
        int held = 0;
        int swapped = 0;
        for (int space = 1; space < _spaces.UsedCount; space++)
        {
            if (!_spaces[space].IsLive)
            {
                continue;
            }

            string? violation = AuditEdges(space) ?? AuditVmas(space, ref linked)
                ?? AuditEntries(space, ref held, ref swapped) ?? AuditShape(space);
            if (violation is not null)
            {
                return $"space {space}: {violation}";
            }
        }

        return AuditLinks(linked) ?? _pages.AuditCounts(held, swapped) ?? AuditTables();
    }

    private string? AuditEdges(int space)
    {
        ref AddressSpace at = ref _spaces[space];
        int children = 0;
        int previous = 0;
        for (int child = at.FirstChild; child != 0; child = _spaces[child].NextSibling)
        {
            children++;
            if (_spaces[child].Parent != space || _spaces[child].PreviousSibling != previous
                || _spaces[child].File != at.File)
            {
                return $"child {child} is not linked to it";
            }

            previous = child;
        }

        if (children != at.ChildCount)
        {
            return $"{children} children, counted {at.ChildCount}";
        }

        int depth = 0;
        for (int up = at.Parent; up != 0; up = _spaces[up].Parent)
        {
            if (++depth > _spaces.UsedCount || !_spaces[up].IsLive)
            {
                return "its way up does not end";
            }
        }

        return null;
    }

    private string? AuditVmas(int space, ref int linked)
    {
        ref AddressSpace at = ref _spaces[space];
        int count = 0;
        int owners = 0;
        VmaId previous = default;
        for (VmaId vma = at.FirstVma; !vma.IsNone; vma = _links[vma].Next)
        {
            if (_world.Vmas[vma].Mm.IsNone || _links[vma].Space != space
                || _links[vma].Previous != previous)
            {
                return $"{vma} is not linked to it";
            }

            bool owns = (_links[vma].Flags & LinkFlags.Copies) == 0;
            owners += owns ? 1 : 0;
            previous = vma;
            if (++count <= 40 && owns && !at.IsFile && SharedBy(space, vma) is string other)
            {
                return $"{vma} may write where {other} sees it";
            }
        }

        linked += count;
        return count == at.VmaCount && owners == at.OwnerCount
            ? null
            : $"{count} VMAs, {owners} of them owners; counted {at.VmaCount}, {at.OwnerCount}";
    }

    /// <summary>Who else uses an index of a VMA in its own space; null if nobody does.</summary>
    private string? SharedBy(int space, VmaId vma)
    {
        (ulong first, ulong end) = RangeOf(vma);
        for (VmaId other = _spaces[space].FirstVma; !other.IsNone; other = _links.Rows[other.Value].Next)
        {
            if (other != vma && Reaches(other, first, end) != Coverage.None)
            {
                return $"{other}";
            }
        }

        for (int child = _spaces[space].FirstChild; child != 0; child = _spaces[child].NextSibling)
        {
            if (CoverageOf(_spaces[child].First, _spaces[child].End, first, end) != Coverage.None)
            {
                return $"space {child}";
            }
        }

        return null;
    }

    private string? AuditEntries(int space, ref int held, ref int swapped)
    {
        ref AddressSpace at = ref _spaces[space];
        int count = 0;
        ulong covered = 0;
        for (int entry = at.FirstEntry; entry != 0; entry = _entries[entry].Next)
        {
            SpaceEntry each = _entries[entry];
            count++;
            covered += at.IsWithinLimit(each.Index) ? 1UL : 0;
            bool isOutside = each.Index < at.Lowest || each.Index >= at.Above
                || ((at.Summary >> (int)(each.Index & 63)) & 1) == 0;
            if (each.Space != space || isOutside || _entries.Find(space, each.Index) != entry)
            {
                return $"the entry at {each.Index} is not found there";
            }

            held += each.Page.Frame.IsNone ? 0 : 1;
            swapped += each.Page.Slot == 0 ? 0 : 1;
            if (_pages.Audit(each.Page, space, each.Index) is string broken)
            {
                return $"at {each.Index} {broken}";
            }
        }

        return count == at.EntryCount && covered == at.CoveredCount
            ? null
            : $"{count} entries, {covered} within the limit; counted {at.EntryCount}, {at.CoveredCount}";
    }

    /// <summary>No unreferenced space; and what the switches promise.</summary>
    private string? AuditShape(int space)
    {
        ref AddressSpace at = ref _spaces[space];
        if (at.VmaCount == 0 && at.ChildCount == 0)
        {
            return "nothing refers to it";
        }

        if (at.IsFile)
        {
            return at.EntryCount == 0 && _fileSpaces[at.File] == space ? null : "no file's space";
        }

        if (_switches.Merges && at.VmaCount == 0 && at.ChildCount == 1)
        {
            return "its only child has not absorbed it";
        }

        bool isBelow = at.Parent != 0 && !_spaces[at.Parent].IsFile;
        return _switches.Cuts && isBelow && at.CoveredCount == at.End - at.First ? "it hides its parent wholly" : null;
    }

    private string? AuditLinks(int linked)
    {
        int vmas = 0;
        foreach (Mm mm in _world.Mms.Live)
        {
            foreach (VmaId vma in mm.Vmas.Ids)
            {
                vmas++;
                if (SpaceOf(vma) == 0 || !_spaces[SpaceOf(vma)].IsLive)
                {
                    return $"{vma} has no space";
                }
            }
        }

        return vmas == linked ? null : $"{vmas} VMAs, {linked} on the lists of spaces";
    }

    /// <summary>The page table is a cache: an anonymous page is mapped only where a look-up finds it.</summary>
    private string? AuditTables()
    {
        PageTablePool tables = _world.PageTables;
        foreach (Mm mm in _world.Mms.Live)
        {
            foreach (VmaId vma in mm.Vmas.Ids)
            {
                ulong address = _world.Vmas[vma].Start;
                while (tables.TryNextRange(mm, ref address, _world.Vmas[vma].End, out PteRange range))
                {
                    for (int slot = range.First; slot < range.First + range.Count; slot++)
                    {
                        ulong pte = tables.Entry(range.Table, slot);
                        ulong index = _world.Vmas[vma].PgoffAt(range.AddressOf(slot));
                        bool isPrivate = Pte.HasFrame(pte) && _world.Frames[Pte.Frame(pte)].IsAnonymous;
                        int at = pte == 0 || Pte.IsGuard(pte) ? 0 : Seek(SpaceOf(vma), index);
                        Pfn seen = at == 0 ? default : _entries[at].Page.Frame;
                        if (seen != (isPrivate ? Pte.Frame(pte) : default))
                        {
                            return $"{vma} maps 0x{pte:x} at {index}, its space shows {seen}";
                        }
                    }
                }
            }
        }

        return null;
    }
}
