using Verso.Engine.Vmas;

using PageTree = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Reflink.ExtentReference, Verso.Engine.ReverseMaps.Reflink.ReferencesByPage>;

namespace Verso.Engine.ReverseMaps.Reflink;

// Ranges of an address space: cloned, cut out, moved, divided.
internal sealed partial class Extents
{
    /// <summary>
    /// A reflink clone: fork's copy of a VMA refers to all that its source refers to, at the same addresses. A
    /// private mapping follows its file where it refers to nothing, so what the parent refers to there is left out.
    /// ENOMEM; then it refers to nothing there.
    /// </summary>
    public Errno Clone(VmaId source, VmaId copy)
    {
        MmId parent = _world.Vmas[source].Mm;
        bool isShared = _world.Vmas[source].IsShared;
        (ulong first, ulong end) = BoundsOf(copy);
        ulong from = first;
        for (int reference = FirstIn(parent, from, end); reference != 0; reference = FirstIn(parent, from, end))
        {
            if (IsFile(reference) && !isShared)
            {
                from = _references[reference].ByAddress.Last + 1;
                continue;
            }

            ExtentReference cloned = _references[reference];
            int apart = Math.Min(_counts.Of(copy), 1);
            if (ReserveReferences(apart) != Errno.None || Share(cloned.Extent) != Errno.None)
            {
                Cut(copy, first, end);
                return Errno.ENOMEM;
            }

            ulong start = Math.Max(cloned.ByAddress.First, from);
            ulong stop = Math.Min(cloned.ByAddress.Last + 1, end);
            AddReference(copy, start, cloned.Extent, cloned.PageOf(start), stop - start);
            _world.Locks.Take(LockOf(cloned.Extent), LockMode.Write, 1);
            from = stop;
        }

        return Errno.None;
    }

    /// <summary>
    /// The VMA has no private page in [first, end) any more; what it refers to of a file stays. After
    /// <see cref="ReserveReferences"/> of one.
    /// </summary>
    public void Discard(VmaId vma, ulong first, ulong end)
    {
        MmId mm = _world.Vmas[vma].Mm;
        for (int reference = FirstIn(mm, first, end); reference != 0; reference = FirstIn(mm, first, end))
        {
            ulong start = Math.Max(_references[reference].ByAddress.First, first);
            first = Math.Min(_references[reference].ByAddress.Last + 1, end);
            if (!IsFile(reference))
            {
                Cut(vma, start, first);
            }
        }
    }

    /// <summary>
    /// The VMA refers to nothing in [first, end) any more. Takes the spare reference where one reaches beyond
    /// both ends.
    /// </summary>
    public void Cut(VmaId vma, ulong first, ulong end)
    {
        MmId mm = _world.Vmas[vma].Mm;
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
                AddReference(vma, stop, old.Extent, old.PageOf(stop), old.ByAddress.Last - stop + 1);
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
                EndReference(vma, reference);
            }
        }
    }

    /// <summary>
    /// What a VMA refers to in [first, end) another refers to from <paramref name="target"/> on. ENOMEM; then nothing
    /// has moved. Moving back the same pages cannot fail.
    /// </summary>
    public Errno Move(VmaId from, ulong first, ulong end, VmaId to, ulong target)
    {
        MmId mm = _world.Vmas[from].Mm;
        if (DivideAt(from, first, end) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        int added = Hand(from, to, first, end);
        if (added > 0 && ReserveReferences(added) != Errno.None)
        {
            _ = Hand(to, from, first, end);
            return Errno.ENOMEM;
        }

        // One that is not needed any more stays in reserve: the way back needs it.
        _spareReferences -= added;
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

    /// <summary>
    /// [first, end) of a VMA becomes another's, with the references there: none reaches across its ends any more.
    /// ENOMEM.
    /// </summary>
    public Errno Give(VmaId from, VmaId to, ulong first, ulong end)
    {
        Errno errno = DivideAt(from, first, end);
        if (errno == Errno.None)
        {
            int added = Hand(from, to, first, end);
            Invariant.Require(_spareReferences >= added);
            _spareReferences -= Math.Max(added, 0);
            _world.Ledger.Release(_referenceType, Math.Max(-added, 0));
        }

        return errno;
    }

    private Errno DivideAt(VmaId vma, ulong first, ulong second)
    {
        MmId mm = _world.Vmas[vma].Mm;
        bool divides = Crosses(mm, first) || Crosses(mm, second);
        if (divides && ReserveReferences(2) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        Divide(vma, first);
        Divide(vma, second);
        return Errno.None;
    }

    /// <summary>The first page of a VMA's addresses, and the one after the last.</summary>
    private (ulong First, ulong End) BoundsOf(VmaId vma)
    {
        ref Vma node = ref _world.Vmas[vma];
        return (node.Start >> Page.Shift, node.End >> Page.Shift);
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
