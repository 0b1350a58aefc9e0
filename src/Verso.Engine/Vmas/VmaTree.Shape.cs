namespace Verso.Engine.Vmas;

// How the tree grows and shrinks.
public sealed partial class VmaTree
{
    /// <summary>
    /// Neighbours below one node become one when they have no more entries than this: far from full, so that they are
    /// not split again soon.
    /// </summary>
    private const int JoinedCount = VmaNode.Capacity * 3 / 4;

    /// <summary>
    /// Makes room in a full node for an entry at a slot. Returns the node and slot where it goes now.
    /// </summary>
    /// <remarks>
    /// Half of the entries move up; none if the entry will be the last of all, and those above it if it comes right
    /// below the one that came last: so that a tree filled upwards, as by fork, or downwards, as by mmap, is full.
    /// </remarks>
    private (int Node, int Slot) Split(int node, int slot, ulong start)
    {
        bool appends = slot == VmaNode.Capacity && pool[node].Next == 0;
        bool descends = slot <= VmaNode.Capacity / 2 && pool[node].Starts[slot] == _newest;
        int kept = appends || descends ? slot : VmaNode.Capacity / 2;
        int above = pool.Allocate(pool[node].Level);
        ref VmaNode lower = ref pool[node];
        ref VmaNode upper = ref pool[above];
        ulong first = appends ? start : lower.Starts[kept];
        lower.MoveTail(kept, ref upper);
        for (int at = 0; at < upper.Count && !upper.IsLeaf; at++)
        {
            pool[upper.Entries[at]].Parent = above;
        }

        LinkAfter(node, above);
        if (lower.IsLeaf)
        {
            lower.Starts[kept] = first;
        }

        AddNode(node, above, first);
        RefreshHoles(node);
        RefreshHoles(above);
        return slot > kept || appends ? (above, slot - kept) : (node, slot);
    }

    /// <summary>The node above another on its level becomes an entry of the same parent.</summary>
    private void AddNode(int node, int above, ulong first)
    {
        if (node == _root)
        {
            _root = pool.Allocate(pool[node].Level + 1);
            pool[_root].Insert(0, pool[node].Starts[0], pool[node].Hole, node);
            pool[_root].Hole = pool[node].Hole;
            pool[node].Parent = _root;
        }

        int parent = pool[node].Parent;
        int slot = pool[parent].SlotOfNode(node) + 1;
        if (pool[parent].Count == VmaNode.Capacity)
        {
            (parent, slot) = Split(parent, slot, first);
        }

        pool[parent].Insert(slot, first, 0, above);
        pool[above].Parent = parent;
    }

    private void LinkAfter(int node, int above)
    {
        int next = pool[node].Next;
        pool[above].Previous = node;
        pool[above].Next = next;
        pool[node].Next = above;
        if (next != 0)
        {
            pool[next].Previous = above;
        }
    }

    /// <summary>
    /// The first entry of a leaf other than the first begins elsewhere now, or has gone: what is above the leaf and
    /// before it follows.
    /// </summary>
    private void FollowFirstStart(int leaf)
    {
        int before = pool[leaf].Previous;
        pool[before].Starts[pool[before].Count] = pool[leaf].Starts[0];
        RefreshHoles(before);
        if (pool[leaf].Count > 0)
        {
            FollowStart(leaf);
        }
    }

    private void FollowStart(int node)
    {
        ulong start = pool[node].Starts[0];
        int slot = 0;
        while (slot == 0 && node != _root)
        {
            int parent = pool[node].Parent;
            slot = pool[parent].SlotOfNode(node);
            pool[parent].Starts[slot] = start;
            node = parent;
        }
    }

    /// <summary>Entries have left a node: it goes if it is empty, or joins a neighbour if both are small.</summary>
    private void Shrink(int node)
    {
        while (pool[node].Count < VmaNode.Capacity / 2)
        {
            if (node == _root)
            {
                LowerRoot();
                return;
            }

            int parent = pool[node].Parent;
            int slot = pool[parent].SlotOfNode(node);
            if (pool[node].Count == 0)
            {
                Drop(parent, slot);
            }
            else if (CanJoin(parent, slot))
            {
                Join(parent, slot);
            }
            else if (slot > 0 && CanJoin(parent, slot - 1))
            {
                Join(parent, slot - 1);
            }
            else
            {
                return;
            }

            node = parent;
        }
    }

    /// <summary>A root with one node below it is none.</summary>
    private void LowerRoot()
    {
        while (!pool[_root].IsLeaf && pool[_root].Count == 1)
        {
            int only = pool[_root].Entries[0];
            pool.Free(_root);
            _root = only;
        }
    }

    private bool CanJoin(int parent, int slot) => slot + 1 < pool[parent].Count
        && pool[pool[parent].Entries[slot]].Count + pool[pool[parent].Entries[slot + 1]].Count <= JoinedCount;

    /// <summary>The node after a slot becomes part of the one in it.</summary>
    private void Join(int parent, int slot)
    {
        int node = pool[parent].Entries[slot];
        int above = pool[parent].Entries[slot + 1];
        ref VmaNode upper = ref pool[above];
        for (int at = 0; at < upper.Count && !upper.IsLeaf; at++)
        {
            pool[upper.Entries[at]].Parent = node;
        }

        upper.MoveTail(0, ref pool[node]);
        RefreshHoles(node);
        Drop(parent, slot + 1);
    }

    /// <summary>Takes an empty node out.</summary>
    private void Drop(int parent, int slot)
    {
        int node = pool[parent].Entries[slot];
        (int before, int after) = (pool[node].Previous, pool[node].Next);
        pool[before].Next = after;
        if (after != 0)
        {
            pool[after].Previous = before;
        }

        pool.Free(node);
        _recent = _first;
        pool[parent].Remove(slot);
        if (slot == 0 && pool[parent].Count > 0)
        {
            FollowStart(parent);
        }

        RefreshHoles(parent);
    }
}
