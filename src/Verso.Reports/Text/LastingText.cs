using System.Globalization;
using System.Text;
using Verso.Lab.Explain;

namespace Verso.Reports.Text;

/// <summary>The pairs that never could be one.</summary>
internal static class LastingText
{
    private const int MostKinds = 3;

    internal static void Append(StringBuilder text, SpaceExplanation explanation, Palette palette)
    {
        text.Append(palette.Name("never one")).Append('\n');
        FileNamePatterns names = new(explanation);
        foreach (LastingGroup group in explanation.Lasting)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {group.Boundaries.Count,6}  ")
                .Append(ReasonText.Plain(group.Reason)).Append(", ")
                .Append(ExplainText.Examples(group.Boundaries)).Append('\n');
            var kinds = ExplainText.ByKind(
                group.Boundaries, boundary => BoundaryText.LastingKind(names, boundary));
            foreach (var kind in kinds.Take(MostKinds))
            {
                text.Append(CultureInfo.InvariantCulture, $"          {kind.Count(),6}  {kind.Key}\n");
            }

            if (kinds.Length > MostKinds)
            {
                text.Append("                  and ")
                    .Append(Figures.Plural(kinds.Length - MostKinds, "other", "others")).Append('\n');
            }

            if (group.Reason == LastingReason.TwoFiles && explanation.DeletedFiles > 0)
            {
                Prose.Wrap(
                    text,
                    "          ",
                    $"{Figures.Plural(explanation.DeletedFileVmas, "VMA maps", "VMAs map")} "
                        + $"{Figures.Plural(explanation.DeletedFiles, "deleted file", "deleted files")}",
                    10);
            }

            RemedyText.Append(text, explanation.Offers(group), explanation.Kernel);
        }
    }
}
