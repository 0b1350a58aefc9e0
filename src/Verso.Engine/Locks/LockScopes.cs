namespace Verso.Engine;

/// <summary>The mmap_lock, held by an operation until it returns.</summary>
public readonly ref struct MmapHold(MachineLocks locks)
{
    public void Dispose() => locks.ReleaseMmap();
}

/// <summary>Locks that are neither told nor counted: <see cref="MachineLocks.Aside"/>.</summary>
public readonly ref struct LocksAside
{
    private readonly MachineLocks _locks;
    private readonly ILockLog? _log;
    private readonly long[] _taken;
    private readonly long[] _work;

    internal LocksAside(MachineLocks locks)
    {
        (_locks, _log) = (locks, locks.Log);
        _taken = [.. locks.Taken];
        _work = [.. locks.Work];
        locks.Log = null;
    }

    public void Dispose()
    {
        _locks.Restore(_taken, _work);
        _locks.Log = _log;
    }
}
