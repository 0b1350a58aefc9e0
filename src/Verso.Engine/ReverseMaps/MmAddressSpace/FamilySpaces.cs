using Verso.Engine.Vmas;
using VmaIndex = Verso.Engine.ReverseMaps.IntervalTree<
    Verso.Engine.ReverseMaps.MmAddressSpace.IndexedVma, Verso.Engine.ReverseMaps.MmAddressSpace.ByOffset>;

namespace Verso.Engine.ReverseMaps.MmAddressSpace;

/// <summary>The address_space that exec attaches to an mm and fork shares.</summary>
internal struct FamilySpace : IArenaSlot
{
    /// <summary>sizeof(struct address_space) on 6.18.44.</summary>
    public static KernelSize KernelSize { get; } = new(192, 116);

    /// <summary>Address spaces of processes that share it. 0 marks a free slot.</summary>
    public int MmCount;

    /// <summary>VMAs in the index.</summary>
    public int VmaCount;

    /// <summary>Top of the index of their private VMAs, as i_mmap is that of a file's.</summary>
    public int Index;

    /// <summary>The next offset that nobody has had (option offsets=fresh).</summary>
    public ulong NextFresh;

    /// <summary>Pages of offsets that nobody will have again: of a 32-bit kernel's 2^30 (2^42 bytes).</summary>
    public readonly ulong OffsetsGiven => NextFresh == 0 ? 0 : NextFresh - FamilySpaces.FirstFresh;

    int IArenaSlot.NextFree { readonly get => Index; set => Index = value; }
}

/// <summary>A VMA's place in the index: a tree node inside vm_area_struct, like shared.rb for a file.</summary>
internal struct IndexedVma
{
    public IntervalLinks Offsets;

    /// <summary>The space that it is in; 0 for none.</summary>
    public int Space;
}

/// <summary>The index, by vm_pgoff.</summary>
internal readonly struct ByOffset : IIntervalLinksOf<IndexedVma>
{
    public static ref IntervalLinks In(ref IndexedVma node) => ref node.Offsets;
}

/// <summary>Every family's address_space in an arena by int handle, and the index of its VMAs.</summary>
/// <remarks>
/// <code>
///   mm1 ──┐
///   mm2 ──┼──▶ [ family space ] ──▶ interval tree of the private VMAs of mm1, mm2, mm3 by vm_pgoff
///   mm3 ──┘          ▲
///                  folio (space, offset)
/// </code>
/// Invariant: each private VMA is in the index of its mm's space, by its present bounds.
/// </remarks>
internal sealed class FamilySpaces(World world)
{
    /// <summary>
    /// Where fresh offsets begin: above what an address or a common file has, so that they meet nobody's.
    /// </summary>
    public const ulong FirstFresh = 1UL << 36;

    /// <summary>What a walk has yet to look at: as a local it would be cleared for each (8 ns).</summary>
    private readonly int[] _stack = new int[VmaIndex.MaxDepth];

    private readonly MmHandles _ofMm = new();
    private VmaRows<IndexedVma> _vmas = new(world.Vmas);
    private Arena<FamilySpace> _spaces =
        new(world.Ledger, world.Ledger.Register("address_space", FamilySpace.KernelSize));

    /// <summary>One past the highest handle ever given out.</summary>
    public int UsedCount => _spaces.UsedCount;

    /// <summary>The space behind a handle; the reference is good until the next allocation.</summary>
    public ref FamilySpace this[int space] => ref _spaces[space];

    /// <summary>The space of a live address space.</summary>
    public int Of(MmId mm) => _ofMm[mm];

    /// <summary>exec makes one, fork takes the parent's.</summary>
    public Errno Begin(MmId mm, MmId parent)
    {
        int space = parent.IsNone ? Allocate() : Of(parent);
        if (space == 0)
        {
            return Errno.ENOMEM;
        }

        _spaces[space].MmCount++;
        _ofMm.Add(mm, space);
        return Errno.None;
    }

    /// <summary>One mm fewer; the last takes the space with it.</summary>
    public void End(MmId mm)
    {
        int space = Of(mm);
        _ofMm.Remove(mm);
        if (--_spaces[space].MmCount == 0)
        {
            Invariant.Require(_spaces[space].Index == 0);
            world.Locks.Gone(LockOf(space));
            _spaces.Free(space);
        }
    }

    /// <summary>A VMA joins the index, if it is private. Requires: it is in none.</summary>
    public void Enter(VmaId vma)
    {
        Invariant.Require(!IsIn(vma));
        if (world.Vmas[vma].IsShared)
        {
            return;
        }

        int space = Of(world.Vmas[vma].Mm);
        _vmas[vma].Space = space;
        _spaces[space].VmaCount++;
        Insert(vma);
        world.Locks.Take(LockOf(space), LockMode.Write, 1);
    }

