namespace Verso.Engine.Vmas;

/// <summary>The nodes of all VMA trees of a machine, by int handle: fork and exit allocate nothing.</summary>
/// <remarks>
/// Storage only: maple nodes are no cost of a reverse map, so the ledger does not count them. Node 0 is the leaf of
/// every tree without a VMA, and never changes.
/// </remarks>
public sealed class VmaNodePool
{
    private VmaNode[] _nodes = new VmaNode[8];
    private int _free;
    private int _used = 1;

    public VmaNodePool() => BeginTree(ref _nodes[0]);

    /// <summary>Nodes in use.</summary>
    internal int Live { get; private set; }

    /// <summary>A node. The reference is good until the next allocation.</summary>
    internal ref VmaNode this[int node] => ref _nodes[node];

    /// <summary>
    /// Makes a node the only leaf of a tree without a VMA: it has an entry that is none, at 0, so that every address
    /// has an entry at or below it and every hole one that it follows.
    /// </summary>
    internal static void BeginTree(ref VmaNode leaf)
    {
        leaf.Clear(0);
        leaf.Insert(0, 0, 0, 0);
    }

    /// <summary>An empty node.</summary>
    internal int Allocate(int level)
    {
        int node = _free;
        if (node != 0)
        {
            _free = _nodes[node].Next;
        }
        else
        {
            node = _used++;
            if (node == _nodes.Length)
            {
                Array.Resize(ref _nodes, node * 2);
            }
        }

        _nodes[node].Clear(level);
        Live++;
        return node;
    }

    /// <summary>Gives a node back.</summary>
    internal void Free(int node)
    {
        _nodes[node].Count = 0;
        _nodes[node].Next = _free;
        _free = node;
        Live--;
    }
}
