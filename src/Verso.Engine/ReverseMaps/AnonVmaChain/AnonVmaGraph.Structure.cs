
namespace Verso.Engine.ReverseMaps.AnonVmaChain;

// What the operations on VMAs do to the graph.
internal sealed partial class AnonVmaGraph
{
    /// <summary>Why a VMA's links are cloned; only fork may reuse an ancestor's anon_vma.</summary>
    private enum CloneReason
    {
        /// <summary>
        /// Split, mremap copy, or a merge into a VMA without anon_vma: the clone has the source's anon_vma.
        /// </summary>
        Same = 0,
        Fork = 1,
    }

    /// <summary>__anon_vma_prepare: a neighbour's anon_vma if one can be shared, else a new one.</summary>
    public Errno Prepare(VmaId vma, PrepareOutcome logged, out PrepareOutcome outcome)
    {
        outcome = PrepareOutcome.Derive;
        if (RowOf(vma).AnonVma != 0)
        {
            return Errno.None;
        }

        int link = _links.Allocate();
        if (link == 0)
        {
            return Errno.ENOMEM;
        }

        int derived = FindMergeable(vma);
        int anonVma = logged == PrepareOutcome.Allocated ? 0 : derived;
        if (anonVma == 0)
        {
            anonVma = AllocateAnonVma();
            if (anonVma == 0)
            {
                _links.Free(link);
                return Errno.ENOMEM;
            }

            _anonVmas[anonVma].ChildCount = 1;
            outcome = PrepareOutcome.Allocated;
        }
        else
        {
            outcome = PrepareOutcome.Reused;
        }

        bool derivedReuse = derived != 0;
        if (logged != PrepareOutcome.Derive && derivedReuse != (logged == PrepareOutcome.Reused))
        {
            _world.Counters.PreparedByLog++;
        }

        RowOf(vma).AnonVma = anonVma;
        Link(vma, link, anonVma);
        _anonVmas[anonVma].ActiveVmaCount++;
        _world.Locks.Take(LockOf(anonVma), LockMode.Write, 1);
        return Errno.None;
    }

    /// <summary>anon_vma_clone into a VMA that has the source's anon_vma: split, mremap copy, dup_anon_vma.</summary>
    public Errno CloneSame(VmaId source, VmaId target)
    {
        if (RowOf(source).Head == 0)
        {
            return Errno.None;
        }

        Invariant.Require(RowOf(target).Head == 0);
        RowOf(target).AnonVma = RowOf(source).AnonVma;
        return Clone(source, target, CloneReason.Same);
    }

    /// <summary>
    /// Links a fork child to all of the parent's anon_vmas and gives it none of its own. Requires: ownership is
    /// deferred.
    /// </summary>
    public Errno Inherit(VmaId parent, VmaId child)
    {
        Invariant.Require(_ownership == AnonVmaOwnership.Deferred && RowOf(child).Head == 0);
        return Clone(parent, child, CloneReason.Same);
    }

    /// <summary>
    /// Gives a VMA that inherited its chain an anon_vma of its own: the oldest that lost its VMA and has at most one
    /// child, as fork would have taken it, else a new one below the newest. No-op where it has one.
    /// </summary>
    public Errno Own(VmaId vma)
    {
        Invariant.Require(RowOf(vma).Head != 0);
        for (int link = RowOf(vma).Tail; link != 0 && RowOf(vma).AnonVma == 0; link = _links[link].Newer)
        {
            ref AnonVma old = ref _anonVmas[_links[link].AnonVma];
            if (old.ChildCount < 2 && old.ActiveVmaCount == 0)
            {
                RowOf(vma).AnonVma = _links[link].AnonVma;
                old.ActiveVmaCount++;
            }
        }

        return RowOf(vma).AnonVma != 0 ? Errno.None : AddOwn(vma, NewestOf(vma));
    }

    /// <summary>
    /// anon_vma_fork: the child is linked to all of the parent's anon_vmas, and gets one of its own unless an old one
    /// that lost its VMA and has at most one child can be reused.
    /// </summary>
    /// <param name="parent">The parent's VMA.</param>
    /// <param name="child">The child's.</param>
    /// <param name="logged">What a recording saw: <see cref="ForkReuse.Place"/>.</param>
    public Errno Fork(VmaId parent, VmaId child, int logged)
    {
        int parentAnonVma = RowOf(parent).AnonVma;
        if (parentAnonVma == 0)
        {
            return Errno.None;
        }

        if (Clone(parent, child, CloneReason.Fork) != Errno.None)
        {
            return Errno.ENOMEM;
        }

        if (logged != ForkReuse.Derive)
        {
            TakeLogged(child, logged);
        }

        if (RowOf(child).AnonVma != 0)
        {
            return Errno.None;
        }

        Errno errno = AddOwn(child, parentAnonVma);
        if (errno != Errno.None)
        {
            Unlink(child);
        }

        return errno;
    }

    /// <summary>What was reused where a race decided. A place that the chain does not have is not believed.</summary>
    private void TakeLogged(VmaId child, int place)
    {
        int link = place > 0 ? RowOf(child).Head : 0;
        for (int at = 1; at < place && link != 0; at++)
        {
            link = _links[link].Older;
        }

        int derived = RowOf(child).AnonVma;
        int logged = place == ForkReuse.New ? 0 : link != 0 ? _links[link].AnonVma : derived;
        if (logged == derived)
        {
            return;
        }

        _world.Counters.ForkedByLog++;
        RowOf(child).AnonVma = logged;
        if (derived != 0)
        {
            _anonVmas[derived].ActiveVmaCount--;
        }

        if (logged != 0)
        {
            _anonVmas[logged].ActiveVmaCount++;
        }
    }

