namespace Verso.Lab.Replay;

/// <summary>How long replays of one trace through one design took.</summary>
/// <param name="Rounds">How many.</param>
/// <param name="Elapsed">Reading and applying events; nanoseconds.</param>
/// <param name="Engine">In the machine alone, without probe walks, checkpoints, verification; nanoseconds.</param>
public sealed record ReplayTimes(int Rounds, Spread Elapsed, Spread Engine)
{
    internal static ReplayTimes Of(IReadOnlyList<ReplayResult> rounds) => new(
        rounds.Count,
        Spread.Of(rounds.Select(round => round.DecodeNanoseconds + round.EngineNanoseconds)),
        Spread.Of(rounds.Select(round => round.EngineNanoseconds)));

    /// <summary>By the median.</summary>
    public long EventsPerSecond(long events) => (long)(events * 1e9 / Math.Max(Elapsed.Median, 1));
}

/// <summary>Values of several rounds.</summary>
public readonly record struct Spread(long Least, long Median, long Most)
{
    internal static Spread Of(IEnumerable<long> values)
    {
        long[] sorted = [.. values.Order()];
        return new Spread(sorted[0], sorted[sorted.Length / 2], sorted[^1]);
    }
}
