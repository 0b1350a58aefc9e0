using System.Text;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Fidelity;

namespace Verso.Reports.Text;

/// <summary>The catalogue of designs as text.</summary>
public static class CatalogueText
{
    public static string Render(IReadOnlyList<Catalogue.Entry> designs, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(designs);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        foreach (DesignFacts facts in designs.Select(entry => entry.Facts))
        {
            string owner = facts.Owner == PageOwner.PageTable ? "pages owned by page tables" : "pages owned by objects";
            string reference = facts.Name == ReferenceDesign.Name ? ", the reference" : "";
            text.Append(palette.Name(facts.Name)).Append('\n')
                .Append($"  {facts.Summary}\n")
                .Append($"  {facts.Source}; {owner}{reference}\n");
        }

        return text.ToString();
    }
}
