using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Verso.Engine.Vmas;

/// <summary>One node of a <see cref="VmaTree"/>: up to 32 VMAs, or up to 32 nodes of the level below.</summary>
/// <remarks>
/// The arrays are whole: what is unused in them neither matches a search nor has a hole, so searches look at all of
/// them, several entries at a time, and no entry decides a branch.
/// </remarks>
internal struct VmaNode
{
    public const int Capacity = 32;

    /// <summary>Larger holes count as this large, so that the one above the last VMA does not change with it.</summary>
    private const ulong Endless = 1UL << 63;

    /// <summary>
    /// The first byte address of each entry, ascending. In a leaf, one more: where the next leaf begins.
    /// </summary>
    public Bounds Starts;

    /// <summary>The end of each VMA; above the leaves, the largest hole below each node, in bytes.</summary>
    public Words Values;

    /// <summary>The VMA, or the node.</summary>
    public Handles Entries;

    /// <summary>The largest hole below this node, as its parent knows it.</summary>
    public ulong Hole;

    public int Count;

    /// <summary>Levels below this one; 0 in a leaf.</summary>
    public int Level;

    /// <summary>The node that has this one as entry; of no meaning in a root.</summary>
    public int Parent;

    /// <summary>The neighbours of the same level, 0 at either end.</summary>
    public int Previous;
    public int Next;

    public readonly bool IsLeaf => Level == 0;

    /// <summary>What unused values are: no VMA ends above them, no hole is below them.</summary>
    private readonly ulong Unused => IsLeaf ? ulong.MaxValue : 0;

    /// <summary>Whether a leaf is the one to search for this address.</summary>
    public readonly bool Covers(ulong address) => Starts[0] <= address && address < Starts[Count];

    /// <summary>The last entry that starts at or below the address; -1 if none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int SlotOf(ulong address)
    {
        ReadOnlySpan<ulong> starts = Starts;
        Vector512<ulong> limit = Vector512.Create(address);
        int count = 0;
        foreach (Vector512<ulong> eight in MemoryMarshal.Cast<ulong, Vector512<ulong>>(starts[..Capacity]))
        {
            count += BitOperations.PopCount(Vector512.LessThanOrEqual(eight, limit).ExtractMostSignificantBits());
        }

        return Math.Min(count, Count) - 1;
    }

    /// <summary>The entry that is this node; -1 if none.</summary>
    public readonly int SlotOfNode(int node)
    {
        ReadOnlySpan<int> entries = Entries;
        return entries.IndexOf(node);
    }

    /// <summary>The hole above each VMA of a leaf, or the largest below each node: bit i for entry i.</summary>
    /// <param name="length">What it must have at least, in bytes; not 0.</param>
    public readonly uint WithHole(ulong length)
    {
        ReadOnlySpan<ulong> starts = Starts;
        ReadOnlySpan<ulong> values = Values;
        Vector512<ulong> least = Vector512.Create(length);
        ReadOnlySpan<Vector512<ulong>> low = MemoryMarshal.Cast<ulong, Vector512<ulong>>(values);
        uint found = 0;
        if (IsLeaf)
        {
            ReadOnlySpan<Vector512<ulong>> high = MemoryMarshal.Cast<ulong, Vector512<ulong>>(starts[1..]);
            for (int at = low.Length - 1; at >= 0; at--)
            {
                found = (found << 8)
                    | (uint)Vector512.GreaterThanOrEqual(high[at] - low[at], least).ExtractMostSignificantBits();
            }
        }
        else
        {
            for (int at = low.Length - 1; at >= 0; at--)
            {
                found = (found << 8) | (uint)Vector512.GreaterThanOrEqual(low[at], least).ExtractMostSignificantBits();
            }
        }

        return found;
    }

    /// <summary>The largest hole above a VMA of a leaf, or below a node: in bytes.</summary>
    public readonly ulong LargestHole()
    {
        ReadOnlySpan<ulong> starts = Starts;
        ReadOnlySpan<ulong> values = Values;
        ReadOnlySpan<Vector512<ulong>> low = MemoryMarshal.Cast<ulong, Vector512<ulong>>(values);
        ReadOnlySpan<Vector512<ulong>> high = MemoryMarshal.Cast<ulong, Vector512<ulong>>(starts[1..]);
        Vector512<ulong> largest = Vector512<ulong>.Zero;
        for (int at = 0; at < low.Length; at++)
        {
            largest = Vector512.Max(largest, IsLeaf ? high[at] - low[at] : low[at]);
        }

        Vector256<ulong> four = Vector256.Max(largest.GetLower(), largest.GetUpper());
        Vector128<ulong> two = Vector128.Max(four.GetLower(), four.GetUpper());
        return Math.Min(Math.Max(two.GetElement(0), two.GetElement(1)), Endless);
    }

