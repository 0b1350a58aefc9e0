using Verso.Engine.Vmas;
using Verso.Reports.Comparisons;
using Verso.Reports.Json;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>
/// What a recording, a scenario or a document of a comparison shows, in five sentences, every number in them computed.
/// </summary>
internal static class RecordingSentences
{
    /// <param name="told">The comparison, as its document tells it.</param>
    /// <param name="reference">
    /// The kernel's own design, which need not be among those shown; null: it is not told.
    /// </param>
    /// <param name="largest">What follows on VMAs at the peak: how full the largest address space was.</param>
    internal static IEnumerable<string> Of(TraceDocument told, DesignDocument? reference, string largest)
    {
        yield return Ran(told);
        yield return Vmas(told.Designs, largest);
        yield return Bytes(told.Designs);
        if (reference is not null)
        {
            yield return Refused(reference);
        }

        yield return Walks(told.Designs);
    }

    private static string Ran(TraceDocument told)
    {
        string processes = Figures.Plural(told.Processes, "process", "processes");
        if (told.Scenario is not null)
        {
            return $"A scenario of {Figures.Plural(told.Events, "step", "steps")} and {processes}, played by the rules "
                + $"of Linux {Printable.Of(told.Rules)}; 'verso verify' compares it with a kernel.";
        }

        string command = told.Command.Length == 0 ? "Programs" : $"'{Printable.Of(told.Command)}'";
        string kernel = told.Kernel.Length == 0 ? "an unknown kernel" : $"Linux {Printable.Of(told.Kernel)}";
        return $"{command} ran on {kernel}: {Figures.Plural(told.Events, "event", "events")} of {processes}, "
            + $"grade {Printable.Of(told.Grade)}, fidelity: {told.Fidelity.Phrase}.";
    }

    private static string Vmas(IReadOnlyList<DesignDocument> designs, string largest)
    {
        (string least, string most) = Extremes(designs, design => design.VmasPeak, Figures.Count);
        return least == most ? $"There were {least} VMAs at the peak, whatever the design{largest}."
            : $"VMAs at the peak: {least}, {most}{largest}.";
    }

    private static string Bytes(IReadOnlyList<DesignDocument> designs)
    {
        (string least, string most) = Extremes(designs, ComparisonView.OwnBytes, Figures.Bytes);
        return least == most ? $"The reverse map took {least} in every design."
            : $"The reverse map took {least}, {most}.";
    }

    private static string Refused(DesignDocument reference)
    {
        IReadOnlyDictionary<string, long> refused = reference.Merges.Refused;
        if (refused.Count == 0)
        {
            return "No merge was refused.";
        }

        (string name, long count) = refused.MaxBy(each => each.Value);
        MergeTests? test = Enum.GetValues<MergeTests>().Where(each => MergeReasons.Name(each) == name)
            .Cast<MergeTests?>().FirstOrDefault();
        string why = test is MergeTests known ? ReasonText.Plain(known).Split(':')[0] : Printable.Of(name);
        long all = refused.Values.Sum();
        long ofDesign = ComparisonView.RefusedByDesign(reference);
        string own = ofDesign == 0 ? "none" : Figures.Count(ofDesign);
        string most = count == all ? "" : $"most ({Figures.Count(count)}) ";
        return $"In {reference.Name} {Figures.Plural(all, "merge was", "merges were")} refused, {most}because {why}; "
            + $"{own} by tests that are the design's own, which the table below counts as refused.";
    }

    private static string Walks(IReadOnlyList<DesignDocument> designs)
    {
        if (designs.All(design => design.Walks.Count == 0))
        {
            return "Nothing was walked for.";
        }

        (string least, string most) = Extremes(designs, ComparisonView.VisitsPerWalk, Figures.Ratio);
        return least == most ? $"A walk looked at {least} places in every design."
            : $"Places that a walk from a page to its mappings looked at: {least}, {most}.";
    }

    /// <summary>The least with those designs that have it, and the most; the same text where all have one.</summary>
    private static (string Least, string Most) Extremes<T>(
        IReadOnlyList<DesignDocument> designs, Func<DesignDocument, T> of, Func<T, string> shown)
        where T : IComparable<T>
    {
        T least = designs.Min(of)!;
        T most = designs.Max(of)!;
        if (least.CompareTo(most) == 0)
        {
            return (shown(least), shown(least));
        }

        return ($"{shown(least)} {With(least)}", $"{shown(most)} {With(most)}");

        string With(T value)
        {
            string[] names =
                [.. designs.Where(design => of(design).CompareTo(value) == 0).Select(design => design.Name)];
            return names.Length > 2 ? $"in {names.Length} designs (such as {names[0]})"
                : $"in {string.Join(" and ", names)}";
        }
    }
}
