namespace Verso.Engine.Vmas;

/// <summary>VMAs of a tree by ascending start; for a foreach loop. The tree must not change meanwhile.</summary>
public struct VmaRange
{
    private readonly VmaNodePool _pool;
    private readonly ulong _end;
    private int _leaf;
    private int _slot;

    /// <summary>What follows an entry of a leaf and starts below an address.</summary>
    internal VmaRange(VmaNodePool pool, int leaf, int slot, ulong end)
    {
        _pool = pool;
        _end = end;
        _leaf = leaf;
        _slot = slot;
    }

    public VmaId Current { get; private set; }

    public readonly VmaRange GetEnumerator() => this;

    public bool MoveNext()
    {
        ref VmaNode leaf = ref _pool[_leaf];
        if (++_slot >= leaf.Count)
        {
            if (leaf.Next == 0)
            {
                return false;
            }

            _leaf = leaf.Next;
            _slot = 0;
            leaf = ref _pool[_leaf];
        }

        Current = new VmaId(leaf.Entries[_slot]);
        return leaf.Starts[_slot] < _end;
    }
}
