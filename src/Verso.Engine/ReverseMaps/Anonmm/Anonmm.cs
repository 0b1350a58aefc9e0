namespace Verso.Engine.ReverseMaps.Anonmm;

/// <summary>
/// <c>struct anonmm</c> (mm/rmap.c of rmap 10, April 2004): what a page remembers of the mm it began in.
/// </summary>
internal struct Anonmm : IArenaSlot
{
    /// <summary>
    /// atomic_t count, spinlock_t lock, and mm, head, list of 8, 8 and 16 bytes on a 64-bit machine.
    /// </summary>
    public static KernelSize KernelSize { get; } = new(40, 24);

    /// <summary>1 for its mm, 1 for each page, and, of a head, 1 for each other member. 0 marks a free slot.</summary>
    public int RefCount;

    /// <summary>Its address space; none when that is gone.</summary>
    public MmId Mm;

    /// <summary>The one that exec made, whose lock guards the list.</summary>
    public int Head;

    /// <summary>The circular list of all forks since that exec.</summary>
    public int Next;

    public int Previous;

    /// <summary>
    /// Tops of the trees of moved ranges (option mremap=range): by where they are, by where they began.
    /// </summary>
    public int RangesByPlace;
    public int RangesByOrigin;

    int IArenaSlot.NextFree { readonly get => Next; set => Next = value; }
}

/// <summary>Every anonmm of a machine, in an arena by int handle, and the lists they are on.</summary>
/// <remarks>
/// <code>
///   exec       fork        fork
///   [ head ] ⇄ [ child ] ⇄ [ grandchild ] ⇄ back to the head     one list, however deep the tree
///       ▲          ▲
///     page       page                                            each refers to the anonmm of its first mm
/// </code>
/// One whose mm is gone stays on the list until no page refers to it; the head until it is the last.
/// </remarks>
internal sealed class AnonmmLists(World world)
{
    private readonly MmHandles _ofMm = new();
    private Arena<Anonmm> _slots =
        new(world.Ledger, world.Ledger.Register("anonmm", Anonmm.KernelSize));

    /// <summary>One past the highest handle ever given out.</summary>
    public int UsedCount => _slots.UsedCount;

    /// <summary>The anonmm behind a handle; the reference is good until the next allocation.</summary>
    public ref Anonmm this[int anonmm] => ref _slots[anonmm];

    /// <summary>The anonmm of a live address space.</summary>
    public int Of(MmId mm) => _ofMm[mm];

    /// <summary>The lock of the list that it is on, and of what only a walk of that list looks at.</summary>
    public LockId LockOf(int anonmm) => new(LockClass.AnonmmHead, _slots[anonmm].Head);

    /// <summary>exec_rmap, dup_rmap: a new list, or a new member of the parent's.</summary>
    public Errno Begin(MmId mm, MmId parent)
    {
        int slot = _slots.Allocate();
        if (slot == 0)
        {
            return Errno.ENOMEM;
        }

        int head = parent.IsNone ? slot : _slots[Of(parent)].Head;
        _slots[slot] = new Anonmm { RefCount = 1, Mm = mm, Head = head, Next = slot, Previous = slot };
        if (head != slot)
        {
            _slots[head].RefCount++;
            LinkBefore(head, slot);
        }

        world.Locks.Take(LockOf(slot), LockMode.Write, 1);
        _ofMm.Add(mm, slot);
        return Errno.None;
    }

    /// <summary>exit_rmap: the mm is gone, its anonmm stays while pages refer to it.</summary>
    public void End(MmId mm)
    {
        int anonmm = Of(mm);
        _slots[anonmm].Mm = default;
        _ofMm.Remove(mm);
        world.Locks.Take(LockOf(anonmm), LockMode.Write, 1);
        Put(anonmm);
    }

    /// <summary>One more page refers to it.</summary>
    public void Get(int anonmm) => _slots[anonmm].RefCount++;

    /// <summary>One reference fewer; the last frees it (free_anonmm), and lets go of its head.</summary>
    public void Put(int anonmm)
    {
        Invariant.Require(_slots[anonmm].RefCount > 0);
        if (--_slots[anonmm].RefCount > 0)
        {
            return;
        }

        int head = _slots[anonmm].Head;
        Unlink(anonmm);
        _slots.Free(anonmm);
        if (head != anonmm)
        {
            world.Locks.Take(LockOf(head), LockMode.Write, 1);
            Put(head);
        }
        else
        {
            world.Locks.Gone(new LockId(LockClass.AnonmmHead, head));
        }
    }

    private void LinkBefore(int next, int anonmm)
    {
        int previous = _slots[next].Previous;
        _slots[anonmm].Next = next;
        _slots[anonmm].Previous = previous;
        _slots[previous].Next = anonmm;
        _slots[next].Previous = anonmm;
    }

    private void Unlink(int anonmm)
    {
        ref Anonmm node = ref _slots[anonmm];
        Invariant.Require(node.Mm.IsNone);
        _slots[node.Previous].Next = node.Next;
        _slots[node.Next].Previous = node.Previous;
    }
}
