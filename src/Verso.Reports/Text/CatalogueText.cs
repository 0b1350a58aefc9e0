using System.Text;
using Verso.Engine;
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
            foreach (KernelStruct kind in Enum.GetValues<KernelStruct>())
            {
                AppendLayout(text, facts, kind);
            }

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

    /// <summary>The design's fields in a struct of Linux, and what they add to it or take from it.</summary>
    private static void AppendLayout(StringBuilder text, DesignFacts facts, KernelStruct kind)
    {
        string fields = string.Join(", ", facts.Layout.Where(field => field.Struct == kind).Select(
            field => $"{field.Name} {KernelSize.Words(field.Words).On64}"));
        int added = facts.AddedTo(kind).On64;
        if (fields.Length > 0 || added != 0)
        {
            string change = added == 0 ? "as today" : $"{added:+0;-0} bytes";
            text.Append($"  in {NameOf(kind)}: {(fields.Length > 0 ? fields : "nothing")} ({change})\n");
        }
    }

    private static string NameOf(KernelStruct kind) => kind switch
    {
        KernelStruct.Vma => "vm_area_struct",
        KernelStruct.Mm => "mm_struct",
        _ => "struct page",
    };
}
