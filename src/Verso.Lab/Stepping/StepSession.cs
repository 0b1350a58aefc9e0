using Verso.Engine;

namespace Verso.Lab.Stepping;

/// <summary>
/// Goes forwards and backwards through the same steps on machines of one or more designs. Machines are deterministic:
/// backwards it begins anew and plays as far as it has to, which takes less than to keep what was.
/// </summary>
public sealed class StepSession : IDisposable
{
    private readonly IReadOnlyList<Func<StepPlay>> _begin;
    private readonly CancellationToken _cancellation;

    /// <summary>The steps with a mark, as far as they have been played, in order.</summary>
    private readonly List<(long Number, StepMarks Marks)> _marked = [];
    private StepPlay[] _plays = [];
    private long _seen;

    /// <param name="begin">Begins a play of each design.</param>
    /// <param name="total">How many steps there are; null: that is seen at the end.</param>
    /// <param name="cancellation">Ends a search that takes long.</param>
    public StepSession(
        IReadOnlyList<Func<StepPlay>> begin, long? total = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(begin);
        Invariant.Require(begin.Count > 0);
        _begin = begin;
        Total = total;
        _cancellation = cancellation;
        Restart();
    }

    /// <summary>The step that is shown, from 1; 0 before the first.</summary>
    public long Position => Views.Count == 0 ? 0 : Views[0].Number;

    /// <summary>The step that is shown, once a design; empty before the first.</summary>
    public IReadOnlyList<StepView> Views { get; private set; } = [];

    /// <summary>How many steps there are; null until the last one has been seen.</summary>
    public long? Total { get; private set; }

    /// <summary>Shows a step, or the last one if there are not so many.</summary>
    /// <returns>Whether there is such a step.</returns>
    public bool GoTo(long number)
    {
        number = Math.Max(number, 1);
        if (number == Position)
        {
            return true;
        }

        if (_plays[0].Position >= number)
        {
            Restart();
        }

        if (PlayTo(number - 1) && _plays[0].Position == number - 1 && Look())
        {
            return true;
        }

        Total = _plays[0].Position;
        if (Total > 0 && Position != Total)
        {
            GoTo(Total.Value);
        }

        return false;
    }

    /// <summary>The step behind the one that is shown.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Forward() => Position != Total && GoTo(Position + 1);

    /// <summary>The step before the one that is shown.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Backward() => Position > 1 && GoTo(Position - 1);

    /// <summary>Shows the last step.</summary>
    public void GoToEnd() => GoTo(Total ?? long.MaxValue);

    /// <summary>Shows the next step with one of these marks in any design.</summary>
    /// <returns>Whether there is one; if not, nothing changes.</returns>
    public bool FindNext(StepMarks marks)
    {
        long from = Position;
        bool isFound = NextMarked(from, marks) > 0;
        while (!isFound)
        {
            if (_seen == Total || !Advance())
            {
                Total = _seen;
                return Return(from) && false;
            }

            isFound = _marked.Count > 0 && _marked[^1].Number == _seen && (_marked[^1].Marks & marks) != 0;
        }

        return GoTo(NextMarked(from, marks));
    }

    /// <summary>Shows the last step with one of these marks before the one that is shown.</summary>
    /// <returns>Whether there is one; if not, nothing changes.</returns>
    public bool FindPrevious(StepMarks marks)
    {
        (long number, _) = _marked.FindLast(each => each.Number < Position && (each.Marks & marks) != 0);
        return number > 0 && GoTo(number);
    }

    public void Dispose()
    {
        foreach (StepPlay play in _plays)
        {
            play.Dispose();
        }

        _plays = [];
    }

    private long NextMarked(long from, StepMarks marks) =>
        _marked.Find(each => each.Number > from && (each.Marks & marks) != 0).Number;

    /// <summary>Plays one step more than have ever been played.</summary>
    private bool Advance() => PlayTo(_seen) && Step();

    private bool Return(long number) => number == 0 || GoTo(number);

    private void Restart()
    {
        Dispose();
        Views = [];
        List<StepPlay> plays = [];
        foreach (Func<StepPlay> begin in _begin)
        {
            plays.Add(begin());
            _plays = [.. plays];
        }
    }

    private bool PlayTo(long number)
    {
        while (_plays[0].Position < number)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (!Step())
            {
                return false;
            }
        }

        return true;
    }

    private bool Step()
    {
        Views = [];
        bool isTaken = true;
        foreach (StepPlay play in _plays)
        {
            isTaken &= play.Next();
        }

        return isTaken && Note();
    }

    private bool Look()
    {
        List<StepView> views = [];
        foreach (StepPlay play in _plays)
        {
            if (play.Look() is StepView view)
            {
                views.Add(view);
            }
        }

        Views = views.Count == _plays.Length ? views : [];
        return Views.Count > 0 && Note();
    }

    private bool Note()
    {
        long number = _plays[0].Position;
        if (number > _seen)
        {
            _seen = number;
            StepMarks marks = _plays.Aggregate(StepMarks.None, (all, play) => all | play.Marks);
            if (marks != StepMarks.None)
            {
                _marked.Add((number, marks));
            }
        }

        return true;
    }
}
