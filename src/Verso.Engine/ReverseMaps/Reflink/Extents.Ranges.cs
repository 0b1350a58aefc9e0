using PageTree = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Reflink.ExtentReference, Verso.Engine.ReverseMaps.Reflink.ReferencesByPage>;

namespace Verso.Engine.ReverseMaps.Reflink;

// Ranges of an address space: cloned, cut out, moved, divided.
internal sealed partial class Extents
{
    /// <summary>
    /// A reflink clone: the child refers to all that the parent refers to in [first, end), at the same addresses. A
    /// private mapping follows its file where it refers to nothing, so what the parent refers to there is left out.
    /// ENOMEM; then it refers to nothing there.
    /// </summary>
    public Errno Clone(MmId parent, MmId child, ulong first, ulong end, bool isShared)
    {
        ulong from = first;
        for (int reference = FirstIn(parent, from, end); reference != 0; reference = FirstIn(parent, from, end))
        {
            if (IsFile(reference) && !isShared)
            {
                from = _references[reference].ByAddress.Last + 1;
                continue;
            }

            if (ReserveReferences(1) != Errno.None)
            {
                Cut(child, first, end);
                return Errno.ENOMEM;
            }

            ExtentReference source = _references[reference];
            ulong start = Math.Max(source.ByAddress.First, from);
            ulong stop = Math.Min(source.ByAddress.Last + 1, end);
            AddReference(child, start, source.Extent, source.PageOf(start), stop - start);
            _world.Locks.Take(LockOf(source.Extent), LockMode.Write, 1);
            from = stop;
        }

        return Errno.None;
    }

    /// <summary>
    /// The address space has no private page in [first, end) any more; what it refers to of a file stays. After
    /// <see cref="ReserveReferences"/> of one.
    /// </summary>
    public void Discard(MmId mm, ulong first, ulong end)
    {
        for (int reference = FirstIn(mm, first, end); reference != 0; reference = FirstIn(mm, first, end))
        {
            ulong start = Math.Max(_references[reference].ByAddress.First, first);
            first = Math.Min(_references[reference].ByAddress.Last + 1, end);
            if (!IsFile(reference))
            {
                Cut(mm, start, first);
            }
        }
    }

    /// <summary>
    /// The address space refers to nothing in [first, end) any more. Takes the spare reference where one reaches beyond
    /// both ends.
    /// </summary>
    public void Cut(MmId mm, ulong first, ulong end)
    {
        for (int reference = FirstIn(mm, first, end); reference != 0; reference = FirstIn(mm, first, end))
        {
            ExtentReference old = _references[reference];
            ulong start = Math.Max(old.ByAddress.First, first);
            ulong stop = Math.Min(old.ByAddress.Last + 1, end);
            Unlink(reference);
            _world.Locks.Take(LockOf(old.Extent), LockMode.Write, 1);
            bool keepsLow = old.ByAddress.First < start;
            bool keepsHigh = old.ByAddress.Last >= stop;
            if (keepsHigh && keepsLow)
            {
                AddReference(mm, stop, old.Extent, old.PageOf(stop), old.ByAddress.Last - stop + 1);
                Divided++;
            }

            if (keepsLow)
            {
                Link(reference, start - old.ByAddress.First);
            }
            else if (keepsHigh)
            {
                _references[reference].ByAddress.First = stop;
                _references[reference].ByPage.First = old.PageOf(stop);
                Link(reference, old.ByAddress.Last - stop + 1);
            }

            ReleaseUncovered(old.Extent, old.PageOf(start), old.PageOf(stop));
            if (!keepsLow && !keepsHigh)
            {
                EndReference(reference);
            }
        }
    }

    /// <summary>
    /// What the address space refers to in [first, end) it refers to from <paramref name="target"/> on. ENOMEM; then
    /// nothing has moved. Moving back the same pages cannot fail.
    /// </summary>
    public Errno Move(MmId mm, ulong first, ulong end, ulong target)
    {
        if (DivideAt(mm, first, end) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        for (int reference = FirstIn(mm, first, end); reference != 0; reference = FirstIn(mm, first, end))
        {
            ref ExtentReference node = ref _references[reference];
            ulong pages = node.ByAddress.Last - node.ByAddress.First + 1;
            Unlink(reference);
            _references[reference].ByAddress.First = node.ByAddress.First - first + target;
            Link(reference, pages);
            _world.Locks.Take(LockOf(node.Extent), LockMode.Write, 1);
        }

        return Errno.None;
    }

    /// <summary>No reference reaches across either page any more. ENOMEM.</summary>
    public Errno DivideAt(MmId mm, ulong first, ulong second)
    {
        bool divides = Crosses(mm, first) || Crosses(mm, second);
        if (divides && ReserveReferences(2) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        Divide(mm, first);
        Divide(mm, second);
        return Errno.None;
    }

    private bool Crosses(MmId mm, ulong at)
    {
        int reference = At(mm, at);
        return reference != 0 && _references[reference].ByAddress.First < at;
    }

    /// <summary>
    /// Pages [first, end) of an extent lost a reference: those that have none left go, or, where extents are freed
    /// whole, stay with the extent.
    /// </summary>
    private void ReleaseUncovered(int extent, ulong first, ulong end)
    {
        if (!_hasSlots || !_freesExactly || _extents[extent].Inode != 0)
        {
            return;
        }

        while (first < end)
        {
            int other = PageTree.Lowest(_references.Slots, _extents[extent].References, first, end - 1);
            ulong covered = other == 0 ? end : Math.Max(_references[other].ByPage.First, first);
            for (; first < covered; first++)
            {
                LetGo(extent, first);
            }

            first = other == 0 ? end : _references[other].ByPage.Last + 1;
        }
    }
}
