using Verso.Engine;

namespace Verso.Lab.Playing;

/// <summary>Takes steps from a source, has each taken, and shows what came of it to observers, in order.</summary>
/// <remarks>
/// A step costs no memory and, beside what it does itself, one call of the taker and one of each observer
/// (docs/decisions/0018-one-player.md).
/// </remarks>
/// <typeparam name="TStep">A step.</typeparam>
/// <typeparam name="TOutcome">What comes of one.</typeparam>
public sealed class Player<TStep, TOutcome> : IPlayer
{
    private readonly ISource<TStep> _source;
    private readonly StepTaker<TStep, TOutcome> _taker;
    private readonly Observer<TStep, TOutcome>[] _observers;
    private readonly TStep[] _ahead;
    private int _next;
    private int _count;
    private TOutcome _outcome = default!;

    /// <param name="source">Where the steps come from.</param>
    /// <param name="taker">Where they are taken.</param>
    /// <param name="observers">Who looks on; one that finds a difference keeps it from those behind it.</param>
    public Player(
        ISource<TStep> source,
        StepTaker<TStep, TOutcome> taker,
        params ReadOnlySpan<Observer<TStep, TOutcome>> observers)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(taker);
        _source = source;
        _taker = taker;
        _observers = observers.ToArray();
        _ahead = new TStep[source.Ahead];
    }

    /// <inheritdoc/>
    public long Position { get; private set; }

    /// <inheritdoc/>
    public string? Difference { get; private set; }

    /// <inheritdoc/>
    public Machine Machine => _taker.Machine;

    /// <inheritdoc/>
    public IEnumerable<PlayedSpace> Spaces => _taker.Spaces;

    /// <summary>The step that was taken last, or is being taken. Requires: there was one.</summary>
    public ref readonly TStep Step
    {
        get
        {
            Invariant.Require(_next > 0);
            return ref _ahead[_next - 1];
        }
    }

    /// <summary>What came of the last step that came to an end.</summary>
    public TOutcome Outcome => _outcome;

    /// <inheritdoc/>
    public bool Next()
    {
        if (_next == _count && !Read())
        {
            return false;
        }

        Position++;
        ref readonly TStep step = ref _ahead[_next++];
        _outcome = _taker.Take(step);
        foreach (Observer<TStep, TOutcome> observer in _observers)
        {
            if (observer.Observe(Position, step, _outcome) is string difference)
            {
                End(difference);
                break;
            }
        }

        return true;
    }

    /// <summary>Takes all steps that are left.</summary>
    /// <exception cref="OperationCanceledException">Between two steps.</exception>
    public void PlayOut(CancellationToken cancellation = default)
    {
        do
        {
            cancellation.ThrowIfCancellationRequested();
        }
        while (Next());
    }

    private bool Read()
    {
        int count = Difference is null ? _source.Read(_ahead) : 0;
        if (count == 0)
        {
            return false;
        }

        (_next, _count) = (0, count);
        return true;
    }

    /// <summary>What was read ahead is not played.</summary>
    private void End(string difference)
    {
        Difference = difference;
        _count = _next;
    }
}
