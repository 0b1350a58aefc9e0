using System.Runtime.CompilerServices;

namespace Verso.Engine;

/// <summary>The locks of many pages, one after the other: counted at the end, or told one by one to a log.</summary>
internal ref struct PageLocks(MachineLocks locks)
{
    private readonly bool _isTold = locks.Log is not null;
    private long _taken;
    private long _work;

    /// <summary>The lock of a page was taken for so much work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(Pfn page, long work)
    {
        if (_isTold)
        {
            locks.Take(LockId.Of(page), LockMode.Write, work);
            return;
        }

        _taken++;
        _work += work;
    }

    /// <summary>All of them are counted.</summary>
    public readonly void Count() => locks.CountPages(_taken, _work);
}
