using System.Globalization;
using Verso.Lab.Comparison;
using Verso.Lab.Explain;
using Verso.Lab.Replay;
using Verso.Lab.Snapshots;
using Verso.Linux.Graph;
using Verso.Reports.Text;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Cli;

/// <summary>
/// verso explain --from RECORDING: an address space of a recording, at its fullest or at another time.
/// </summary>
internal static class ExplainRecording
{
    /// <summary>Whether a file begins as a recording does.</summary>
    internal static bool IsOne(string? name)
    {
        if (name is null or TraceInput.Standard || !File.Exists(name))
        {
            return false;
        }

        using FileStream file = new(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return file.CanSeek && TraceReader.IsOne(file);
    }

    /// <summary>Nanoseconds of a time as <c>1.5s</c> or <c>20ms</c>; null of what is none.</summary>
    internal static ulong? TimeOf(string? text)
    {
        (string digits, double unit) = text switch
        {
            null => ("", 0),
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1e6),
            _ when text.EndsWith('s') => (text[..^1], 1e9),
            _ => ("", 0.0),
        };
        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * unit < 1e18 ? (ulong)(value * unit) : null;
    }

    internal static int Run(
        Surroundings surroundings,
        string name,
        int[] named,
        ulong? time,
        Func<SpaceExplanation, string> render,
        bool isJson)
    {
        if (named.Length > 1)
        {
            throw new UsageException("of a recording, name one address space by its number, or none");
        }

        int? mm = named.Length == 1 ? named[0] : null;
        using Interruption interruption = new();
        using TraceInput input = TraceInput.Open(name);
        long position = RecordedMoment.Find(input, mm, time, interruption.Token);
        ReplayOptions options = new() { Design = ReferenceDesign.Choice };
        RecordedMoment? moment =
            RecordedMoment.Of(input, options, [position], interruption.Token) is [RecordedMoment only] ? only : null;
        ProcessGraph process = moment?.Snapshot.Processes.Where(each => each.Pid == (mm ?? each.Pid))
            .MaxBy(each => each.Image.Vmas.Count)
            ?? throw new ProcessSelectionException(
                (mm is null ? "the recording has no address space" : $"the recording has no address space {mm}")
                + (time is null ? "" : " at that time"));
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"{Printable.Of(name)}, {moment.Nanoseconds / 1e9:F3} s after it began (event {moment.Event}), "
                + $"address space {process.Pid}:\n");
        string text = render(ExplainCommand.Explain(
            moment.Snapshot, process.Pid, moment.Callers.GetValueOrDefault(process.Pid)));
        Pager.Write(surroundings, isJson ? text : head + text, isForPeople: !isJson);
        return ExitStatus.Success;
    }
}
