using System.Globalization;
using System.Text;
using Verso.Lab.Explain;
using Verso.Linux.Counting;

namespace Verso.Reports.Text;

/// <summary>What verso watch says of a process that nears its limit.</summary>
public sealed record WatchReport(VmaAlarm Alarm, long TakenUnixSeconds, ControlGroup Group)
{
    /// <summary>Why; null if it could not be read.</summary>
    public SpaceExplanation? Explanation { get; init; }

    /// <summary>Where the snapshot is; null if there is none.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Where the explanation is; null if there is none.</summary>
    public string? ExplanationFile { get; init; }
}

/// <summary>The same as a line.</summary>
public static class WatchText
{
    /// <summary>One line.</summary>
    public static string Line(WatchReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        VmaAlarm alarm = report.Alarm;
        StringBuilder line = new(Figures.Moment(report.TakenUnixSeconds));
        line.Append(CultureInfo.InvariantCulture, $" {alarm.Count.Pid} {Printable.Of(alarm.Count.Command)}: ")
            .Append(Figures.Plural(alarm.Count.Vmas, "VMA", "VMAs"))
            .Append(CultureInfo.InvariantCulture, $", {Share(alarm):F1} % of vm.max_map_count ({alarm.Limit})");
        if (alarm.PerSecond is double speed and >= 1)
        {
            line.Append(", +").Append(Figures.Count((long)speed)).Append(" a second");
        }

        if (report.Group.Unit.Length > 0)
        {
            line.Append(", ").Append(Printable.Of(report.Group.Unit));
        }

        if (Cause(report) is string cause)
        {
            line.Append("; ").Append(cause);
        }

        if ((report.ExplanationFile ?? report.Snapshot) is string file)
        {
            line.Append("; ").Append(Printable.Of(file));
        }

        return line.Append('\n').ToString();
    }

    /// <summary>What keeps most of its VMAs apart, in words; null if that is not known.</summary>
    internal static string? Cause(WatchReport report) =>
        report.Explanation is { } explanation ? MainCause.WorthSaying(explanation)?.Plain : null;

    /// <summary>Of what it may have, in percent.</summary>
    internal static double Share(VmaAlarm alarm) => 100.0 * alarm.Count.Vmas / Math.Max(alarm.Limit, 1);
}
