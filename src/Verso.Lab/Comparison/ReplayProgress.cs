namespace Verso.Lab.Comparison;

/// <summary>How far a set of replays is; read from any thread.</summary>
public sealed class ReplayProgress
{
    private long _doneBytes;
    private long _totalBytes;
    private long _events;

    /// <summary>The share of bytes read, 0 to 1.</summary>
    public double Share
    {
        get
        {
            long total = Interlocked.Read(ref _totalBytes);
            return total == 0 ? 0 : Math.Min(1, (double)Interlocked.Read(ref _doneBytes) / total);
        }
    }

    /// <summary>Events replayed, all designs together.</summary>
    public long Events => Interlocked.Read(ref _events);

    internal void Expect(long bytes) => Interlocked.Add(ref _totalBytes, bytes);

    /// <summary>Something small was played.</summary>
    internal void Note(long bytes, long events)
    {
        Interlocked.Add(ref _doneBytes, bytes);
        Interlocked.Add(ref _events, events);
    }

    /// <summary>A callback for one replay, which notes how far it is.</summary>
    internal Action<long> Follow(Stream stream)
    {
        long bytes = 0;
        long events = 0;
        return now =>
        {
            long position = stream.Position;
            Note(position - bytes, now - events);
            bytes = position;
            events = now;
        };
    }
}
