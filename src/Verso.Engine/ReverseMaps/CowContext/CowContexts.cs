namespace Verso.Engine.ReverseMaps.CowContext;

/// <summary>Every context of a machine, in an arena by int handle, and the trees they form.</summary>
/// <remarks>
/// <code>
///   exec            [ root ]
///                   /      \
///   fork     [ child ]   [ child ]          children are a list; a child pins its parent
///                |
///   fork    [ grandchild ]
/// </code>
/// Invariant: a context is there while its mm, a folio or a child refers to it. No method recurses: trees may be
/// deeper than any stack.
/// </remarks>
internal sealed class CowContexts(World world)
{
    private readonly MmHandles _ofMm = new();
    private Arena<CowContext> _slots =
        new(world.Ledger, world.Ledger.Register("cow_context", CowContext.KernelSize, Freeing.AfterGrace));

    /// <summary>One past the highest handle ever given out.</summary>
    public int UsedCount => _slots.UsedCount;

    /// <summary>The context behind a handle; the reference is good until the next allocation.</summary>
    public ref CowContext this[int context] => ref _slots[context];

    /// <summary>The context of a live address space.</summary>
    public int Of(MmId mm) => _ofMm[mm];

    /// <summary>mm_init: a context for a new mm, below the parent's.</summary>
    public Errno Begin(MmId mm, MmId parentMm)
    {
        int slot = _slots.Allocate();
        if (slot == 0)
        {
            return Errno.ENOMEM;
        }

        int parent = parentMm.IsNone ? 0 : Of(parentMm);
        int root = parent == 0 ? slot : _slots[parent].Root;
        _slots[slot] = new CowContext { RefCount = 1, Mm = mm, Parent = parent, Root = root };
        if (parent != 0)
        {
            _slots[parent].RefCount++;
            Link(parent, slot);
        }

        _ofMm.Add(mm, slot);
        return Errno.None;
    }

    /// <summary>The mm is gone; its context stays while children or folios refer to it.</summary>
    public void End(MmId mm)
    {
        int context = Of(mm);
        Invariant.Require(_slots[context].Remaps == 0);
        _slots[context].Mm = default;
        _ofMm.Remove(mm);
        Put(context);
    }

    /// <summary>One more folio refers to it.</summary>
    public void Get(int context) => _slots[context].RefCount++;

    /// <summary>One reference fewer; the last frees it and lets go of its parent, and so on upwards.</summary>
    public void Put(int context)
    {
        while (context != 0)
        {
            Invariant.Require(_slots[context].RefCount > 0);
            if (--_slots[context].RefCount > 0)
            {
                return;
            }

            int parent = _slots[context].Parent;
            Free(context);
            context = parent;
        }
    }

    /// <summary>
    /// The next context of the tree below <paramref name="top"/>, parents before children; 0 after the last. Children's
    /// links lead back up, so nothing has to be remembered.
    /// </summary>
    public int Next(int top, int at)
    {
        if (_slots[at].FirstChild != 0)
        {
            return _slots[at].FirstChild;
        }

        while (at != top && _slots[at].NextSibling == 0)
        {
            at = _slots[at].Parent;
        }

        return at == top ? 0 : _slots[at].NextSibling;
    }

    private void Link(int parent, int child)
    {
        int first = _slots[parent].FirstChild;
        _slots[child].NextSibling = first;
        if (first != 0)
        {
            _slots[first].PreviousSibling = child;
        }

        _slots[parent].FirstChild = child;
        world.Locks.Take(new LockId(LockClass.CowContext, parent), LockMode.Write, 1);
    }

    private void Free(int context)
    {
        ref CowContext node = ref _slots[context];
        Invariant.Require(node.FirstChild == 0 && node.Mm.IsNone);
        if (node.Parent != 0)
        {
            Unlink(node);
        }

        world.Locks.Gone(new LockId(LockClass.CowContext, context));
        world.Locks.Gone(new LockId(LockClass.CowRemaps, context));
        _slots.Free(context);
    }

    private void Unlink(in CowContext node)
    {
        if (node.PreviousSibling != 0)
        {
            _slots[node.PreviousSibling].NextSibling = node.NextSibling;
        }
        else
        {
            _slots[node.Parent].FirstChild = node.NextSibling;
        }

        if (node.NextSibling != 0)
        {
            _slots[node.NextSibling].PreviousSibling = node.PreviousSibling;
        }

        world.Locks.Take(new LockId(LockClass.CowContext, node.Parent), LockMode.Write, 1);
    }
}
