using Verso.Engine;

namespace Verso.Lab.Playing;

/// <summary>Where steps are taken: on a machine, and maybe elsewhere beside it.</summary>
/// <typeparam name="TStep">A step.</typeparam>
/// <typeparam name="TOutcome">What comes of one.</typeparam>
public abstract class StepTaker<TStep, TOutcome>
{
    /// <summary>The machine.</summary>
    public abstract Machine Machine { get; }

    /// <summary>The address spaces that are live now, in order.</summary>
    public abstract IEnumerable<PlayedSpace> Spaces { get; }

    /// <summary>Takes a step.</summary>
    public abstract TOutcome Take(in TStep step);
}
