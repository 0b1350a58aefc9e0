using Verso.Lab.Locks;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>The locks of a replay.</summary>
/// <param name="Classes">By class, in the order in which they may be taken.</param>
/// <param name="MostTaken">The locks taken most often, as many as asked for; not RCU.</param>
public sealed record LocksDocument(
    IReadOnlyList<LockClassDocument> Classes, IReadOnlyList<LockDocument> MostTaken)
{
    internal static LocksDocument Of(LockTally tally, int most) => new(
        [.. tally.Classes.Select(of => new LockClassDocument(
            LockText.ClassName(of), of.Locks, of.Reads, of.Writes, of.Steps, of.LongestSteps, of.Tasks))],
        [.. tally.MostTaken(most).Select(one => new LockDocument(
            LockText.ClassName(one),
            one.Mm,
            one.FirstEvent,
            one.Path,
            one.Reads,
            one.Writes,
            one.Steps,
            one.LongestSteps,
            one.Tasks))]);
}

/// <summary>All locks of one class.</summary>
/// <param name="Class"><c>mmap</c>, <c>file-map</c>, <c>anon-vma-root</c>, ...</param>
/// <param name="Locks">Locks of it.</param>
/// <param name="Reads">Acquisitions for reading.</param>
/// <param name="Writes">Acquisitions for writing.</param>
/// <param name="Steps"><unit>steps</unit> Work done while one was held, together.</param>
/// <param name="LongestSteps"><unit>steps</unit> The longest of these.</param>
/// <param name="Tasks">Tasks that took one.</param>
public sealed record LockClassDocument(
    string Class, long Locks, long Reads, long Writes, long Steps, long LongestSteps, int Tasks);

/// <summary>One lock.</summary>
/// <param name="Class">Its class, as above.</param>
/// <param name="Mm">The address space whose event took it first, as the trace numbers it.</param>
/// <param name="FirstEvent">Number of that event in the trace, from 1.</param>
/// <param name="Path">The file whose lock it is; left out where it is none's.</param>
/// <param name="Reads">Acquisitions for reading.</param>
/// <param name="Writes">Acquisitions for writing.</param>
/// <param name="Steps"><unit>steps</unit> Work done while it was held.</param>
/// <param name="LongestSteps"><unit>steps</unit> The longest of these.</param>
/// <param name="Tasks">Tasks that took it.</param>
public sealed record LockDocument(
    string Class,
    int Mm,
    long FirstEvent,
    string? Path,
    long Reads,
    long Writes,
    long Steps,
    long LongestSteps,
    int Tasks);