    /// <summary>And leaves it; no-op if it is not there.</summary>
    public void Leave(VmaId vma)
    {
        if (IsIn(vma))
        {
            Remove(vma);
            int space = _vmas[vma].Space;
            _spaces[space].VmaCount--;
            _vmas[vma] = default;
            world.Locks.Take(LockOf(space), LockMode.Write, 1);
        }
    }

    /// <summary>Its bounds will change.</summary>
    public void Adjusting(VmaId vma)
    {
        if (IsIn(vma))
        {
            world.Locks.Begin(LockOf(_vmas[vma].Space), LockMode.Write);
            Remove(vma);
        }
    }

    /// <summary>They have changed.</summary>
    public void Adjusted(VmaId vma)
    {
        if (IsIn(vma))
        {
            Insert(vma);
            world.Locks.End(LockOf(_vmas[vma].Space), LockMode.Write, 1);
        }
    }

    /// <summary>
    /// An offset range that no mapping has had. One page is left out: what lies side by side is no one's doing.
    /// </summary>
    public ulong Fresh(MmId mm, ulong pages)
    {
        ref FamilySpace space = ref _spaces[Of(mm)];
        ulong first = space.NextFresh;
        bool fits = pages < Frames.Frame.IndexMax - first;
        space.NextFresh = fits ? first + pages + 1 : FirstFresh;
        return fits ? first : FirstFresh;
    }

    /// <summary>
    /// Offers the pages of each VMA that covers the offsets. One that was never prepared holds no anonymous page.
    /// </summary>
    public void Walk<TVisitor>(in RmapWalk walk, ref TVisitor visitor)
        where TVisitor : struct, IWalkVisitor
    {
        int space = walk.Key;
        ulong first = walk.First;
        ulong last = walk.Last;
        Span<int> stack = _stack;
        stack[0] = _spaces[space].Index;
        int depth = stack[0] == 0 ? 0 : 1;
        world.Locks.Begin(LockOf(space), LockMode.Read);
        long steps = 0;
        WalkStep step = WalkStep.Continue;
        while (step == WalkStep.Continue)
        {
            int at = VmaIndex.Next(_vmas.Rows, stack, ref depth, first, last);
            if (at == 0)
            {
                break;
            }

            steps++;
            ref Vma vma = ref world.Vmas[new VmaId(at)];
            if (vma.Prepared)
            {
                step = visitor.Visit(walk.In(vma, vma.AnonPgoff));
            }
            else
            {
                visitor.Dismiss(1);
            }
        }

        world.Locks.End(LockOf(space), LockMode.Read, steps);
    }

    /// <summary>Whether a VMA is in an index.</summary>
    public bool IsIn(VmaId vma) => _vmas.Of(vma).Space != 0;

    /// <summary>Whether a VMA is in the index of its mm, by its present bounds.</summary>
    public bool IsIndexedAtPresentBounds(VmaId id)
    {
        ref Vma vma = ref world.Vmas[id];
        ref IndexedVma node = ref _vmas.Rows[id.Value];
        return node.Space == Of(vma.Mm)
            && node.Offsets.First == vma.AnonPgoff && node.Offsets.Last == vma.AnonPgoff + vma.Pages - 1;
    }

    /// <summary>How many VMAs the index has, by counting.</summary>
    public int CountIndex(int space) => VmaIndex.Count(_vmas.Rows, _spaces[space].Index);

    private void Insert(VmaId id)
    {
        ref IndexedVma node = ref _vmas.Rows[id.Value];
        ref Vma vma = ref world.Vmas[id];
        node.Offsets.First = vma.AnonPgoff;
        node.Offsets.Last = vma.AnonPgoff + vma.Pages - 1;
        ref FamilySpace space = ref _spaces[node.Space];
        space.Index = VmaIndex.Insert(_vmas.Rows, space.Index, id.Value);
    }

    private void Remove(VmaId id)
    {
        ref FamilySpace space = ref _spaces[_vmas.Rows[id.Value].Space];
        space.Index = VmaIndex.Remove(_vmas.Rows, space.Index, id.Value);
    }

    private int Allocate()
    {
        int space = _spaces.Allocate();
        if (space != 0)
        {
            _spaces[space].NextFresh = FirstFresh;
        }

        return space;
    }

    private static LockId LockOf(int space) => new(LockClass.FamilySpace, space);
}
