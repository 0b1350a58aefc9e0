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

    /// <summary>Whether the design has such figures; else it need not be shown any event.</summary>
    public bool HasState { get; } = machine.Figures.Any(figure => figure.Kind == FigureKind.State);

    /// <inheritdoc/>
    public override IReadOnlyList<TraceEventKind> Kinds => [];

    /// <inheritdoc/>
    public override string? Observe(long position, in TraceEvent step, in EventOutcome outcome)
    {
        if (position - _looked > (step.Kind == TraceEventKind.Checkpoint ? _gap / 8 : _gap))
        {
            long begin = Stopwatch.GetTimestamp();
            See();
            _looked = position;
            _gap = Math.Max(Least, machine.World.Frames.LiveCount / 2);
            Ticks += step.Kind == TraceEventKind.Checkpoint ? 0 : Stopwatch.GetTimestamp() - begin;
        }

        return null;
    }

    /// <summary>Notes how high figures of state are now.</summary>
    public void See() => _ = Look();

    /// <summary>All figures of the design: totals as they are, those of state at their highest.</summary>
    public IReadOnlyList<DesignFigure> Figures() =>
    [
        .. Look().Select(figure => figure.Kind == FigureKind.State
            ? figure with { Value = _peaks[figure.Name] }
            : figure),
    ];

    private IReadOnlyList<DesignFigure> Look()
    {
        IReadOnlyList<DesignFigure> figures = machine.Figures;
        foreach (DesignFigure figure in figures)
        {
            if (figure.Kind == FigureKind.State)
            {
                _peaks[figure.Name] = Math.Max(_peaks.GetValueOrDefault(figure.Name), figure.Value);
            }
        }

        return figures;
    }
}
