using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// From a page's space and index to the addresses that may map it.
internal sealed partial class SpaceTree
{
    /// <summary>
    /// The VMAs of the pages' space, then those of each child that may still see one of them, and so on down. By links
    /// alone, without stack or recursion: trees may be 10,000 deep.
    /// </summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        bool isFile = !_world.Frames[walk.Frame].IsAnonymous;
        int top = isFile ? SpaceOfInode(walk.Key) : walk.Key;
        if (top == 0)
        {
            return;
        }

        bool hides = !isFile || !_spaces[top].ShowsThrough;
        LockId held = isFile ? new LockId(LockClass.FileMap, walk.Key) : LockOf(top);
        _world.Locks.Begin(held, LockMode.Read);
        long steps = 0;
        int at = top;
        while (at != 0)
        {
            SpacesWalked++;
            if (VisitVmas(at, walk, ref visitor, ref steps) == WalkStep.Stop)
            {
                break;
            }

            at = NextBelow(at, top, walk.First, walk.Last, hides, ref steps);
        }

        _world.Locks.End(held, LockMode.Read, steps);
    }

    private int SpaceOfInode(int handle) => handle < _fileSpaces.Length ? _fileSpaces[handle] : 0;

    private WalkStep VisitVmas<TVisitor>(int space, in RmapWalk walk, ref TVisitor visitor, ref long steps)
        where TVisitor : struct, IWalkVisitor
    {
        int dismissed = 0;
        WalkStep step = WalkStep.Continue;
        for (VmaId id = _spaces[space].FirstVma; !id.IsNone; id = _links.Rows[id.Value].Next)
        {
            steps++;
            ref Vma vma = ref _world.Vmas[id];
            if (!walk.Overlaps(vma, vma.Pgoff))
            {
                dismissed++;
                continue;
            }

            step = visitor.Visit(walk.In(vma, vma.Pgoff));
            if (step == WalkStep.Stop)
            {
                break;
            }
        }

        visitor.Dismiss(dismissed);
        return step;
    }

    /// <summary>The next space of a descent: child, sibling, sibling of an ancestor; 0 at the end.</summary>
    private int NextBelow(int at, int top, ulong first, ulong last, bool hides, ref long steps)
    {
        int next = FirstSeeing(_spaces[at].FirstChild, first, last, hides, ref steps);
        while (next == 0 && at != top)
        {
            next = FirstSeeing(_spaces[at].NextSibling, first, last, hides, ref steps);
            at = _spaces[at].Parent;
        }

        return next;
    }

    /// <summary>
    /// The first of these siblings that may see something of what its parent sees.
    /// </summary>
    private int FirstSeeing(int space, ulong first, ulong last, bool hides, ref long steps)
    {
        for (; space != 0; space = _spaces[space].NextSibling)
        {
            steps++;
            if (!hides || Sees(space, first, last))
            {
                return space;
            }
        }

        return 0;
    }

    /// <summary>Whether one of these pages is within the limit of a space, and no entry of its own hides it.</summary>
    private bool Sees(int space, ulong first, ulong last)
    {
        for (ulong index = first; index <= last; index++)
        {
            if (_spaces[space].IsWithinLimit(index) && EntryAt(space, index) == 0)
            {
                return true;
            }
        }

        return false;
    }
}
