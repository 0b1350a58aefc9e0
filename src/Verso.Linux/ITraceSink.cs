using Verso.Traces;

namespace Verso.Linux;

/// <summary>Where recorded events go, in the order of the trace.</summary>
public interface ITraceSink
{
    /// <summary>One event. The sink may keep the payload, not the reference.</summary>
    void Write(in TraceEvent traceEvent);
}
