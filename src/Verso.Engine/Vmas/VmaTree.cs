namespace Verso.Engine.Vmas;

/// <summary>
/// The VMAs of one address space by address (<c>mm->mm_mt</c>): a B+-tree with bounds and handles in its leaves, and
/// the largest hole below each node.
/// </summary>
/// <remarks>
/// Look-up, neighbours, insertion, removal and hole search are O(log n). Whoever changes the bounds of a member calls
/// <see cref="Resize"/>. The first entry is no VMA (see <see cref="VmaNodePool.BeginTree"/>).
/// </remarks>
public sealed partial class VmaTree(VmaNodePool pool)
{
    private int _root;
    private int _first;

    /// <summary>The leaf that was last asked for.</summary>
    private int _recent;

    /// <summary>The start of the VMA that came last.</summary>
    private ulong _newest;

    /// <summary><c>mm->map_count</c>.</summary>
    public int Count { get; private set; }

    /// <summary>The VMAs by ascending start. The tree must not change while they are visited.</summary>
    public VmaRange Ids => new(pool, _first, 0, ulong.MaxValue);

    /// <summary>for_each_vma_range: those that overlap [start, end), none of an empty range.</summary>
    public VmaRange Within(ulong start, ulong end)
    {
        int leaf = LeafAt(start);
        ref VmaNode node = ref pool[leaf];
        int slot = node.SlotOf(start);
        return new VmaRange(pool, leaf, node.Values[slot] > start ? slot - 1 : slot, start < end ? end : 0);
    }

    /// <summary>The last VMA that starts at or below this address, or none.</summary>
    public VmaId AtOrBelow(ulong address)
    {
        ref VmaNode leaf = ref pool[LeafAt(address)];
        return new VmaId(leaf.Entries[leaf.SlotOf(address)]);
    }

    /// <summary>vma_lookup: the VMA that contains the address, or none.</summary>
    public VmaId Lookup(ulong address)
    {
        ref VmaNode leaf = ref pool[LeafAt(address)];
        int slot = leaf.SlotOf(address);
        return address < leaf.Values[slot] ? new VmaId(leaf.Entries[slot]) : default;
    }

    /// <summary>find_vma: the first VMA that ends above the address, or none.</summary>
    public VmaId Find(ulong address)
    {
        ref VmaNode leaf = ref pool[LeafAt(address)];
        int slot = leaf.SlotOf(address);
        return new VmaId(address < leaf.Values[slot] ? leaf.Entries[slot] : EntryAfter(leaf, slot));
    }

    /// <summary>find_vma_intersection: whether some VMA overlaps [start, end).</summary>
    public bool Intersects(ulong start, ulong end)
    {
        ref VmaNode leaf = ref pool[LeafAt(start)];
        int slot = leaf.SlotOf(start);
        return start < leaf.Values[slot] || leaf.Starts[slot + 1] < end;
    }

    /// <summary>The last VMA that starts at or below this address, and the one after it; none where none is.</summary>
    public (VmaId Prev, VmaId Next) Around(ulong address)
    {
        ref VmaNode leaf = ref pool[LeafAt(address)];
        int slot = leaf.SlotOf(address);
        return (new VmaId(leaf.Entries[slot]), new VmaId(EntryAfter(leaf, slot)));
    }

    /// <summary>vma_prev, vma_next: the neighbours of the member that starts here.</summary>
    public (VmaId Prev, VmaId Next) Beside(ulong start)
    {
        ref VmaNode leaf = ref pool[LeafAt(start)];
        int slot = MemberAt(leaf, start);
        int prev = slot > 0 ? leaf.Entries[slot - 1] : LastEntry(leaf.Previous);
        return (new VmaId(prev), new VmaId(EntryAfter(leaf, slot)));
    }

    /// <summary>Adds a VMA. Requires: no member overlaps [start, end).</summary>
    public void Insert(ulong start, ulong end, VmaId id)
    {
        if (_root == 0)
        {
            _root = _first = _recent = pool.Allocate(0);
            VmaNodePool.BeginTree(ref pool[_root]);
        }

        int leaf = LeafAt(start);
        ref VmaNode node = ref pool[leaf];
        int slot = node.SlotOf(start) + 1;
        Invariant.Require(node.Values[slot - 1] <= start && start < end && end <= node.Starts[slot]);
        bool keepsHoles = node.KeepsLargest(slot - 1, start, end);
        if (node.Count == VmaNode.Capacity)
        {
            (leaf, slot) = Split(leaf, slot, start);
            keepsHoles = false;
        }

        pool[leaf].Insert(slot, start, end, id.Value);
        Count++;
        _newest = start;
        if (!keepsHoles)
        {
            RefreshHoles(leaf);
        }
    }

    /// <summary>Removes the member that starts here.</summary>
    public void Remove(ulong start)
    {
        int leaf = LeafAt(start);
        int slot = MemberAt(pool[leaf], start);
        pool[leaf].Remove(slot);
        Count--;
        if (slot == 0)
        {
            FollowFirstStart(leaf);
        }

        RefreshHoles(leaf);
        Shrink(leaf);
    }

    /// <summary>The bounds of a member change without passing a neighbour's. Requires: they do not.</summary>
    public void Resize(ulong oldStart, ulong start, ulong end)
    {
        int leaf = LeafAt(oldStart);
        ref VmaNode node = ref pool[leaf];
        int slot = MemberAt(node, oldStart);
        ulong below = slot > 0 ? node.Values[slot - 1] : LastEnd(node.Previous);
        Invariant.Require(below <= start && start < end && end <= node.Starts[slot + 1]);
        node.Values[slot] = end;
        if (start != oldStart)
        {
            node.Starts[slot] = start;
            if (slot == 0)
            {
                FollowFirstStart(leaf);
            }
        }

        RefreshHoles(leaf);
    }

    /// <summary>Forgets every member.</summary>
    public void Clear()
    {
        for (int level = _root; level != 0;)
        {
            int below = pool[level].IsLeaf ? 0 : pool[level].Entries[0];
            for (int node = level; node != 0;)
            {
                int next = pool[node].Next;
                pool.Free(node);
                node = next;
            }

            level = below;
        }

        _root = _first = _recent = Count = 0;
    }

    /// <summary>The leaf to search for an address.</summary>
    private int LeafAt(ulong address)
    {
        if (pool[_recent].Covers(address))
        {
            return _recent;
        }

        int node = _root;
        while (!pool[node].IsLeaf)
        {
            ref VmaNode inner = ref pool[node];
            node = inner.Entries[inner.SlotOf(address)];
        }

        return _recent = node;
    }

    private static int MemberAt(in VmaNode leaf, ulong start)
    {
        int slot = leaf.SlotOf(start);
        Invariant.Require(leaf.Starts[slot] == start && leaf.Entries[slot] != 0);
        return slot;
    }

    private int EntryAfter(in VmaNode leaf, int slot) =>
        slot + 1 < leaf.Count ? leaf.Entries[slot + 1] : leaf.Next == 0 ? 0 : pool[leaf.Next].Entries[0];

    private int LastEntry(int leaf) => pool[leaf].Entries[pool[leaf].Count - 1];

    private ulong LastEnd(int leaf) => pool[leaf].Values[pool[leaf].Count - 1];
}
