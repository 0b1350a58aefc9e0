using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// VMAs that come to cover more of their space: merging, growing, moving.
internal sealed partial class SpaceTree
{
    /// <summary>
    /// Offsets linear, same space or one below the other; and a range that comes in must show nothing old and meet no
    /// other user of its pages.
    /// </summary>
    public MergeTests CanJoin(in JoinCandidate candidate)
    {
        if (candidate.LeftPgoff != candidate.RightPgoff)
        {
            return MergeTests.PageOffset;
        }

        // Offsets are linear: only an upper target begins where the range ends.
        bool isAbove = _world.Vmas[candidate.Target].Pgoff == candidate.RightPgoff;
        ulong first = isAbove ? candidate.RightPgoff - candidate.Pages : candidate.LeftPgoff;
        VmaId giver = candidate.Source.IsNone ? candidate.CopiedFrom : candidate.Source;
        if (!giver.IsNone && SpaceOf(giver) != SpaceOf(candidate.Target))
        {
            return !candidate.Source.IsNone && CanWiden(candidate.Target, giver, first, first + candidate.Pages)
                ? MergeTests.None
                : MergeTests.AnonVma;
        }

        ulong carried = giver.IsNone ? 0 : candidate.StatePages;
        return MayCover(candidate.Target, first + carried, first + candidate.Pages)
            ? MergeTests.None
            : MergeTests.AnonVma;
    }

    /// <summary>What is between two neighbours that both absorb it may join each. Do they go together?</summary>
    public MergeTests CanBridge(VmaId left, VmaId right, VmaId between)
    {
        bool together = SpaceOf(left) == SpaceOf(right)
            ? MayReachOver(between, left)
            : CanWiden(left, right, between);
        return together ? MergeTests.None : MergeTests.AnonVma;
    }

    /// <summary>
    /// The target will hold what the source held: it is no freer to write than the source was. Where their spaces
    /// differ, <see cref="Joining"/> does what there is to do.
    /// </summary>
    public void Join(VmaId target, VmaId source)
    {
        if (SpaceOf(target) != SpaceOf(source))
        {
            Invariant.Require(_switches.Widens);
            return;
        }

        if ((LinkOf(source).Flags & LinkFlags.Copies) != 0)
        {
            SetCopies(target);
        }

        LinkOf(target).Flags |= LinkOf(source).Flags & LinkFlags.Aliased;
    }

    /// <summary>The VMA will grow over [start, end): it gets a space of its own if it may not in this one.</summary>
    public Errno Extend(VmaId vma, ulong start, ulong end)
    {
        (ulong first, ulong last) = RangeOf(vma);
        ulong pages = (end - start) >> Page.Shift;
        bool isAbove = start >= _world.Vmas[vma].End;
        return isAbove ? MakeRoom(vma, last, last + pages) : MakeRoom(vma, first - pages, first);
    }

    /// <summary>Bounds of a VMA have changed.</summary>
    public void Adjusted(VmaId vma) => NoteBeyondLimit(vma);

    /// <summary>
    /// mremap moves pages between two VMAs of one space, where they have the same index. A copy that is longer than
    /// what it carries must find nothing behind it. ENOMEM.
    /// </summary>
    public Errno Relocate(VmaId from, ulong start, VmaId to, ulong length)
    {
        LinkOf(from).Flags |= LinkFlags.Aliased;
        ref VmaLink link = ref LinkOf(to);
        bool isNew = (link.Flags & LinkFlags.Arriving) != 0;
        link.Flags = (link.Flags | LinkFlags.Aliased) & ~LinkFlags.Arriving;
        if (!isNew || _spaces[link.Space].IsFile)
        {
            return Errno.None;
        }

        ulong first = _world.Vmas[from].PgoffAt(start);
        ulong carried = first + (length >> Page.Shift);
        (_, ulong end) = RangeOf(to);
        if (!MayCover(to, carried, end))
        {
            return Divide(to, first, carried);
        }

        NoteBeyondLimit(to);
        return Errno.None;
    }

    /// <summary>
    /// What mremap moved to <paramref name="copy"/> is gone from <paramref name="source"/>, which stays mapped. ENOMEM.
    /// </summary>
    public Errno Detach(VmaId source, VmaId copy, ulong start, ulong length)
    {
        if (IsAtFile(source))
        {
            return Errno.None;
        }

        ulong first = _world.Vmas[source].PgoffAt(start);
        ulong end = first + (length >> Page.Shift);
        (ulong whole, ulong wholeEnd) = RangeOf(source);
        if (first <= whole && end >= wholeEnd)
        {
            return Renew(source);
        }

        (ulong low, ulong high) = Outside((whole, wholeEnd), first, end);
        if (Divide(source, low, high) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        if (low == whole && high == wholeEnd && SpaceOf(copy) != SpaceOf(source))
        {
            // The new space looks into the copy's on both sides of the range.
            SetCopies(copy);
        }

        return Hide(SpaceOf(source), first, end);
    }

    /// <summary>A VMA begins again, as if never faulted. ENOMEM.</summary>
    private Errno Renew(VmaId vma)
    {
        int file = _spaces[SpaceOf(vma)].File;
        int space = file != 0 ? _fileSpaces[file] : AllocateSpace();
        if (space == 0)
        {
            return Errno.ENOMEM;
        }

        int old = Leave(vma);
        Enter(vma, space, file != 0 ? LinkFlags.Copies : LinkFlags.None, default);
        Settle(old);
        return Errno.None;
    }

    private Errno MakeRoom(VmaId vma, ulong first, ulong end)
    {
        (ulong own, ulong ownEnd) = RangeOf(vma);
        return MayCover(vma, first, end) ? Errno.None : Divide(vma, own, ownEnd);
    }

    /// <summary>
    /// Whether a VMA may come to cover [first, end) of its space: it would see nothing there, and whoever uses these
    /// indexes too would not see what it writes, nor it what they write. No time rewind: what a space still holds there
    /// for a child is what the VMA's process once unmapped.
    /// </summary>
    private bool MayCover(VmaId vma, ulong first, ulong end)
    {
        int space = SpaceOf(vma);
        ref AddressSpace at = ref _spaces[space];
        if (at.IsFile || first >= end)
        {
            return true;
        }

        if (ShowsPage(space, first, end))
        {
            return false;
        }

        bool copies = (LinkOf(vma).Flags & LinkFlags.Copies) != 0;
        bool meetsVmas = copies ? at.OwnerCount != 0 : at.VmaCount != 1;
        for (VmaId other = at.FirstVma; meetsVmas && !other.IsNone; other = _links.Rows[other.Value].Next)
        {
            bool excludes = !copies || (_links.Rows[other.Value].Flags & LinkFlags.Copies) == 0;
            if (other != vma && excludes && Reaches(other, first, end) != Coverage.None)
            {
                return false;
            }
        }

        for (int child = copies ? 0 : at.FirstChild; child != 0; child = _spaces[child].NextSibling)
        {
            if (CoverageOf(_spaces[child].First, _spaces[child].End, first, end) != Coverage.None)
            {
                return false;
            }
        }

        return true;
    }
}
