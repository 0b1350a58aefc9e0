using System.Globalization;
using System.Text;
using Verso.Engine.Images;
using Verso.Engine.ReverseMaps;
using Verso.Lab.Playing;

namespace Verso.Engine.Tests.Conformance;

/// <summary>All that can be seen of a run as text, for S7: the same steps give the same text, byte for byte.</summary>
internal sealed class RunDigest(EngineStage driver) : Observer<Op, ConformanceOutcome>
{
    private readonly StringBuilder _text = new();

    public string Text => _text.ToString();

    /// <inheritdoc/>
    public override string? Observe(long position, in Op step, in ConformanceOutcome outcome)
    {
        if (step.Kind != OpKind.Fail)
        {
            Line($"{step}: {outcome.Seen}");
        }

        return null;
    }

    /// <summary>Every VMA, anon_vma and entry.</summary>
    public void NoteState()
    {
        foreach ((char letter, MmId mm) in driver.Mms)
        {
            MmImage image = driver.Machine.Capture(mm);
            Line($"{letter} brk {image.Brk:x} flags {image.DefaultFlags}");
            foreach (VmaImage vma in image.Vmas)
            {
                string chain = string.Join(',', vma.Chain);
                Line($"{vma.Start:x}-{vma.End:x} {vma.Flags} {vma.Pgoff} {vma.File} {vma.AnonVma} [{chain}]");
                for (ulong at = vma.Start; at < vma.End; at += Page.Size)
                {
                    Line($"  {driver.Machine.PageAt(mm, at)}");
                }
            }

            foreach (AnonVmaImage node in image.AnonVmas)
            {
                Line($"{node}");
            }
        }
    }

    /// <summary>Every counter and every kind of object.</summary>
    public void NoteCounts()
    {
        foreach (System.Reflection.FieldInfo field in typeof(Counters).GetFields())
        {
            object? value = field.GetValue(driver.Machine.Counters);
            Line($"{field.Name} {(value is long[] each ? string.Join(',', each) : value)}");
        }

        foreach (DesignFigure figure in driver.Machine.Figures)
        {
            Line($"{figure.Name} {figure.Value}");
        }

        foreach (Ledger.Row row in driver.Machine.Ledger.Rows)
        {
            Line($"{row.Name} {row.Live} {row.Peak} {row.Allocated} {row.AllocatedAtomic}");
        }
    }

    private void Line(FormattableString line) => _text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
