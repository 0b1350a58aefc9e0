namespace Verso.Engine.Vmas;

/// <summary>The VMAs of one address space by start address: two parallel sorted arrays, searched by halving.</summary>
/// <remarks>
/// A start is repeated here so that a search touches one array only. Ranges never overlap; whoever changes
/// <see cref="Vma.Start"/> of a member calls <see cref="Restart"/>.
/// </remarks>
public sealed class VmaTree
{
    private ulong[] _starts = new ulong[16];
    private VmaId[] _ids = new VmaId[16];

    /// <summary><c>mm->map_count</c>.</summary>
    public int Count { get; private set; }

    /// <summary>The VMAs by ascending start.</summary>
    public ReadOnlySpan<VmaId> Ids => _ids.AsSpan(0, Count);

    /// <summary>Their starts.</summary>
    public ReadOnlySpan<ulong> Starts => _starts.AsSpan(0, Count);

    /// <summary>The index of the last VMA that starts at or below this address; -1 if none.</summary>
    public int IndexAtOrBelow(ulong address)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_starts[middle] <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    /// <summary>Adds a VMA. Requires: no member starts there.</summary>
    public void Insert(ulong start, VmaId id)
    {
        int at = IndexAtOrBelow(start) + 1;
        Invariant.Require(at == 0 || _starts[at - 1] != start);
        if (Count == _ids.Length)
        {
            Array.Resize(ref _starts, Count * 2);
            Array.Resize(ref _ids, Count * 2);
        }

        _starts.AsSpan(at, Count - at).CopyTo(_starts.AsSpan(at + 1));
        _ids.AsSpan(at, Count - at).CopyTo(_ids.AsSpan(at + 1));
        _starts[at] = start;
        _ids[at] = id;
        Count++;
    }

    /// <summary>Removes the VMA that starts here. Requires: one does.</summary>
    public void Remove(ulong start)
    {
        int at = IndexAtOrBelow(start);
        Invariant.Require(at >= 0 && _starts[at] == start);
        Count--;
        _starts.AsSpan(at + 1, Count - at).CopyTo(_starts.AsSpan(at));
        _ids.AsSpan(at + 1, Count - at).CopyTo(_ids.AsSpan(at));
        _ids[Count] = default;
    }

    /// <summary>Forgets every member.</summary>
    public void Clear()
    {
        _ids.AsSpan(0, Count).Clear();
        Count = 0;
    }

    /// <summary>A member's start moved without passing a neighbour. Requires: the order is kept.</summary>
    public void Restart(ulong oldStart, ulong newStart)
    {
        int at = IndexAtOrBelow(oldStart);
        Invariant.Require(at >= 0 && _starts[at] == oldStart);
        Invariant.Require(at == 0 || _starts[at - 1] < newStart);
        Invariant.Require(at == Count - 1 || newStart < _starts[at + 1]);
        _starts[at] = newStart;
    }
}
