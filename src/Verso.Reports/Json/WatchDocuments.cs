using Verso.Reports.Text;

namespace Verso.Reports.Json;

/// <summary>A line of <c>verso watch -j</c>.</summary>
public sealed record WatchDocument
{
    public required string Schema { get; init; }

    public required long TakenUnixSeconds { get; init; }

    public required int Pid { get; init; }

    public required string Command { get; init; }

    /// <summary>The control group; empty if it is not known.</summary>
    public required string Cgroup { get; init; }

    /// <summary>The unit of systemd; empty if there is none.</summary>
    public required string Unit { get; init; }

    public required int Vmas { get; init; }

    public required int MaxMapCount { get; init; }

    /// <summary>Of that, in percent.</summary>
    public required double Percent { get; init; }

    /// <summary>The level that it has come to, in percent.</summary>
    public required double LevelPercent { get; init; }

    /// <summary>VMAs that came in a second; null if it was not seen before.</summary>
    public required double? VmasPerSecond { get; init; }

    /// <summary>What keeps most of its VMAs apart; null if that is not known.</summary>
    public required string? Cause { get; init; }

    /// <summary>Files; null of what could not be written.</summary>
    public required string? Snapshot { get; init; }

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
