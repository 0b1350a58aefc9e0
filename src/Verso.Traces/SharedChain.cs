using System.Collections;

namespace Verso.Traces;

/// <summary>
/// A chain of anon_vmas, head first, that shares its older end with others: a fork's child has its parent's chain and
/// one more. Never empty.
/// </summary>
internal sealed class SharedChain : IReadOnlyList<ulong>, ICollection<ulong>
{
    private int _sweep;

    private SharedChain(ulong head, SharedChain? older)
    {
        Head = head;
        Older = older;
        Count = older is null ? 1 : checked(older.Count + 1);
    }

    /// <summary>The newest.</summary>
    public ulong Head { get; }

    public int Count { get; }

    /// <summary>All but the head; null if that is all.</summary>
    public SharedChain? Older { get; }

    /// <summary>Whether it was not yet visited in this sweep, which has a number of its own; now it was.</summary>
    public bool TryVisit(int sweep)
    {
        bool isFirst = _sweep != sweep;
        _sweep = sweep;
        return isFirst;
    }

    bool ICollection<ulong>.IsReadOnly => true;

    public ulong this[int index] => Skip(this, index)!.Head;

    /// <summary>A chain with the newest first in a span, before another; null if both are empty.</summary>
    public static SharedChain? Of(ReadOnlySpan<ulong> newest, SharedChain? older)
    {
        for (int at = newest.Length - 1; at >= 0; at--)
        {
            older = new SharedChain(newest[at], older);
        }

        return older;
    }

    /// <summary>The chain without that many at its head, which it has.</summary>
    public static SharedChain? Skip(SharedChain? chain, int count)
    {
        for (; count > 0; count--)
        {
            chain = chain!.Older;
        }

        return chain;
    }

    /// <summary>The longest end of a chain that is also the end of another chain; null if there is none.</summary>
    public static SharedChain? CommonEnd(SharedChain? chain, ReadOnlySpan<ulong> other)
    {
        int length = Math.Min(chain?.Count ?? 0, other.Length);
        SharedChain? common = Skip(chain, (chain?.Count ?? 0) - length);
        SharedChain? from = common;
        foreach (ulong id in other[^length..])
        {
            SharedChain? next = from!.Older;
            common = from.Head == id ? common : next;
            from = next;
        }

        return common;
    }

    public IEnumerator<ulong> GetEnumerator()
    {
        for (SharedChain? at = this; at is not null; at = at.Older)
        {
            yield return at.Head;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>What makes an array of it quick.</summary>
    public void CopyTo(ulong[] array, int arrayIndex)
    {
        for (SharedChain? at = this; at is not null; at = at.Older)
        {
            array[arrayIndex++] = at.Head;
        }
    }

    bool ICollection<ulong>.Contains(ulong item) => Enumerable.Contains(this, item, null);

    void ICollection<ulong>.Add(ulong item) => throw new NotSupportedException();

    void ICollection<ulong>.Clear() => throw new NotSupportedException();

    bool ICollection<ulong>.Remove(ulong item) => throw new NotSupportedException();
}
