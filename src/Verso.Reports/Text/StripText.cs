using System.Globalization;
using System.Text;
using Verso.Engine.Images;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>
/// Some VMAs in a row, with what stands between them: ASCII of at most 80 columns, to paste into a mail.
/// </summary>
public static class StripText
{
    private const int Columns = 80;
    private const int RangeColumns = 25;
    private const int SizeColumns = 7;
    private const int GraphColumns = 8;

    /// <summary>One line a VMA, one line between two.</summary>
    public static string Render(SpaceExplanation explanation, SpaceStrip strip, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        ArgumentNullException.ThrowIfNull(strip);
        ArgumentNullException.ThrowIfNull(palette);
        Dictionary<ulong, Boundary> boundaries = explanation.Boundaries.ToDictionary(each => each.Upper.Start);
        StringBuilder text = new();
        ChainNames names = new();
        string rules = RulesText.Of(explanation);
        if (rules.Length > 0)
        {
            Prose.Wrap(text, "", rules, 2);
        }

        if (strip.Hole is Hole hole)
        {
            text.Append(Inside(strip, hole)).Append('\n');
        }

        if (strip.Vmas.Count > 0)
        {
            text.Append("  ").Append("VMA".PadRight(RangeColumns + 5 + SizeColumns)).Append("  anon_vma file\n");
        }

        VmaImage? below = null;
        foreach (VmaImage vma in strip.Vmas)
        {
            if (below is not null)
            {
                text.Append(boundaries.TryGetValue(vma.Start, out Boundary? boundary)
                    ? Barrier(boundary, palette)
                    : Gap(strip, below.End, vma.Start, palette));
            }

            text.Append(strip.IsMeant(vma) ? palette.Bold("> ") : "  ")
                .Append(Line(explanation, vma, names)).Append('\n');
            below = vma;
        }

        return text.ToString();
    }

    private static string Inside(SpaceStrip strip, Hole hole)
    {
        string what = strip.Low == strip.High
            ? string.Create(CultureInfo.InvariantCulture, $"{strip.Low:x} is")
            : string.Create(CultureInfo.InvariantCulture, $"{strip.Low:x}-{strip.High + 1:x} is");
        return hole.Start == 0 ? $"{what} below the first VMA"
            : hole.End == ulong.MaxValue ? $"{what} above the last VMA"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{what} in no VMA: in a hole of {Size(hole.End - hole.Start)} at {hole.Start:x}");
    }

    private static string Line(SpaceExplanation explanation, VmaImage vma, ChainNames names)
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"{vma.Start:x}-{vma.End:x}").PadRight(RangeColumns);
        string line = $"{range} {VmaText.Permissions(vma.Flags)} {Size(vma.End - vma.Start).PadLeft(SizeColumns)} "
            + $"{Graph(explanation, vma, names).PadRight(GraphColumns)} ";
        return line + Prose.Fitting(NameOf(explanation, vma), Columns - 2 - line.Length);
    }

    /// <summary>The anon_vma: A, or A+2 for one with two of its ancestors behind it; - if there is none.</summary>
    private static string Graph(SpaceExplanation explanation, VmaImage vma, ChainNames names) =>
        explanation.Source == ExplanationSource.Proc ? "?"
        : vma.AnonVma == 0 ? "-"
        : names.Of(vma.AnonVma) + (vma.Chain.Count > 1 ? $"+{vma.Chain.Count - 1}" : "");

    private static string NameOf(SpaceExplanation explanation, VmaImage vma)
    {
        string name = vma.Traits.Name is string given ? $" [{Printable.Of(given)}]" : "";
        return BoundaryText.NameOf(explanation, vma) + name;
    }

    private static string Barrier(Boundary boundary, Palette palette)
    {
        StringBuilder text = new();
        Prose.Wrap(text, "  ----- ", BoundaryText.Line(boundary), 8);
        string lines = text.ToString().TrimEnd('\n');
        return (boundary.Standing == BoundaryStanding.Never ? lines
            : boundary.Verdict.CanMerge ? palette.Good(lines)
            : palette.Bad(lines)) + "\n";
    }

    private static string Gap(SpaceStrip strip, ulong start, ulong end, Palette palette)
    {
        bool isMeant = strip.Hole is Hole hole && hole.Start == start;
        return $"{(isMeant ? palette.Bold("> ") : "  ")}      (hole of {Size(end - start)})\n";
    }

    private static string Size(ulong bytes)
    {
        string[] units = ["B", "K", "M", "G", "T", "P"];
        double scaled = bytes;
        int unit = 0;
        while (scaled >= 1024 && unit < units.Length - 1)
        {
            scaled /= 1024;
            unit++;
        }

        string format = scaled == Math.Floor(scaled) ? "F0" : "F1";
        return scaled.ToString(format, CultureInfo.InvariantCulture) + units[unit];
    }
}
