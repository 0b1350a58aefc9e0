using Verso.Traces;

namespace Verso.Linux;

/// <summary>Writes what is recorded to a trace.</summary>
public sealed class TraceWriterSink(TraceWriter writer) : ITraceSink
{
    public void Write(in TraceEvent traceEvent) => writer.Write(traceEvent);
}
