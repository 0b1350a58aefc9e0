using AddressTree = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Reflink.ExtentReference, Verso.Engine.ReverseMaps.Reflink.ReferencesByAddress>;
using PageTree = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.Reflink.ExtentReference, Verso.Engine.ReverseMaps.Reflink.ReferencesByPage>;

namespace Verso.Engine.ReverseMaps.Reflink;

/// <summary>
/// The extents of a machine and the references to them, in arenas by int handle: a tree of references an address space,
/// by address, and one an extent, by page.
/// </summary>
/// <remarks>
/// Invariant: references of one address space do not overlap, and none crosses the bounds of a VMA from within another;
/// an extent without references does not exist.
/// </remarks>
internal sealed partial class Extents
{
    private readonly World _world;
    private readonly HeldPages _pages;
    private readonly bool _freesExactly;
    private readonly bool _hasSlots;
    private readonly ObjectType _extentType;
    private readonly ObjectType _slotType;
    private readonly ObjectType _referenceType;
    private Arena<Extent> _extents;
    private Arena<ExtentReference> _references;

    /// <summary>Top of the tree of each address space, by its id.</summary>
    private int[] _tops = new int[16];

    /// <param name="world">What they are of.</param>
    /// <param name="freesExactly">A page goes with the last reference that covers it, not with its extent.</param>
    /// <param name="hasSlots">They hold pages; else page tables alone do, and an extent only numbers them.</param>
    public Extents(World world, bool freesExactly, bool hasSlots)
    {
        _world = world;
        _hasSlots = hasSlots;
        _pages = new HeldPages(world);
        _freesExactly = freesExactly;
        _extentType = world.Ledger.Register("extent", Extent.KernelSize, Freeing.AfterGrace);
        _slotType = world.Ledger.Register("extent_slot", Extent.KernelSlot, heldBytes: 0);
        _referenceType = world.Ledger.Register("extent_reference", ExtentReference.KernelSize, heldBytes: 0);
        _extents = new Arena<Extent>(world.Ledger, _extentType);
        _references = new Arena<ExtentReference>(world.Ledger, _referenceType);
        _counts = new VmaRows<int>(world.Vmas);
    }

    /// <summary>Live extents of anonymous memory.</summary>
    public int ExtentCount => _extents.LiveCount - FileCount;

    /// <summary>Live references, those to files too.</summary>
    public int ReferenceCount => _references.LiveCount;

    /// <summary>Pages that became part of a neighbour's extent instead of beginning one, in all.</summary>
    public long Coalesced { get; private set; }

    /// <summary>References that were divided, in all.</summary>
    public long Divided { get; private set; }

    /// <summary>
    /// How many references each VMA has; the first is part of the VMA, and the ledger knows of the others.
    /// </summary>
    private VmaRows<int> _counts;

    private ref int TopOf(MmId mm)
    {
        if (mm.Value >= _tops.Length)
        {
            Array.Resize(ref _tops, Math.Max(mm.Value + 1, _tops.Length * 2));
        }

        return ref _tops[mm.Value];
    }

    /// <summary>The reference that covers a page of an address space, or 0.</summary>
    private int At(MmId mm, ulong at) => AddressTree.Lowest(_references.Slots, TopOf(mm), at, at);

    /// <summary>The first reference that overlaps [first, end), or 0.</summary>
    private int FirstIn(MmId mm, ulong first, ulong end) =>
        first >= end ? 0 : AddressTree.Lowest(_references.Slots, TopOf(mm), first, end - 1);

    /// <summary>
    /// A reference to pages of a live extent, from a page of a VMA on: the VMA's own, or a spare one.
    /// </summary>
    private void AddReference(VmaId vma, ulong at, int extent, ulong page, ulong pages)
    {
        int reference = TakeReference(vma);
        ref ExtentReference node = ref _references[reference];
        node = new ExtentReference { Mm = _world.Vmas[vma].Mm, Extent = extent };
        node.ByAddress.First = at;
        node.ByPage.First = page;
        Link(reference, pages);
        _extents[extent].ReferenceCount++;
        FileReferenceCount += _extents[extent].Inode == 0 ? 0 : 1;
    }

    /// <summary>Into both trees, by the first pages that are set and with so many pages.</summary>
    private void Link(int reference, ulong pages)
    {
        ref ExtentReference node = ref _references[reference];
        node.ByAddress.Last = node.ByAddress.First + pages - 1;
        node.ByPage.Last = node.ByPage.First + pages - 1;
        ref int top = ref TopOf(node.Mm);
        top = AddressTree.Insert(_references.Slots, top, reference);
        ref Extent extent = ref _extents[node.Extent];
        extent.References = PageTree.Insert(_references.Slots, extent.References, reference);
    }

    private void Unlink(int reference)
    {
        ref ExtentReference node = ref _references[reference];
        ref int top = ref TopOf(node.Mm);
        top = AddressTree.Remove(_references.Slots, top, reference);
        ref Extent extent = ref _extents[node.Extent];
        extent.References = PageTree.Remove(_references.Slots, extent.References, reference);
    }

