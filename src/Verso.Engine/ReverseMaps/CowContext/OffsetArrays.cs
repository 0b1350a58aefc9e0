using System.Numerics;

namespace Verso.Engine.ReverseMaps.CowContext;

/// <summary>How a value goes into a sorted array ("dynarray" of the proof of concept).</summary>
internal enum Insertion
{
    /// <summary>Everything from its place on moves up.</summary>
    Shifting = 0,

    /// <summary>As published: only what is above its place moves, so the value in its place is lost.</summary>
    Overwriting = 1,
}

/// <summary>
/// Arrays for two offsets or more: 16 to begin with, then twice as many each time; kept when given back.
/// </summary>
internal sealed class OffsetArrays(World world)
{
    /// <summary>16 offsets of 8 bytes, and count, capacity and rcu_head; a larger one is counted as several.</summary>
    public static KernelSize KernelSize { get; } = new((Step * sizeof(long)) + 24, (Step * sizeof(int)) + 16);

    private const int Step = 16;

    private readonly ObjectType _type = world.Ledger.Register("cow_offsets", KernelSize, Freeing.AfterGrace);
    private readonly List<Stack<long[]>> _spares = [];

    /// <summary>An array for so many offsets, or null (ENOMEM).</summary>
    public long[]? Rent(int count)
    {
        int capacity = Math.Max(Step, (int)BitOperations.RoundUpToPowerOf2((uint)count));
        for (int units = 0; units < capacity / Step; units++)
        {
            if (!world.Ledger.TryAllocate(_type))
            {
                world.Ledger.Release(_type, units);
                return null;
            }
        }

        return SparesOf(capacity).TryPop(out long[]? array) ? array : new long[capacity];
    }

    /// <summary>Gives one back.</summary>
    public void Return(long[] array)
    {
        world.Ledger.Release(_type, array.Length / Step);
        SparesOf(array.Length).Push(array);
    }

    private Stack<long[]> SparesOf(int capacity)
    {
        int size = BitOperations.Log2((uint)(capacity / Step));
        while (_spares.Count <= size)
        {
            _spares.Add(new Stack<long[]>());
        }

        return _spares[size];
    }
}
