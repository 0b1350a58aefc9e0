using System.Runtime.CompilerServices;

namespace Verso.Engine;

/// <summary>
/// The locks of a machine. Each acquisition is counted, and told to the log if there is one; nothing waits.
/// </summary>
/// <remarks>
/// Only what is taken here is counted, so that no count grows by a lock without an owner.
/// Invariant: at most one mmap_lock is held: no operation calls another that takes it.
/// Why begin and end: docs/decisions/0017-locks.md.
/// </remarks>
public sealed class MachineLocks(Counters counters)
{
    private readonly long[] _taken = new long[LockOrder.CountedCount];
    private readonly long[] _work = new long[LockOrder.CountedCount];
    private LockId _mmap;
    private LockMode _mmapMode;
    private long _mmapWork;

    /// <summary>Who is told; null for nobody, which costs a test of it.</summary>
    public ILockLog? Log { get; set; }

    /// <summary>The task that acts now, by the number that the log is to know it by; 0 for none.</summary>
    public int Task { get; set; }

    /// <summary>Acquisitions since the machine began, by <see cref="CountedLock"/>.</summary>
    public ReadOnlySpan<long> Taken => _taken;

    /// <summary>The work done under them, by <see cref="CountedLock"/>.</summary>
    public ReadOnlySpan<long> Work => _work;

    /// <summary>
    /// The operation holds the mmap_lock from now on, to the end of the scope or <see cref="ReleaseMmap"/>.
    /// </summary>
    /// <param name="mm">Whose.</param>
    /// <param name="mode">How.</param>
    /// <param name="work">What is counted under it: VMAs where there is one step for each, else 1.</param>
    public MmapHold HoldMmap(MmId mm, LockMode mode, long work = 1)
    {
        Invariant.Require(_mmap == default);
        _mmap = LockId.Of(mm);
        _mmapMode = mode;
        _mmapWork = work;
        Begin(_mmap, mode);
        return new MmapHold(this);
    }

    /// <summary>mmap_write_unlock before the end of a call. No-op where it is not held.</summary>
    public void ReleaseMmap()
    {
        if (_mmap != default)
        {
            End(_mmap, _mmapMode, _mmapWork);
            _mmap = default;
        }
    }

    /// <summary>A lock is taken. <see cref="End"/> follows, and counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(LockId id, LockMode mode)
    {
        if (Log is not null)
        {
            TellBegin(id, mode);
        }
    }

    /// <summary>It is released; so much work was done on what it protects.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void End(LockId id, LockMode mode, long work)
    {
        Count(LockOrder.CountedAs(id.Class, mode), 1, work);
        if (Log is not null)
        {
            TellEnd(id, mode, work);
        }
    }

    /// <summary>A lock is taken for this work alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(LockId id, LockMode mode, long work)
    {
        Begin(id, mode);
        End(id, mode, work);
    }

    /// <summary>What a lock was part of is gone: its handle will be another's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Gone(LockId id) => Log?.Gone(id);

    /// <summary>
    /// Up to the end of the scope locks are neither told nor counted: those of checks, no work of the machine.
    /// </summary>
    public LocksAside Aside() => new(this);

    /// <summary>Of pages whose locks nobody is told of one by one.</summary>
    internal void CountPages(long taken, long work) => Count(CountedLock.PerPage, taken, work);

    /// <summary>Puts counts back: those that <see cref="Taken"/> and <see cref="Work"/> were.</summary>
    internal void Restore(ReadOnlySpan<long> taken, ReadOnlySpan<long> work)
    {
        taken.CopyTo(_taken);
        work.CopyTo(_work);
    }

    private void Count(CountedLock counted, long taken, long work)
    {
        _taken[(int)counted] += taken;
        _work[(int)counted] += work;
    }

    // Out of line: a hot path has only the test and the call.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TellBegin(LockId id, LockMode mode) => Log!.Begin(id, mode, Task, Steps());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TellEnd(LockId id, LockMode mode, long work) => Log!.End(id, mode, Task, Steps(), work);

    /// <summary>The work done since the machine began. Walks are in what was visited under their lock.</summary>
    private long Steps()
    {
        long steps = counters.PtesCopied + counters.PtesWriteProtected + counters.PtesZapped + counters.PtesMoved
            + counters.TablesMoved + counters.FaultCount;
        foreach (long work in _work)
        {
            steps += work;
        }

        return steps;
    }
}
