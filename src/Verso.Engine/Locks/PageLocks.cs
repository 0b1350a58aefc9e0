using System.Runtime.CompilerServices;

namespace Verso.Engine;

/// <summary>The locks of many pages, one after the other: counted at the end, or told one by one to a log.</summary>
internal ref struct PageLocks(MachineLocks locks)
{
    private readonly bool _isTold = locks.Log is not null;
    private long _taken;

    /// <summary>Work beyond one step each: most have one, and then nothing is added.</summary>
    private long _further;

    /// <summary>The lock of a page was taken for so much work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(Pfn page, long work)
    {
        if (_isTold)
        {
            TakeOne(locks, page, work);
            return;
        }

        _taken++;
        _further += work - 1;
    }

    /// <summary>Out of line, for the sake of the loops that call it for nobody.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TakeOne(MachineLocks locks, Pfn page, long work) =>
        locks.Take(LockId.Of(page), LockMode.Write, work);

    /// <summary>All of them are counted.</summary>
    public readonly void Count() => locks.CountPages(_taken, _taken + _further);
}