    /// <summary>Makes a reference end, and another, a spare one, begin, at a page where one crosses.</summary>
    private void Divide(VmaId vma, ulong at)
    {
        int reference = At(_world.Vmas[vma].Mm, at);
        if (reference == 0 || _references[reference].ByAddress.First == at)
        {
            return;
        }

        ExtentReference whole = _references[reference];
        Unlink(reference);
        Link(reference, at - whole.ByAddress.First);
        AddReference(vma, at, whole.Extent, whole.PageOf(at), whole.ByAddress.Last - at + 1);
        Divided++;
    }

    /// <summary>How many references cover a page of an extent, counted up to 2.</summary>
    private int Covering(int extent, ulong page)
    {
        Span<int> stack = stackalloc int[PageTree.MaxDepth];
        int depth = 0;
        stack[depth++] = _extents[extent].References;
        int found = 0;
        while (found < 2 && PageTree.Next(_references.Slots, stack, ref depth, page) != 0)
        {
            found++;
        }

        return found;
    }

    /// <summary>A new extent, the spare one, of one empty slot without references.</summary>
    private int BeginExtent(ulong page)
    {
        Invariant.Require(_spareExtents-- > 0);
        int extent = _extents.Take();
        _extents[extent] = new Extent { First = page, Length = 1 };
        if (_hasSlots)
        {
            _extents[extent].Slots = TakeRoom(0);
        }

        return extent;
    }

    private void EndExtent(int extent)
    {
        ref Extent node = ref _extents[extent];
        Invariant.Require(node.ReferenceCount == 0 && node.References == 0);
        _world.Locks.Gone(LockOf(extent));
        if (node.Inode != 0)
        {
            EndFile(extent);
            return;
        }

        if (_hasSlots)
        {
            EndSlots(ref node);
        }

        _extents.Free(extent);
    }

    private void EndSlots(ref Extent node)
    {
        for (int i = 0; i < node.Length; i++)
        {
            _pages.LetGo(ref _slots[node.Slots + i]);
        }

        Unshare(ref node);
        GiveRoom(node.Slots, node.RoomShift);
    }

    private static LockId LockOf(int extent) => new(LockClass.Extent, extent);

    private int TakeReference(VmaId vma)
    {
        if (_counts[vma]++ > 0)
        {
            Invariant.Require(_spareReferences-- > 0);
        }

        if (_references.LiveCount + 1 == _references.UsedCount)
        {
            _world.Budget.Hold(ExtentReference.HeldBytes);
        }

        return _references.Take();
    }

    /// <summary>A VMA's reference, in no tree any more, goes; with its last one the extent does.</summary>
    private void EndReference(VmaId vma, int reference)
    {
        int extent = _references[reference].Extent;
        _references.Forget(reference);
        if (--_counts[vma] > 0)
        {
            _world.Ledger.Release(_referenceType);
        }

        ref Extent node = ref _extents[extent];
        FileReferenceCount -= node.Inode == 0 ? 0 : 1;
        if (--node.ReferenceCount == 0)
        {
            EndExtent(extent);
        }
        else if (node.ReferenceCount == 1 && _freesExactly)
        {
            Unshare(ref node);
        }
    }

    /// <summary>
    /// The references in [first, end) are another VMA's from now on. As the first of each VMA is a part of it, one more
    /// or one fewer may be an object of its own: returns 1, 0 or -1, which the caller has the ledger count.
    /// </summary>
    private int Hand(VmaId from, VmaId to, ulong first, ulong end)
    {
        int count = CountIn(_world.Vmas[from].Mm, first, end);
        ref int ofFrom = ref _counts[from];
        int before = Apart(ofFrom) + Apart(_counts.Of(to));
        ofFrom -= count;
        ref int ofTo = ref _counts[to];
        ofTo += count;
        Invariant.Require(_counts.Of(from) >= 0);
        return Apart(_counts.Of(from)) + Apart(ofTo) - before;
    }

    private int CountIn(MmId mm, ulong first, ulong end)
    {
        int count = 0;
        for (int reference = FirstIn(mm, first, end); reference != 0; reference = FirstIn(mm, first, end))
        {
            count++;
            first = _references[reference].ByAddress.Last + 1;
        }

        return count;
    }

    /// <summary>How many of a VMA's references are objects of their own.</summary>
    private static int Apart(int count) => Math.Max(count - 1, 0);

    /// <summary>A fork shares an extent: it has slots from now on. ENOMEM.</summary>
    private Errno Share(int extent)
    {
        ref Extent node = ref _extents[extent];
        if (!_hasSlots || node.IsShared || node.Inode != 0)
        {
            return Errno.None;
        }

        node.IsShared = _world.Ledger.TryAllocate(_slotType, node.Length);
        return node.IsShared ? Errno.None : Errno.ENOMEM;
    }

    private void Unshare(ref Extent node)
    {
        if (node.IsShared)
        {
            node.IsShared = false;
            _world.Ledger.Release(_slotType, node.Length);
        }
    }
}
