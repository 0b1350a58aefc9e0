using Verso.Lab.Families;

namespace Verso.Reports.Json;

/// <summary>One process of a view.</summary>
public sealed record TopProcessDocument(
    int Pid,
    string Command,
    int Vmas,
    long? MoreVmas,
    int AnonVmas,
    long ChainEntries,
    int LongestChain,
    int WidestTree,
    long Bytes,
    long? MoreBytes);

/// <summary><c>verso top --format json</c>.</summary>
public sealed record TopDocument(
    string Schema,
    string Kernel,
    long TakenUnixSeconds,
    long DurationNanoseconds,
    int MaxMapCount,
    long Vmas,
    long AnonVmas,
    long Roots,
    long ChainEntries,
    long Bytes,
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
        view.AnonVmas,
        view.Roots,
        view.ChainEntries,
        view.Bytes,
        [.. view.Rows.Take(limit).Select(row => new TopProcessDocument(
            row.Pid,
            row.Command,
            row.Vmas,
            row.MoreVmas,
            row.AnonVmas,
            row.ChainEntries,
            row.LongestChain,
            row.WidestTree,
            row.Bytes,
            row.MoreBytes))]);
}
