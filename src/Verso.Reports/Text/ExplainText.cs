using System.Globalization;
using System.Text;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Reports.Tables;
using Verso.Traces.Snapshots;

namespace Verso.Reports.Text;

/// <summary>Why an address space has as many VMAs as it has, as text.</summary>
public static class ExplainText
{
    /// <summary>Kinds of one reason that are told one by one.</summary>
    private const int MostDetails = 6;

    /// <summary>VMAs of a strip on each side of an address.</summary>
    private const int StripVmas = 6;

    /// <summary>Counts by reason, and what would lift each.</summary>
    public static string Render(SpaceExplanation explanation, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        Head(text, explanation, palette);
        if (explanation.Boundaries.Count == 0)
        {
            return text.ToString();
        }

        text.Append('\n').Append(Table(explanation).Render(int.MaxValue, palette));
        foreach (ReasonGroup group in explanation.Groups)
        {
            text.Append('\n');
            Describe(text, group, palette);
        }

        return text.ToString();
    }

    /// <summary>The VMAs around an address, with what stands between them.</summary>
    public static string Strip(SpaceExplanation explanation, ulong address, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        ArgumentNullException.ThrowIfNull(palette);
        var vmas = explanation.Process.Image.Vmas;
        int at = 0;
        while (at < vmas.Count - 1 && vmas[at].End <= address)
        {
            at++;
        }

        Dictionary<ulong, Boundary> boundaries = explanation.Boundaries.ToDictionary(each => each.Upper.Start);
        StringBuilder text = new();
        ChainNames names = new();
        int first = Math.Max(0, at - StripVmas);
        for (int shown = first; shown < Math.Min(vmas.Count, at + StripVmas + 1); shown++)
        {
            var vma = vmas[shown];
            if (shown > first)
            {
                text.Append(boundaries.TryGetValue(vma.Start, out Boundary? boundary)
                    ? $"  ---- {Between(boundary, palette)}\n"
                    : "  (gap)\n");
            }

            bool isHere = vma.Start <= address && address < vma.End;
            string anonVma = vma.AnonVma == 0 ? "-"
                : names.Of(vma.AnonVma) + (vma.Chain.Count > 1 ? $" and {vma.Chain.Count - 1} before it" : "");
            text.Append(isHere ? palette.Bold("> ") : "  ")
                .Append(CultureInfo.InvariantCulture, $"{vma.Start:x}-{vma.End:x} ")
                .Append(VmaText.Permissions(vma.Flags))
                .Append(CultureInfo.InvariantCulture, $" pgoff {vma.Pgoff:x}  ")
                .Append(FileOf(explanation, vma))
                .Append("  anon_vma ").Append(anonVma).Append('\n');
        }

        return text.ToString();
    }

    private static void Head(StringBuilder text, SpaceExplanation explanation, Palette palette)
    {
        double share = 100.0 * explanation.VmaCount / Math.Max(1, explanation.MaxMapCount);
        text.Append(palette.Bold(string.Create(
                CultureInfo.InvariantCulture,
                $"{explanation.Process.Pid} {Printable.Of(explanation.Process.Command)}")))
            .Append(": ").Append(Figures.Plural(explanation.VmaCount, "VMA", "VMAs"))
            .Append(CultureInfo.InvariantCulture, $", {share:F1} % of vm.max_map_count ({explanation.MaxMapCount}); ")
            .Append(Figures.Plural(explanation.Boundaries.Count, "touches the next", "touch the next")).Append('\n');
        if (explanation.Process.Reading == GraphReading.Changed)
        {
            text.Append("its VMAs changed while they were read: some pairs may never have been neighbours\n");
        }
    }

    private static TextTable Table(SpaceExplanation explanation)
    {
        TextTable table = new(["pairs", "only this", "VMAs without it"]);
        foreach (ReasonGroup group in explanation.Groups)
        {
            int only = group.Boundaries.Count(boundary => boundary.Verdict.Failed == group.First);
            table.Row(
                Name(group.First),
                [
                    Figures.Count(group.Boundaries.Count),
                    Figures.Count(only),
                    Figures.Count(explanation.VmasWithout(group.First)),
                ]);
        }

        return table;
    }

    private static void Describe(StringBuilder text, ReasonGroup group, Palette palette)
    {
        text.Append(palette.Name(Name(group.First))).Append(": ").Append(ReasonText.Plain(group.First))
            .Append(" (").Append(ReasonText.Kernel(group.First)).Append(")\n");
        var kinds = group.Boundaries.GroupBy(Kind).Where(kind => kind.Key.Length > 0)
            .OrderByDescending(kind => kind.Count()).ThenBy(kind => kind.Key, StringComparer.Ordinal).ToArray();
        foreach (var kind in kinds.Take(MostDetails))
        {
            ulong example = kind.First().Upper.Start;
            text.Append(CultureInfo.InvariantCulture, $"  {kind.Count(),6}  {kind.Key}, e.g. at {example:x}\n");
        }

        if (kinds.Length > MostDetails)
        {
            text.Append(CultureInfo.InvariantCulture, $"          and {kinds.Length - MostDetails} other kinds\n");
        }

        foreach (Remedy remedy in Remedy.For(group))
        {
            string basis = remedy.Basis == RemedyBasis.Measured ? $"measured: {remedy.Shown}" : "inferred";
            string since = remedy.Since.Length > 0 ? $", Linux {remedy.Since}" : "";
            text.Append("  > ").Append(remedy.Text).Append($" ({basis}{since})\n");
        }
    }

    private static string FileOf(SpaceExplanation explanation, VmaImage vma)
    {
        string path = Printable.Of(explanation.PathOf(vma));
        return vma.File.IsNone ? "anonymous" : path.Length > 0 ? path : $"file {vma.File.Value}";
    }

    private static string Between(Boundary boundary, Palette palette) => boundary.Verdict.CanMerge
        ? palette.Good("mergeable now, never retried")
        : palette.Bad(MergeText.Names(boundary.Verdict.Failed, ", "))
            + (boundary.Verdict.First == MergeTests.Flags ? $": {Kind(boundary)}" : "");

    /// <summary>What exactly differs, where there are kinds of it.</summary>
    private static string Kind(Boundary boundary) => boundary.Verdict.First switch
    {
        MergeTests.Flags => FlagsApart(boundary),
        MergeTests.AnonVma => boundary.Lower.Chain.Count > 1 || boundary.Upper.Chain.Count > 1
            ? "different anon_vmas, at least one forked" : "different anon_vmas, neither forked",
        MergeTests.PageOffset => boundary.IsAnonymous ? "anonymous, moved" : "file",
        MergeTests.None => boundary.IsAnonymous ? "anonymous" : "file",
        _ => "",
    };

    private static string FlagsApart(Boundary boundary)
    {
        string below = VmaText.Permissions(boundary.Lower.Flags);
        string above = VmaText.Permissions(boundary.Upper.Flags);
        VmaFlags others = boundary.FlagsApart & ~(VmaFlags.Access | VmaFlags.MayShare | VmaFlags.Shared);
        string permissions = below == above ? below : $"{below} below {above}";
        return others == 0 ? permissions : $"{permissions}; {VmaText.FlagNames(others)}";
    }

    private static string Name(MergeTests test) =>
        test == MergeTests.None ? "mergeable now" : MergeReasons.Name(test);
}
