using System.Text;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Replay;

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
            foreach (DesignOption option in facts.Options)
            {
                text.Append($"  option {option.Name}: {option.Meaning}\n");
                foreach (OptionValue value in option.Values)
                {
                    string mark = value == option.Values[0] ? " (default)"
                        : value.Soundness == Soundness.Broken ? " (broken: breaks the specification)" : "";
                    text.Append($"    {option.Name}={value.Name}  {value.Meaning}{mark}\n");
                }
            }
        }

        return text.ToString();
    }
}
