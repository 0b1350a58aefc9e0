using System.Diagnostics;
using System.Runtime.CompilerServices;
using Verso.Engine;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// Walks the reverse map: now and then of a page just touched and of one long untouched, and of the last ones touched
/// at checkpoints.
/// </summary>
/// <param name="machine">Whose.</param>
/// <param name="interval">After how many faults; at least 1.</param>
internal sealed class Probes(Machine machine, int interval) : EventObserver
{
    private readonly PerSpace<RecentAddresses> _recent = new(_ => new RecentAddresses());
    private readonly UntouchedPages _untouched = new();
    private readonly int _interval = interval;
    private int _left = interval;

    /// <summary>Time that walks after faults took, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Ticks { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<TraceEventKind> Kinds { get; } =
        [TraceEventKind.Fault, TraceEventKind.Checkpoint, .. PerSpace<RecentAddresses>.Kinds];

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        if (outcome.Shown.IsNone)
        {
            _recent.Follow(step);
        }
        else if (step.Kind == TraceEventKind.Fault)
        {
            _recent[step.Mm].Add(step.Arg0);
            _untouched.Add(outcome.Shown, step.Arg0);
            if (--_left == 0)
            {
                Walk(outcome.Shown, step.Arg0);
            }
        }
        else
        {
            foreach (ulong address in _recent[step.Mm].All)
            {
                machine.Walk(outcome.Shown, address);
            }
        }

        return null;
    }

    private void Walk(MmId mm, ulong address)
    {
        _left = _interval;
        long begin = Stopwatch.GetTimestamp();
        machine.Walk(mm, address);
        _untouched.Walk(machine);
        Ticks += Stopwatch.GetTimestamp() - begin;
    }

    /// <summary>The addresses touched last in one address space, at most eight, in no particular order.</summary>
    private sealed class RecentAddresses
    {
        private const int Count = 8;

        private Ring _recent;
        private ulong _touched;

        public ReadOnlySpan<ulong> All => ((ReadOnlySpan<ulong>)_recent)[..(int)Math.Min(_touched, Count)];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(ulong address) => _recent[(int)(_touched++ % Count)] = address;

        [InlineArray(Count)]
        private struct Ring
        {
            private ulong _first;
        }
    }
}
