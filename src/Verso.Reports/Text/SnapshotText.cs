using System.Globalization;
using System.Text;
using Verso.Lab.Snapshots;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Text;

/// <summary>What a snapshot comes to, for people.</summary>
public static class SnapshotText
{
    /// <summary>How many processes are told one by one.</summary>
    private const int Told = 20;

    /// <summary>How many files, and processes that map them.</summary>
    private const int ToldOfFiles = 5;

    /// <summary>Totals, and the processes with the most chain entries.</summary>
    public static string Render(Snapshot snapshot, SnapshotSummary summary, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(summary);
        ArgumentNullException.ThrowIfNull(palette);
        SnapshotHeader header = snapshot.Header;
        StringBuilder text = new();
        text.Append(palette.Bold(Printable.Of(header.Selection))).Append(CultureInfo.InvariantCulture, $", Linux ")
            .Append(Printable.Of(header.Kernel))
            .Append($", {Figures.Moment(header.TakenUnixSeconds)}, read in ")
            .Append(Figures.Duration(header.DurationNanoseconds)).Append('\n');
        text.Append($"  {Figures.Plural(summary.Processes, "process", "processes")}, ")
            .Append($"{Figures.Plural(summary.AddressSpaces, "address space", "address spaces")}, ")
            .Append($"{Figures.Plural(summary.Files, "open file", "open files")} mapped\n");
        Append(text, summary.Vmas, "VMA", SnapshotSummary.VmaBytes, "");
        Append(
            text,
            summary.AnonVmas,
            "anon_vma",
            SnapshotSummary.AnonVmaBytes,
            $", {Figures.Plural(summary.Roots, "root", "roots")}");
        Append(
            text,
            summary.ChainEntries,
            "anon_vma_chain",
            SnapshotSummary.ChainEntryBytes,
            $", the longest chain of a VMA {Figures.Count(summary.LongestChain)}");
        FilePagesText.AppendTotals(text, summary.FileMappings);
        if (summary.Changed.Count > 0)
        {
            text.Append($"  changed while being read: {Pids(summary.Changed)}\n");
        }

        if (snapshot.Ended.Count > 0)
        {
            text.Append($"  ended meanwhile: {Pids(snapshot.Ended)}\n");
        }

        if (summary.ByProcess.Count > 0)
        {
            text.Append('\n').Append(Table(summary).Render(width, palette));
        }

        int left = summary.ByProcess.Count - Told;
        text.Append(left > 0 ? $"  and {Figures.Count(left)} more\n" : "");
        FilePagesText.AppendTable(text, summary.FileMappings, ToldOfFiles, width, palette);
        return text.ToString();
    }

    private static TextTable Table(SnapshotSummary summary)
    {
        TextTable table = new(["VMAs", "anon_vmas", "chain entries", "longest chain", "own bytes"]);
        foreach (ProcessSummary process in summary.ByProcess.Take(Told))
        {
            string changed = process.Reading == GraphReading.Changed ? " (changed)" : "";
            table.Row(
                string.Create(CultureInfo.InvariantCulture, $"{process.Pid} {Printable.Of(process.Command)}{changed}"),
                [
                    Figures.Count(process.Vmas),
                    Figures.Count(process.AnonVmas),
                    Figures.Count(process.ChainEntries),
                    Figures.Count(process.LongestChain),
                    Figures.Bytes(process.OwnBytes),
                ]);
        }

        return table;
    }

    private static void Append(StringBuilder text, long count, string one, int size, string more) =>
        text.Append($"  {Figures.Plural(count, one, one + "s")}: {Figures.Bytes(count * size)}{more}\n");

    private static string Pids(IReadOnlyList<int> pids)
    {
        IEnumerable<string> shown = pids.Take(Told).Select(pid => pid.ToString(CultureInfo.InvariantCulture));
        return string.Join(' ', shown) + (pids.Count > Told ? $" and {Figures.Count(pids.Count - Told)} more" : "");
    }
}
