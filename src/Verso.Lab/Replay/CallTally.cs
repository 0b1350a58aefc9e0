using Verso.Engine;
using Verso.Lab.Fidelity;
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
    private readonly SortedDictionary<Errno, long> _refused = [];

    /// <summary>Calls that were run and compared.</summary>
    public long Compared { get; internal set; }

    /// <summary>
    /// Calls that the kernel refused for a reason that the engine has not: limits, overcommit, permissions. They
    /// changed only what the kernel changes before it asks.
    /// </summary>
    public long Skipped => _refused.Values.Sum();

    /// <summary>The same, by error.</summary>
    public IReadOnlyDictionary<Errno, long> Refused => _refused;

    /// <summary>
    /// Calls that were ENOMEM when the address space had as many VMAs as it may have, or would have had with those that
    /// the call makes on the way. A design that had fewer then has fewer of these: there they would have succeeded.
    /// </summary>
    public long FailedAtVmaLimit { get; internal set; }

    /// <summary>Calls that succeeded and that the engine has no operation for.</summary>
    public long NotModelled { get; internal set; }

    /// <summary>Mismatches in address spaces whose beginning the trace does not hold.</summary>
    public long MismatchesOfAssumed { get; internal set; }

    /// <summary>The others, by call.</summary>
    public IReadOnlyDictionary<TraceEventKind, long> Mismatches => _mismatches;

    public long MismatchCount { get; private set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<CallMismatch> FirstMismatches => _kept;

    internal void Refuse(Errno errno) => _refused[errno] = _refused.GetValueOrDefault(errno) + 1;

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
