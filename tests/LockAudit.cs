using Verso.Engine;

namespace Verso.Tests;

/// <summary>
/// Listens to the locks of a machine, and says what is wrong with them: one taken twice, or against the order, or released
/// by who has not taken it, or with more work than steps went by; or sums that are not the machine's counts.
/// </summary>
internal sealed class LockAudit : ILockLog
{
    private readonly MachineLocks _locks;
    private readonly long[] _taken;
    private readonly long[] _work;
    private readonly List<(LockId Id, LockMode Mode, int Task, long Step)> _held = [];
    private long _step;

    private LockAudit(MachineLocks locks)
    {
        _locks = locks;
        _taken = [.. locks.Taken];
        _work = [.. locks.Work];
    }

    /// <summary>The first violation; null while there is none.</summary>
    public string? Violation { get; private set; }

    /// <summary>Acquisitions by class.</summary>
    public long[] Seen { get; } = new long[LockOrder.ClassCount];

    /// <summary>Acquisitions by owner, of those that were not gone before.</summary>
    public Dictionary<LockId, int> Owners { get; } = [];

    /// <summary>Acquisitions made while another lock was held.</summary>
    public long Nested { get; private set; }

    /// <summary>The tasks that took one.</summary>
    public HashSet<int> Tasks { get; } = [];

    /// <summary>Audits a machine from now on, when no operation is under way.</summary>
    public static LockAudit Of(Machine machine) => Of(machine.World.Locks);

    public static LockAudit Of(MachineLocks locks)
    {
        LockAudit audit = new(locks);
        locks.Log = audit;
        return audit;
    }

    public void Begin(LockId id, LockMode mode, int task, long step)
    {
        Require(id.Owner > 0, $"{id} has no owner");
        Require(step >= _step, $"{id} is taken at step {step}, after {_step}");
        _step = step;
        foreach ((LockId held, _, int holder, _) in _held)
        {
            Require(holder == task, $"task {task} takes {id} in the midst of task {holder}");
            Require(held != id, $"{id} is taken twice");
            Require(held == id || LockOrder.MayTake(held, id), $"{id} is taken under {held}");
        }

        Seen[(int)id.Class]++;
        Nested += _held.Count > 0 ? 1 : 0;
        Tasks.Add(task);
        Owners[id] = Owners.GetValueOrDefault(id) + 1;
        _held.Add((id, mode, task, step));
    }

    public void End(LockId id, LockMode mode, int task, long step, long work)
    {
        int at = _held.FindLastIndex(each => each.Id == id && each.Mode == mode && each.Task == task);
        Require(at >= 0, $"{id} is released by task {task}, which has not taken it so");
        if (at < 0)
        {
            return;
        }

        Require(at == _held.Count - 1, $"{id} is released before {_held[^1].Id}, which was taken after it");
        Require(step - _held[at].Step >= work, $"{id} counts {work} steps of {step - _held[at].Step}");
        _held.RemoveAt(at);
        _step = step;
        int counted = (int)LockOrder.CountedAs(id.Class, mode);
        _taken[counted]++;
        _work[counted] += work;
    }

    public void Gone(LockId id)
    {
        Require(_held.TrueForAll(each => each.Id != id), $"{id} goes while it is held");
        Owners.Remove(id);
    }

    /// <summary>What is wrong by now, when no operation is under way; null if nothing is.</summary>
    public string? Check()
    {
        Require(_held.Count == 0, $"{_held.Count} locks are held still");
        for (int counted = 0; counted < LockOrder.CountedCount; counted++)
        {
            Require(
                _taken[counted] == _locks.Taken[counted] && _work[counted] == _locks.Work[counted],
                $"{(CountedLock)counted}: told {_taken[counted]} with {_work[counted]} steps, "
                + $"counted {_locks.Taken[counted]} with {_locks.Work[counted]}");
        }

        return Violation;
    }

    /// <summary>The same when every process has ended: what locks were part of is gone, but for files and page frames.</summary>
    public string? CheckEnd()
    {
        foreach (LockId id in Owners.Keys)
        {
            Require(
                id.Class is LockClass.Mmap or LockClass.FileMap or LockClass.PageTable or LockClass.Page
                    or LockClass.Rcu,
                $"nobody was told that {id} is gone");
        }

        return Check();
    }

    private void Require(bool condition, string violation) => Violation ??= condition ? null : violation;
}
