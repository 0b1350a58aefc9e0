using System.Text;
using Verso.Engine.Vmas;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Lab.Words;

namespace Verso.Reports.Text;

/// <summary>The differences between a replay and the kernel, to find their cause by.</summary>
public static class DifferenceText
{
    /// <summary>Every kept difference, then the calls whose results differed.</summary>
    public static string Render(ReplayResult result, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(result);
        StringBuilder text = new();
        FidelityResult fidelity = result.Fidelity;
        int number = 0;
        foreach (Difference difference in fidelity.Differences)
        {
            string title = $"difference {++number} of {Figures.Count(fidelity.DistinctDifferences)}";
            Append(text, difference, title, palette);
        }

        foreach (CallMismatch mismatch in result.Calls.FirstMismatches)
        {
            text.Append(palette.Bad("call: "))
                .Append(EventText.Line(mismatch.Event))
                .Append($", the replay gives {EventText.ResultOf(mismatch.Ours)}\n");
        }

        return text.ToString();
    }

    /// <summary>Names of causes as text and JSON have them.</summary>
    public static string Name(DifferenceCauses cause) => Kebab.Of(cause.ToString());

    private static void Append(StringBuilder text, Difference difference, string title, Palette palette)
    {
        string causes = string.Join(", ", Split(difference.Causes).Select(Name));
        text.Append(palette.Bold($"{title}: VMA 0x{difference.Start:x} of mm{difference.Checkpoint.Mm}: "))
            .Append(palette.Bad(causes)).Append('\n')
            .Append("  at      ")
            .Append(EventText.Line(new NumberedEvent(difference.EventNumber, difference.Checkpoint))).Append('\n');
        AppendSide(text, "kernel", difference.Kernels);
        AppendSide(text, "ours", difference.Ours);
        if ((difference.Causes & DifferenceCauses.Flags) != 0)
        {
            VmaFlags kernels = difference.Kernels!.Vma.Flags & ComparedFlags.Mask;
            VmaFlags ours = difference.Ours!.Vma.Flags & ComparedFlags.Mask;
            text.Append($"  flags   only kernel: {VmaText.FlagNames(kernels & ~ours)}; ")
                .Append($"only ours: {VmaText.FlagNames(ours & ~kernels)}\n");
        }

        foreach (NumberedEvent entry in difference.History)
        {
            text.Append("  before  ").Append(EventText.Line(entry)).Append('\n');
        }

        text.Append('\n');
    }

    private static void AppendSide(StringBuilder text, string side, VmaDescription? description)
    {
        text.Append($"  {side,-7} ");
        if (description is null)
        {
            text.Append("no VMA begins here\n");
            return;
        }

        text.Append(VmaText.Line(description)).Append('\n')
            .Append("          ").Append(VmaText.Chain(description, new ChainNames())).Append('\n');
    }

    internal static IEnumerable<DifferenceCauses> Split(DifferenceCauses causes)
    {
        for (int bits = (int)causes; bits != 0; bits &= bits - 1)
        {
            yield return (DifferenceCauses)(bits & -bits);
        }
    }
}
