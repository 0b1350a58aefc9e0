using Verso.Engine;

namespace Verso.Lab.Playing;

/// <summary>
/// What is played on a machine step by step: a recording, a scenario, a random mix. After any step it may be left,
/// asked for its state, and gone on with.
/// </summary>
public interface IPlayer
{
    /// <summary>Steps taken; the one that was taken last has this number, counted from 1.</summary>
    long Position { get; }

    /// <summary>What an observer found wrong after the last step, on one line; it is the last one then.</summary>
    string? Difference { get; }

    /// <summary>The machine: to be asked, not to be changed.</summary>
    Machine Machine { get; }

    /// <summary>The address spaces that are live now, in order.</summary>
    IEnumerable<PlayedSpace> Spaces { get; }

    /// <summary>
    /// Takes the next step and shows it to the observers. What an observer or the machine throws comes out; the step
    /// counts as taken, the state can be read, and the next call goes on behind it.
    /// </summary>
    /// <returns>Whether there was one: false at the end, and after a difference.</returns>
    bool Next();
}

/// <summary>A live address space of something that is played.</summary>
/// <param name="Name">As its source names it: the letter of a scenario, the number of a trace.</param>
/// <param name="Mm">The same in the machine.</param>
public readonly record struct PlayedSpace(string Name, MmId Mm);
