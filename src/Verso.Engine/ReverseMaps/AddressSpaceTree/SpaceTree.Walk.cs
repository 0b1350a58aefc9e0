using Verso.Engine.Frames;
using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// From a page's space and index to the addresses that may map it.
internal sealed partial class SpaceTree
{
    /// <summary>
    /// The VMAs of the page's space, then those of each child that may still see the page, and so on down. By links
    /// alone, without stack or recursion: trees may be 10,000 deep.
    /// </summary>
    public void Walk<TVisitor>(Pfn frame, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        ref Frame page = ref _world.Frames[frame];
        bool isFile = !page.IsAnonymous;
        int top = isFile ? SpaceOfInode(page.Mapping) : page.Mapping;
        if (top == 0)
        {
            return;
        }

        ulong index = page.Index;
        bool hides = !isFile || !_spaces[top].ShowsThrough;
        LockId held = isFile ? new LockId(LockClass.FileMap, page.Mapping) : LockOf(top);
        _world.Locks.Begin(held, LockMode.Read);
        long steps = 0;
        int at = top;
        while (at != 0)
        {
            SpacesWalked++;
            if (VisitVmas(at, index, ref visitor, ref steps) == WalkStep.Stop)
            {
                break;
            }

            at = NextBelow(at, top, index, hides, ref steps);
        }

        _world.Locks.End(held, LockMode.Read, steps);
    }

    private int SpaceOfInode(int handle) => handle < _fileSpaces.Length ? _fileSpaces[handle] : 0;

    private WalkStep VisitVmas<TVisitor>(int space, ulong index, ref TVisitor visitor, ref long steps)
        where TVisitor : struct, IWalkVisitor
    {
        int dismissed = 0;
        WalkStep step = WalkStep.Continue;
        for (VmaId id = _spaces[space].FirstVma; !id.IsNone; id = _links.Rows[id.Value].Next)
        {
            steps++;
            ref Vma vma = ref _world.Vmas[id];
            if (index - vma.Pgoff >= vma.Pages)
            {
                dismissed++;
                continue;
            }

            step = visitor.Visit(vma.Mm, vma.Start + ((index - vma.Pgoff) << Page.Shift));
            if (step == WalkStep.Stop)
            {
                break;
            }
        }

        visitor.Dismiss(dismissed);
        return step;
    }

    /// <summary>The next space of a descent: child, sibling, sibling of an ancestor; 0 at the end.</summary>
    private int NextBelow(int at, int top, ulong index, bool hides, ref long steps)
    {
        int next = FirstSeeing(_spaces[at].FirstChild, index, hides, ref steps);
        while (next == 0 && at != top)
        {
            next = FirstSeeing(_spaces[at].NextSibling, index, hides, ref steps);
            at = _spaces[at].Parent;
        }

        return next;
    }

    /// <summary>
    /// The first of these siblings that may see what its parent sees at an index: it is within the limit, and no entry
    /// of its own hides it.
    /// </summary>
    private int FirstSeeing(int space, ulong index, bool hides, ref long steps)
    {
        for (; space != 0; space = _spaces[space].NextSibling)
        {
            steps++;
            if (!hides || (_spaces[space].IsWithinLimit(index) && EntryAt(space, index) == 0))
            {
                return space;
            }
        }

        return 0;
    }
}