    /// <summary>
    /// Whether the largest hole of a leaf is certainly the same after a VMA has come into the hole above an entry.
    /// </summary>
    public readonly bool KeepsLargest(int slot, ulong start, ulong end)
    {
        ulong left = Math.Max(start - Values[slot], Starts[slot + 1] - end);
        return Starts[slot + 1] - Values[slot] < Hole || Math.Min(left, Endless) == Hole;
    }

    /// <summary>An empty node of a level.</summary>
    public void Clear(int level)
    {
        Level = level;
        Count = 0;
        Hole = 0;
        Parent = 0;
        Previous = 0;
        Next = 0;
        ((Span<ulong>)Starts).Fill(ulong.MaxValue);
        ((Span<ulong>)Values).Fill(Unused);
        ((Span<int>)Entries).Clear();
    }

    /// <summary>Puts an entry before another, or last. Requires: the node is not full.</summary>
    public void Insert(int slot, ulong start, ulong value, int entry)
    {
        Invariant.Require(Count < Capacity);
        int moved = Count - slot;
        Span<ulong> starts = Starts;
        Span<ulong> values = Values;
        Span<int> entries = Entries;
        starts[Count + 1] = starts[Count];
        if (moved > 0)
        {
            starts.Slice(slot, moved).CopyTo(starts[(slot + 1)..]);
            values.Slice(slot, moved).CopyTo(values[(slot + 1)..]);
            entries.Slice(slot, moved).CopyTo(entries[(slot + 1)..]);
        }

        starts[slot] = start;
        values[slot] = value;
        entries[slot] = entry;
        Count++;
    }

    /// <summary>Takes an entry out.</summary>
    public void Remove(int slot)
    {
        int last = --Count;
        Span<ulong> starts = Starts;
        Span<ulong> values = Values;
        Span<int> entries = Entries;
        starts[(slot + 1)..(last + 2)].CopyTo(starts[slot..]);
        values[(slot + 1)..(last + 1)].CopyTo(values[slot..]);
        entries[(slot + 1)..(last + 1)].CopyTo(entries[slot..]);
        starts[last + 1] = ulong.MaxValue;
        values[last] = Unused;
        entries[last] = 0;
    }

    /// <summary>
    /// The entries from a slot on become the last of another node, which begins with them or lies right below.
    /// </summary>
    public void MoveTail(int slot, ref VmaNode target)
    {
        int moved = Count - slot;
        Invariant.Require(target.Count + moved <= Capacity);
        Span<ulong> starts = Starts;
        Span<ulong> values = Values;
        Span<int> entries = Entries;
        starts.Slice(slot, moved + 1).CopyTo(((Span<ulong>)target.Starts)[target.Count..]);
        values.Slice(slot, moved).CopyTo(((Span<ulong>)target.Values)[target.Count..]);
        entries.Slice(slot, moved).CopyTo(((Span<int>)target.Entries)[target.Count..]);
        starts.Slice(slot, moved + 1).Fill(ulong.MaxValue);
        values.Slice(slot, moved).Fill(Unused);
        entries.Slice(slot, moved).Clear();
        target.Count += moved;
        Count = slot;
    }

    /// <summary>The last of these entries that is at or below a slot; -1 if none.</summary>
    public static int LastUpTo(uint entries, int slot) =>
        slot < 0 ? -1 : 31 - BitOperations.LeadingZeroCount(entries & (uint.MaxValue >> (31 - slot)));

    /// <summary>The first of these entries that is at or above a slot; -1 if none.</summary>
    public static int FirstFrom(uint entries, int slot)
    {
        uint above = slot < Capacity ? entries & (uint.MaxValue << slot) : 0;
        return above == 0 ? -1 : BitOperations.TrailingZeroCount(above);
    }

    [InlineArray(Capacity + 1)]
    public struct Bounds
    {
        private ulong _first;
    }

    [InlineArray(Capacity)]
    public struct Words
    {
        private ulong _first;
    }

    [InlineArray(Capacity)]
    public struct Handles
    {
        private int _first;
    }
}
