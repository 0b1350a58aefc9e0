namespace Verso.Traces;

/// <summary>Where events go, in the order of the trace: a <see cref="TraceWriter"/>, a replay, a test.</summary>
public interface ITraceSink
{
    /// <summary>One event. The sink may keep the payload, not the reference.</summary>
    void Write(in TraceEvent e);

    /// <summary>What was written so far shall survive the writer.</summary>
    void Flush()
    {
    }
}
