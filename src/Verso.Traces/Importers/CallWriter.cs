using Verso.Engine;

namespace Verso.Traces.Importers;

/// <summary>Writes memory calls with their results, and what they populated themselves.</summary>
internal sealed class CallWriter(EventOutlet outlet, TaskTree tasks)
{
    private readonly Dictionary<int, ulong> _breaks = [];

    /// <summary>One call of a task, which has returned.</summary>
    public void Write(ImportedTask task, TraceEvent call, long result)
    {
        call.Task = task.Tid;
        call.Mm = tasks.MmOf(task);
        call.Result = result;
        outlet.Write(call);
        if (call.IsRefused)
        {
            return;
        }

        bool locksFuture = tasks.LocksFuture(call.Mm);
        PopulationFacts facts = new()
        {
            OldBreak = _breaks.GetValueOrDefault(call.Mm),
            LocksFuture = locksFuture,

            // What was locked before, and by mlock, a text of calls does not say of a mapping.
            IsLocked = locksFuture,
        };
        if (CallPopulation.TryFind(call, facts, out TraceEvent populate))
        {
            outlet.Write(populate);
        }

        Remember(call);
    }

    private static bool IsFutureLock(LockAll flags) => (flags & (LockAll.Future | LockAll.OnFault)) == LockAll.Future;

    private void Remember(in TraceEvent call)
    {
        switch (call.Kind)
        {
            case TraceEventKind.Brk:
                _breaks[call.Mm] = (ulong)call.Result;
                break;
            case TraceEventKind.Mlockall when IsFutureLock((LockAll)call.Arg0):
                tasks.LockFuture(call.Mm);
                break;
            case TraceEventKind.Mlockall or TraceEventKind.Munlockall:
                tasks.UnlockFuture(call.Mm);
                break;
            default:
                break;
        }
    }
}
