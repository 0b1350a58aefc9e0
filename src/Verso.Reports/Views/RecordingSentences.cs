using Verso.Engine.Vmas;
using Verso.Lab.Replay;
using Verso.Lab.Studies;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>What a recording shows, in five sentences, every number in them computed.</summary>
internal static class RecordingSentences
{
    internal static IEnumerable<string> Of(RecordingStudy study)
    {
        ReplayResult reference = study.Trace.Reference;
        IReadOnlyList<ReplayResult> designs = study.Trace.Designs;
        yield return Ran(reference);
        yield return Vmas(study, designs);
        yield return Bytes(designs);
        yield return Refused(reference);
        yield return Walks(designs);
    }

    private static string Ran(ReplayResult reference)
    {
        string command = reference.Header.Command.Length == 0 ? "Programs"
            : $"'{Printable.Of(reference.Header.Command)}'";
        string kernel = reference.Header.Kernel.Length == 0 ? "an unknown kernel" : $"Linux {reference.Header.Kernel}";
        return $"{command} ran on {kernel}: "
            + $"{Figures.Plural(reference.Events, "event", "events")} of "
            + $"{Figures.Plural(reference.Tally.Processes, "process", "processes")}, "
            + $"grade {GradeText.Of(reference.Grade)}, fidelity: {FidelityText.Phrase(reference.Fidelity)}.";
    }

    private static string Vmas(RecordingStudy study, IReadOnlyList<ReplayResult> designs)
    {
        int limit = designs[0].Header.MaxMapCount;
        string largest = study.Spaces.Count == 0 ? ""
            : $"; the largest address space had {Figures.Count(study.Spaces[0].Space.VmaCount)} of the "
                + $"{Figures.Count(limit)} that one may have";
        (string least, string most) = Extremes(designs, design => design.VmasPeak, Figures.Count);
        return least == most ? $"There were {least} VMAs at the peak, whatever the design{largest}."
            : $"VMAs at the peak: {least}, {most}{largest}.";
    }

    private static string Bytes(IReadOnlyList<ReplayResult> designs)
    {
        (string least, string most) = Extremes(
            designs, design => design.OwnObjects.Sum(row => row.BytesPeak), Figures.Bytes);
        return least == most ? $"The reverse map took {least} in every design."
            : $"The reverse map took {least}, {most}.";
    }

    private static string Refused(ReplayResult reference)
    {
        if (reference.Work.MergesRefused.Count == 0)
        {
            return "No merge was refused.";
        }

        (MergeTests test, long count) = reference.Work.MergesRefused.MaxBy(each => each.Value);
        long ofDesign = reference.Work.MergesRefused.GetValueOrDefault(MergeTests.AnonVma);
        string anonVma = ofDesign == 0 ? "none for different anon_vmas"
            : $"{Figures.Count(ofDesign)} for different anon_vmas";
        return $"In {reference.Name} {Figures.Count(reference.Work.MergesRefused.Values.Sum())} merges were refused, "
            + $"most ({Figures.Count(count)}) because {ReasonText.Plain(test).Split(':')[0]}; {anonVma}.";
    }

    private static string Walks(IReadOnlyList<ReplayResult> designs)
    {
        if (designs.All(design => design.Work.WalkCount == 0))
        {
            return "Nothing was walked for.";
        }

        (string least, string most) = Extremes(
            designs, design => design.Work.VisitsPerWalk, Figures.Ratio);
        return least == most ? $"A walk looked at {least} places in every design."
            : $"Places that a walk from a page to its mappings looked at: {least}, {most}.";
    }

    /// <summary>The least with those designs that have it, and the most; the same text where all have one.</summary>
    private static (string Least, string Most) Extremes<T>(
        IReadOnlyList<ReplayResult> designs, Func<ReplayResult, T> of, Func<T, string> shown)
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
