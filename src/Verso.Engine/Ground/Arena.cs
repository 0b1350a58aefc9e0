using System.Runtime.CompilerServices;

namespace Verso.Engine;

/// <summary>An object that an arena can keep on its free list.</summary>
internal interface IArenaSlot
{
    /// <summary>Of a free slot: the next free one; 0 ends the list. May share a field of live objects.</summary>
    int NextFree { get; set; }
}

/// <summary>
/// Kernel objects of one type by int handle, and their row of the ledger. Handle 0 is none and is never given out; the
/// one freed last is given out first.
/// </summary>
/// <remarks>
/// A mutable struct, to lie in the object that has it without a pointer between: its field must not be read-only.
/// </remarks>
internal struct Arena<T>(Ledger ledger, ObjectType type)
    where T : struct, IArenaSlot
{
    private const int Many = 1 << 20;

    private T[] _slots = new T[16];
    private int _firstFree;

    /// <summary>One past the highest handle ever given out.</summary>
    public int UsedCount { get; private set; } = 1;

    /// <summary>Objects in use.</summary>
    public int LiveCount { get; private set; }

    /// <summary>All of them by handle, for trees whose nodes they are; good until the next allocation.</summary>
    public readonly T[] Slots => _slots;

    /// <summary>The object; the reference is good until the next allocation.</summary>
    public readonly ref T this[int handle] => ref _slots[handle];

    /// <summary>A new object, all zero, or 0 (ENOMEM).</summary>
    public int Allocate(AllocationContext context = AllocationContext.Sleeping) =>
        ledger.TryAllocate(type, context) ? Take() : 0;

    /// <summary>The same of one that the ledger has counted before, or does not count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take()
    {
        LiveCount++;
        int handle = _firstFree;
        if (handle == 0)
        {
            return TakeFresh();
        }

        _firstFree = _slots[handle].NextFree;
        _slots[handle] = default;
        return handle;
    }

    /// <summary>The object goes; what it held is cleared.</summary>
    public void Free(int handle)
    {
        Forget(handle);
        ledger.Release(type);
    }

    /// <summary>The same of one that the ledger does not count.</summary>
    public void Forget(int handle)
    {
        _slots[handle] = new T { NextFree = _firstFree };
        _firstFree = handle;
        LiveCount--;
    }

    private int TakeFresh()
    {
        int handle = UsedCount++;
        if (handle == _slots.Length)
        {
            // A deep family has tens of millions: then half of a doubled array would be waste.
            Array.Resize(ref _slots, handle + (handle < Many ? handle : handle / 4));
        }

        return handle;
    }
}
