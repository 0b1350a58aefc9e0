using Verso.Lab.Families;
using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>One process of a view. What only the kernel's graph tells is left out without root.</summary>
public sealed record TopProcessDocument(
    int Pid,
    string Command,
    string? Cgroup,
    string? Unit,
    int Vmas,
    double Percent,
    long? MoreVmas,
    double? VmasPerSecond,
    int? AnonVmas,
    long? ChainEntries,
    int? LongestChain,
    int? WidestTree,
    long? Bytes,
    long? MoreBytes);

/// <summary><c>verso top --format json</c>.</summary>
public sealed record TopDocument(
    string Schema,
    string Kernel,
    long TakenUnixSeconds,
    long DurationNanoseconds,
    int MaxMapCount,
    long Vmas,
    long? AnonVmas,
    long? Roots,
    long? ChainEntries,
    long? Bytes,
    IReadOnlyList<TopProcessDocument> Processes);

internal static class TopDocuments
{
    public static TopDocument Of(TopView view, int limit) => new(
        "verso-top/1",
        view.Header.Kernel,
        view.Header.TakenUnixSeconds,
        view.Header.DurationNanoseconds,
        view.Header.MaxMapCount,
        view.Vmas,
        view.HasGraph ? view.AnonVmas : null,
        view.HasGraph ? view.Roots : null,
        view.HasGraph ? view.ChainEntries : null,
        view.HasGraph ? view.Bytes : null,
        [.. view.Rows.Take(limit).Select(row => new TopProcessDocument(
            row.Pid,
            row.Command,
            row.Group?.Path,
            row.Group?.Unit,
            row.Vmas,
            Rounded(TopText.Percent(view, row)),
            row.MoreVmas,
            row.VmasPerSecond is double speed ? Rounded(speed) : null,
            view.HasGraph ? row.AnonVmas : null,
            view.HasGraph ? row.ChainEntries : null,
            view.HasGraph ? row.LongestChain : null,
            view.HasGraph ? row.WidestTree : null,
            view.HasGraph ? row.Bytes : null,
            view.HasGraph ? row.MoreBytes : null))]);

    private static double Rounded(double value) => Math.Round(value, 2, MidpointRounding.AwayFromZero);
}
