using System.Text;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;
using Verso.Reports.Text;

namespace Verso.Reports.Comparisons;

/// <summary>What verso demo says about its figures: three sentences, every number in them computed.</summary>
public static class DemoText
{
    /// <summary>The sentences for a comparison of one trace.</summary>
    /// <param name="trace">It.</param>
    /// <param name="width">Columns.</param>
    public static string Render(TraceComparison trace, int width)
    {
        ArgumentNullException.ThrowIfNull(trace);
        WorkFigures work = trace.Reference.Work;
        string[] sentences =
        [
            $"1. {Plural(work.ForkCount, "fork")} copied "
                + $"{Figures.Plural(work.PtesCopied, "page-table entry", "page-table entries")} and no page; "
                + $"then {Figures.Plural(work.FaultCopied, "page was", "pages were")} copied on a write, and "
                + $"{Figures.Count(work.FaultReused)} reused by the last process that mapped them.",
            $"2. Places that a walk from a page to its mappings looked at: "
                + $"{string.Join(", ", trace.Designs.Select(Walks))}.",
            $"3. Kept for such walks: {string.Join("; ", trace.Designs.Select(Holdings))}.",
        ];
        StringBuilder text = new("\n");
        foreach (string sentence in sentences)
        {
            Prose.Wrap(text, "", sentence, 3, width);
        }

        return text.ToString();
    }

    /// <summary>What a design kept of its own, beyond what every design has.</summary>
    private static string Holdings(ReplayResult design)
    {
        ObjectFigures[] own = [.. design.OwnObjects.Where(row => row.Peak > 0)];
        return own.Length == 0
            ? $"{design.Name} nothing"
            : $"{design.Name} {string.Join(", ", own.Select(row => $"{Figures.Count(row.Peak)} {row.Name}"))} "
                + $"({Figures.Bytes(own.Sum(row => row.BytesPeak))})";
    }

    private static string Walks(ReplayResult design) =>
        $"{Figures.Ratio(design.Work.VisitsPerWalk)} in {design.Name}";

    private static string Plural(long count, string noun) =>
        count == 1 ? $"One {noun}" : $"{Figures.Count(count)} {noun}s";
}
