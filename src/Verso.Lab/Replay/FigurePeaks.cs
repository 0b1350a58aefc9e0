using System.Diagnostics;
using Verso.Engine;
using Verso.Engine.ReverseMaps;
using Verso.Traces;

namespace Verso.Lab.Replay;

/// <summary>
/// The most that each figure of state reaches (<see cref="FigureKind.State"/>): how deep, how stale, how long. After
/// the last exit they are all 0.
/// </summary>
/// <remarks>
/// Looked at from time to time, since looking costs what the machine has: after half as many events as there are
/// frames, and at checkpoints, which recordings have before each exit, after an eighth of that. What is reached between
/// two looks is not seen.
/// </remarks>
internal sealed class FigurePeaks(Machine machine) : EventObserver
{
    /// <summary>Events between two looks, at least, where none of them is a checkpoint.</summary>
    private const long Least = 64;

    private readonly Dictionary<string, long> _peaks = [];
    private long _looked;
    private long _gap;

    /// <summary>
    /// Time that looking took, in ticks of <see cref="Stopwatch"/>; at checkpoints it is in the time of those.
    /// </summary>
    public long Ticks { get; private set; }

    /// <inheritdoc/>
    public override IReadOnlyList<TraceEventKind> Kinds => [];

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        if (position - _looked > (step.Kind == TraceEventKind.Checkpoint ? _gap / 8 : _gap))
        {
            long begin = Stopwatch.GetTimestamp();
            Look();
            _looked = position;
            _gap = Math.Max(Least, machine.World.Frames.LiveCount / 2);
            Ticks += step.Kind == TraceEventKind.Checkpoint ? 0 : Stopwatch.GetTimestamp() - begin;
        }

        return null;
    }

    /// <summary>All figures of the design: totals as they are, those of state at their highest.</summary>
    public IReadOnlyList<DesignFigure> Figures()
    {
        Look();
        return
        [
            .. machine.Figures.Select(figure => figure.Kind == FigureKind.State
                ? new DesignFigure(figure.Name, _peaks[figure.Name], FigureKind.State)
                : figure),
        ];
    }

    private void Look()
    {
        foreach (DesignFigure figure in machine.Figures)
        {
            if (figure.Kind == FigureKind.State)
            {
                _peaks[figure.Name] = Math.Max(_peaks.GetValueOrDefault(figure.Name), figure.Value);
            }
        }
    }
}
