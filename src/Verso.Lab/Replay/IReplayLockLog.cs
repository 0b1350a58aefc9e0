using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>Told of every lock of a replay, and of which event it is in.</summary>
public interface IReplayLockLog : ILockLog
{
    /// <summary>Before the first event.</summary>
    void Attach(Machine machine);

    /// <summary>What follows is of this event.</summary>
    /// <param name="number">Its place in the trace, from 1.</param>
    /// <param name="e">The event.</param>
    void Event(long number, in TraceEvent e);
}
