namespace Verso.Lab.Playing;

/// <summary>Looks on as something is played: judges, counts, remembers, draws. It changes nothing.</summary>
/// <typeparam name="TStep">A step.</typeparam>
/// <typeparam name="TOutcome">What comes of one.</typeparam>
public abstract class Observer<TStep, TOutcome>
{
    /// <summary>A step was taken.</summary>
    /// <param name="position">Its number, counted from 1.</param>
    /// <param name="step">It.</param>
    /// <param name="outcome">What came of it.</param>
    /// <returns>What is wrong, on one line, so that nothing is played after it; null: nothing is.</returns>
    public abstract string? Observe(long position, in TStep step, in TOutcome outcome);
}
