using System.Globalization;
using System.Text;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Reports.Text;

/// <summary>What a trace is, in a few lines.</summary>
public static class TraceText
{
    /// <summary>Name, origin, size and grade of a replayed trace.</summary>
    public static string Heading(string name, ReplayResult result, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(palette);
        return palette.Bold(Printable.Of(name)) + "\n" + Origin(result);
    }

    /// <summary>The same without its name.</summary>
    internal static string Origin(ReplayResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        StringBuilder text = new();
        if (result.Scenario is null)
        {
            AppendOrigin(text, result.Header);
        }

        text.Append(result.Scenario is null ? "  events     " : "  steps      ")
            .Append($"{Figures.Count(result.Events)} of ")
            .Append(Figures.Plural(result.Tally.Processes, "process", "processes"));
        if (result.Tally.Threads > 0)
        {
            text.Append($" with {Figures.Plural(result.Tally.Threads, "more thread", "more threads")}");
        }

        text.Append('\n');
        if (result.Scenario is null)
        {
            AppendGrade(text, result.Grade, result.Tally.Lost, result.Tally.NotFollowed);
        }

        Prose.Wrap(text, "  rules      ", RulesText.Of(result.Rules), 13);
        if (result.Word == MachineWord.Bits32)
        {
            text.Append("  sizes      of a 32-bit machine's structs\n");
        }

        return text.ToString();
    }

    /// <summary>Header, counts by kind and grade of a trace that was read through.</summary>
    public static string Info(string name, TraceSummary summary, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(summary);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        text.Append(palette.Bold(Printable.Of(name))).Append('\n');
        AppendOrigin(text, summary.Header);
        text.Append($"  machine    {Printable.Of(summary.Header.Machine)}, ")
            .Append(CultureInfo.InvariantCulture, $"pages of {summary.Header.PageSizeBytes} bytes, ")
            .Append(CultureInfo.InvariantCulture, $"vm.max_map_count {summary.Header.MaxMapCount}, ")
            .Append(CultureInfo.InvariantCulture, $"vm.overcommit_memory {summary.Header.OvercommitMode}\n");
        if (summary.Header.StartUnixSeconds > 0)
        {
            text.Append($"  began      {Figures.Moment(summary.Header.StartUnixSeconds)}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"  format     version {summary.Header.Version}, ")
            .Append($"{Figures.Bytes(summary.FileBytes)}, sha256 {summary.Sha256}\n");
        text.Append($"  events     {Figures.Count(summary.Events)} in {Figures.Duration((long)summary.LastTime)}, ")
            .Append($"{Figures.Plural(summary.AddressSpaces, "address space", "address spaces")}\n");
        AppendGrade(text, summary.Grade, summary.Lost, summary.NotFollowed);
        foreach ((TraceEventKind kind, long count) in summary.EventsByKind)
        {
            text.Append($"    {Figures.Count(count),12}  {EventText.Name(kind)}\n");
        }

        return text.ToString();
    }

    private static void AppendOrigin(StringBuilder text, TraceHeader header)
    {
        string kernel = header.Kernel.Length == 0 ? "" : $" on Linux {header.Kernel}";
        text.Append($"  made by    {Printable.Of(header.Source + kernel)}\n");
        if (header.Command.Length > 0)
        {
            text.Append($"  command    {Shorten(header.Command)}\n");
        }
    }

    private static void AppendGrade(StringBuilder text, TraceGrade grade, long lost, NotFollowedTally notFollowed)
    {
        string without = lost > 0 ? $" ({Figures.Plural(lost, "event", "events")} lost)" : "";
        text.Append($"  grade      {GradeText.Of(grade)}{without}\n");
        foreach (string line in GradeText.Explain(grade))
        {
            text.Append($"             {line}\n");
        }

        foreach ((string what, long count) in notFollowed.Rows)
        {
            text.Append($"             {Figures.Count(count),12}  {Printable.Of(what)}\n");
        }
    }

    /// <summary>One line of a command that may be a whole script.</summary>
    private static string Shorten(string command)
    {
        const int Longest = 85;
        string line = Printable.Of(command);
        return line.Length <= Longest ? line : $"{line[..(Longest - 3)]}...";
    }
}