    /// <summary>A new anon_vma below a parent, at the head of the VMA's chain.</summary>
    private Errno AddOwn(VmaId vma, int parent)
    {
        int anonVma = AllocateAnonVma();
        int link = anonVma == 0 ? 0 : _links.Allocate();
        if (link == 0)
        {
            if (anonVma != 0)
            {
                FreeAnonVma(anonVma);
            }

            return Errno.ENOMEM;
        }

        int root = _anonVmas[parent].Root;
        _anonVmas[anonVma].Root = root;
        _anonVmas[anonVma].Parent = parent;
        _anonVmas[anonVma].ActiveVmaCount = 1;
        _anonVmas[root].RefCount++;
        _anonVmas[parent].ChildCount++;
        RowOf(vma).AnonVma = anonVma;
        Link(vma, link, anonVma);
        _world.Locks.Take(LockOf(anonVma), LockMode.Write, 1);
        return Errno.None;
    }

    /// <summary>unlink_anon_vmas: takes the VMA out of every tree and frees what nobody links to any more.</summary>
    public void Unlink(VmaId vma)
    {
        ref Row row = ref RowOf(vma);
        if (row.Head == 0)
        {
            Invariant.Require(row.AnonVma == 0);
            return;
        }

        long steps = 0;
        for (int link = row.Head; link != 0; link = _links[link].Older)
        {
            RemoveFromTree(link);
            ref AnonVma anonVma = ref _anonVmas[_links[link].AnonVma];
            if (anonVma.Tree == 0)
            {
                _anonVmas[anonVma.Parent].ChildCount--;
            }

            steps++;
        }

        if (row.AnonVma != 0)
        {
            _anonVmas[row.AnonVma].ActiveVmaCount--;
        }

        _world.Locks.Take(LockOf(_links[row.Head].AnonVma), LockMode.Write, steps);

        // A second pass, because a child's parent must still be there when its count goes down.
        int next;
        for (int link = row.Head; link != 0; link = next)
        {
            next = _links[link].Older;
            int anonVma = _links[link].AnonVma;
            _links.Free(link);
            if (_anonVmas[anonVma].Root != 0 && _anonVmas[anonVma].Tree == 0)
            {
                Put(anonVma);
            }
        }

        row = default;
    }

    /// <summary>Bounds are about to change: out of the trees (anon_vma_interval_tree_pre_update_vma).</summary>
    public void Adjusting(VmaId vma)
    {
        int head = RowOf(vma).Head;
        if (head == 0)
        {
            return;
        }

        _world.Locks.Begin(LockOf(_links[head].AnonVma), LockMode.Write);
        for (int link = head; link != 0; link = _links[link].Older)
        {
            RemoveFromTree(link);
        }
    }

    /// <summary>And back into them.</summary>
    public void Adjusted(VmaId vma)
    {
        int head = RowOf(vma).Head;
        if (head == 0)
        {
            return;
        }

        long steps = 0;
        for (int link = head; link != 0; link = _links[link].Older)
        {
            InsertIntoTree(link);
            steps++;
        }

        _world.Locks.End(LockOf(_links[head].AnonVma), LockMode.Write, steps);
    }

    /// <summary>
    /// Links the target to all anon_vmas of the source: oldest first, so that the order is the same, or newest first,
    /// so that it is turned (<see cref="KernelRules.ClonesTurnChains"/>). Fork reuses the first it may.
    /// </summary>
    private Errno Clone(VmaId source, VmaId target, CloneReason reason)
    {
        _ = RowOf(source);
        _ = RowOf(target);
        long steps = 0;
        bool turn = TurnsChains;
        int next;
        for (int from = turn ? RowOf(source).Head : RowOf(source).Tail; from != 0; from = next)
        {
            next = turn ? _links[from].Older : _links[from].Newer;
            int link = _links.Allocate();
            if (link == 0)
            {
                RowOf(target).AnonVma = 0;
                Unlink(target);
                return Errno.ENOMEM;
            }

            int anonVma = _links[from].AnonVma;
            Link(target, link, anonVma);
            steps++;
            if (reason == CloneReason.Fork && RowOf(target).AnonVma == 0
                && _anonVmas[anonVma].ChildCount < 2 && _anonVmas[anonVma].ActiveVmaCount == 0)
            {
                RowOf(target).AnonVma = anonVma;
            }
        }

        int own = RowOf(target).AnonVma;
        if (own != 0)
        {
            _anonVmas[own].ActiveVmaCount++;
        }

        _world.Locks.Take(LockOf(_links[RowOf(source).Head].AnonVma), LockMode.Write, steps);
        return Errno.None;
    }

    /// <summary>
    /// find_mergeable_anon_vma: the next VMA's, then the previous one's; 0 if neither can be shared.
    /// </summary>
    private int FindMergeable(VmaId vma)
    {
        (VmaId next, VmaId previous) = Neighbours.Of(_world, vma);
        return IsReusable(next) ? RowOf(next).AnonVma : IsReusable(previous) ? RowOf(previous).AnonVma : 0;
    }

    /// <summary>reusable_anon_vma: there is one, and the VMA was never forked.</summary>
    private bool IsReusable(VmaId vma) => !vma.IsNone && RowOf(vma).AnonVma != 0 && IsSingular(vma);
}
