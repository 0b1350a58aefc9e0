namespace Verso.Lab.Playing;

/// <summary>Where the steps come from.</summary>
/// <typeparam name="TStep">A step.</typeparam>
public interface ISource<TStep>
{
    /// <summary>Steps that may be read before the first of them is taken; 1 where a step depends on the last.</summary>
    int Ahead { get; }

    /// <summary>Reads the next steps.</summary>
    /// <param name="steps">Room for <see cref="Ahead"/>.</param>
    /// <returns>How many there were; 0 at the end.</returns>
    int Read(Span<TStep> steps);
}
