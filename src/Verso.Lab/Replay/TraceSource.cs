using System.Diagnostics;
using Verso.Engine.Images;
using Verso.Lab.Playing;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>The events of a trace, decoded in batches, so that no clock is read once an event.</summary>
/// <param name="reader">The trace.</param>
/// <param name="progress">Told before each batch how many events were read before; null: nobody is.</param>
internal sealed class TraceSource(TraceReader reader, Action<long>? progress) : ISource<TraceEvent>
{
    private long _read;

    /// <summary>Time spent on reading and decoding, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Ticks { get; private set; }

    /// <inheritdoc/>
    public int Ahead => 512;

    /// <inheritdoc/>
    public int Read(Span<TraceEvent> steps)
    {
        if (_read > 0)
        {
            progress?.Invoke(_read);
        }

        // An image ends a batch: hundreds of them at once would take gigabytes.
        long begin = Stopwatch.GetTimestamp();
        int count = 0;
        bool isImage = false;
        while (count < steps.Length && !isImage && reader.TryRead(out steps[count]))
        {
            isImage = steps[count++].Payload is MmImage;
        }

        _read += count;
        Ticks += Stopwatch.GetTimestamp() - begin;
        return count;
    }
}
