namespace Verso.Engine;

/// <summary>Who is told of every acquisition of every lock of a machine, in order.</summary>
/// <remarks>
/// A step is a unit of work of the machine: an entry copied, moved, write-protected or cleared, a fault, an object
/// linked or visited under a lock. Between two steps nothing happens, so the difference of two is how long.
/// </remarks>
public interface ILockLog
{
    /// <summary>A lock has been taken.</summary>
    /// <param name="id">Which.</param>
    /// <param name="mode">How.</param>
    /// <param name="task">By which task: <see cref="MachineLocks.Task"/>.</param>
    /// <param name="step">When, in steps since the machine began.</param>
    void Begin(LockId id, LockMode mode, int task, long step);

    /// <summary>The lock has been released.</summary>
    /// <param name="id">Which.</param>
    /// <param name="mode">How it was held.</param>
    /// <param name="task">By which task.</param>
    /// <param name="step">When.</param>
    /// <param name="work">
    /// The work that is counted under it (<see cref="MachineLocks.Work"/>): of what it protects, not of what was done
    /// meanwhile.
    /// </param>
    void End(LockId id, LockMode mode, int task, long step, long work);

    /// <summary>What the lock was part of is gone; the next acquisition of this id is of another lock.</summary>
    void Gone(LockId id);
}
