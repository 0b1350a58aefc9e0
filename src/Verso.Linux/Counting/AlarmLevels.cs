using System.Diagnostics;
using Verso.Linux.Graph;

namespace Verso.Linux.Counting;

/// <summary>A process that has come to a level.</summary>
/// <param name="Count">The process and its VMAs.</param>
/// <param name="Limit">The most it may have.</param>
/// <param name="Level">The level, as a share of the limit.</param>
/// <param name="PerSecond">
/// VMAs that came in a second since the look before; null of one that was not seen before.
/// </param>
public sealed record VmaAlarm(VmaCount Count, int Limit, double Level, double? PerSecond);

/// <summary>
/// Who is to be told of: a process that comes to the first level, and again at each higher one; from the beginning only
/// when it has had a tenth fewer than the first level since, so that nobody who sways about it is told of for ever.
/// </summary>
public sealed class AlarmLevels
{
    private const double Rearmed = 0.9;

    private readonly double[] _levels;
    private readonly Dictionary<(int Pid, ulong Start), Seen> _seen = [];
    private readonly int[] _near;

    /// <param name="first">The first level, a share of the limit: above 0, at most 1.</param>
    public AlarmLevels(double first)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, 1);
        _levels = [first, .. ((double[])[0.9, 0.95, 0.99]).Where(level => level > first)];
        _near = new int[_levels.Length];
    }

    /// <summary>Every process with so many VMAs has to be shown to <see cref="Judge"/>.</summary>
    public int Least(int limit) => (int)(_levels[0] * Rearmed * limit);

    /// <summary>Who has come to a level since the last time.</summary>
    /// <param name="counts">All that have <see cref="Least"/> VMAs or more.</param>
    /// <param name="limit">vm.max_map_count.</param>
    /// <param name="timestamp">When they were counted, of <see cref="Stopwatch"/>.</param>
    public IReadOnlyList<VmaAlarm> Judge(IReadOnlyList<VmaCount> counts, int limit, long timestamp)
    {
        ArgumentNullException.ThrowIfNull(counts);
        for (var level = 0; level < _levels.Length; level++)
        {
            _near[level] = Math.Max((int)Math.Ceiling(_levels[level] * limit), 1);
        }

        List<VmaAlarm> alarms = [];
        foreach (var count in counts)
        {
            var key = (count.Pid, count.StartNanoseconds);
            var isKnown = _seen.TryGetValue(key, out var seen);
            var level = Array.FindLastIndex(_near, near => count.Vmas >= near);
            if (level > (isKnown ? seen.Level : -1))
            {
                var seconds = Math.Max(Stopwatch.GetElapsedTime(seen.At, timestamp).TotalSeconds, 1e-3);
                double? speed = isKnown ? (count.Vmas - seen.Vmas) / seconds : null;
                alarms.Add(new VmaAlarm(count, limit, _levels[level], speed));
            }

            _seen[key] = new Seen(Math.Max(level, isKnown ? seen.Level : -1), count.Vmas, timestamp);
        }

        foreach (var (key, _) in _seen.Where(each => each.Value.At != timestamp).ToArray())
        {
            _ = _seen.Remove(key);
        }

        return alarms;
    }

    private readonly record struct Seen(int Level, int Vmas, long At);
}
