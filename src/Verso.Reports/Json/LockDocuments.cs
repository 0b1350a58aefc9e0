using Verso.Lab.Locks;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary><c>verso replay --locks</c>: by class in the order of taking, then the locks taken most.</summary>
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
/// <param name="Class">As mmap, file-map, anon-vma-root.</param>
/// <param name="Locks">How many there were.</param>
/// <param name="Reads">Acquisitions for reading.</param>
/// <param name="Writes">Acquisitions for writing.</param>
/// <param name="Steps">Steps of work they were held, together.</param>
/// <param name="LongestSteps">Steps of the longest.</param>
/// <param name="Tasks">Tasks that took one.</param>
public sealed record LockClassDocument(
    string Class, long Locks, long Reads, long Writes, long Steps, long LongestSteps, int Tasks);

/// <summary>One lock.</summary>
/// <param name="Class">Its class.</param>
/// <param name="Mm">The address space whose event took it first, as the trace numbers it.</param>
/// <param name="FirstEvent">Number of that event in the trace, from 1.</param>
/// <param name="Path">The file whose lock it is; null where it is none's.</param>
/// <param name="Reads">Acquisitions for reading.</param>
/// <param name="Writes">Acquisitions for writing.</param>
/// <param name="Steps">Steps of work it was held.</param>
/// <param name="LongestSteps">Steps of the longest.</param>
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
