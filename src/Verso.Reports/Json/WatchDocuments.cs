using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary><c>verso watch -j</c>, a line for each process that nears its limit.</summary>
/// <example>sudo verso watch --above 60% -j</example>
public sealed record WatchDocument
{
    /// <summary><c>verso-watch/1</c></summary>
    public required string Schema { get; init; }

    /// <summary>When it was counted.</summary>
    public required long TakenUnixSeconds { get; init; }

    /// <summary>The process.</summary>
    public required int Pid { get; init; }

    /// <summary>Its name (<c>comm</c>).</summary>
    public required string Command { get; init; }

    /// <summary>Its control group; empty if it is not known.</summary>
    public required string Cgroup { get; init; }

    /// <summary>The innermost unit of systemd in it; empty if there is none.</summary>
    public required string Unit { get; init; }

    /// <summary>VMAs now.</summary>
    public required int Vmas { get; init; }

    /// <summary><c>vm.max_map_count</c>.</summary>
    public required int MaxMapCount { get; init; }

    /// <summary><c>vmas</c> of <c>maxMapCount</c>.</summary>
    public required double Percent { get; init; }

    /// <summary>The level that it has come to.</summary>
    public required double LevelPercent { get; init; }

    /// <summary><unit>VMAs/s</unit> Growth since the look before; left out of one not seen before.</summary>
    public required double? VmasPerSecond { get; init; }

    /// <summary>What keeps most of its VMAs apart, in words; left out if it is not known.</summary>
    public required string? Cause { get; init; }

    /// <summary>The path of the snapshot; left out if none was written.</summary>
    public required string? Snapshot { get; init; }

    /// <summary>The path of the explanation; left out if none was written.</summary>
    public required string? Explanation { get; init; }
}

internal static class WatchDocuments
{
    public static WatchDocument Of(WatchReport report) => new()
    {
        Schema = "verso-watch/1",
        TakenUnixSeconds = report.TakenUnixSeconds,
        Pid = report.Alarm.Count.Pid,
        Command = report.Alarm.Count.Command,
        Cgroup = report.Group.Path,
        Unit = report.Group.Unit,
        Vmas = report.Alarm.Count.Vmas,
        MaxMapCount = report.Alarm.Limit,
        Percent = Rounded(WatchText.Share(report.Alarm)),
        LevelPercent = Rounded(100 * report.Alarm.Level),
        VmasPerSecond = report.Alarm.PerSecond is double speed ? Rounded(speed) : null,
        Cause = WatchText.Cause(report),
        Snapshot = report.Snapshot,
        Explanation = report.ExplanationFile,
    };

    private static double Rounded(double value) => Math.Round(value, 2, MidpointRounding.AwayFromZero);
}
