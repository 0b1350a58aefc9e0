using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>A call whose result in the replay was not the recorded one.</summary>
/// <param name="Event">The call and its number.</param>
/// <param name="Ours">What the machine returned: a value or a negated error number.</param>
public sealed record CallMismatch(NumberedEvent Event, long Ours);

/// <summary>What became of the calls of a trace.</summary>
public sealed class CallTally(int mismatchLimit)
{
    private readonly List<CallMismatch> _kept = [];
    private readonly SortedDictionary<TraceEventKind, long> _mismatches = [];

    /// <summary>Calls that were run and compared.</summary>
    public long Compared { get; internal set; }

    /// <summary>Failed calls that were not run: the cause of the failure lies outside what the engine models.</summary>
    public long Skipped { get; internal set; }

    /// <summary>Calls that succeeded and that the engine has no operation for.</summary>
    public long NotModelled { get; internal set; }

    /// <summary>Mismatches in address spaces whose beginning the trace does not hold.</summary>
    public long MismatchesOfAssumed { get; internal set; }

    /// <summary>The others, by call.</summary>
    public IReadOnlyDictionary<TraceEventKind, long> Mismatches => _mismatches;

    public long MismatchCount { get; private set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<CallMismatch> FirstMismatches => _kept;

    internal void Mismatch(long number, in TraceEvent e, long ours)
    {
        MismatchCount++;
        _mismatches[e.Kind] = _mismatches.GetValueOrDefault(e.Kind) + 1;
        if (_kept.Count < mismatchLimit)
        {
            _kept.Add(new CallMismatch(new NumberedEvent(number, e), ours));
        }
    }
}
