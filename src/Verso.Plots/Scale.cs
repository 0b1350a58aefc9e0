using ScottPlot;
using ScottPlot.TickGenerators;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Plots;

/// <summary>From numbers to places on an axis, and back to what stands beside it.</summary>
/// <param name="Column">Whose numbers they are.</param>
/// <param name="IsLogarithmic">Places are powers of ten; 0 has none.</param>
/// <param name="Highest">The highest number, which bytes are shown in KiB, MiB or GiB by.</param>
internal sealed record Scale(Column Column, bool IsLogarithmic, double Highest)
{
    private const int Steps = 3;

    private static readonly string[] s_units = ["bytes", "KiB", "MiB", "GiB"];

    /// <summary>What a number of the axis counts; empty: what the figure's title says.</summary>
    internal string Title => (Column.Unit == Unit.Bytes ? s_units[Step] : "") + (IsLogarithmic ? " (logarithmic)" : "");

    internal ITickGenerator Ticks => IsLogarithmic
        ? new NumericAutomatic { IntegerTicksOnly = true, LabelFormatter = place => Label(Math.Pow(10, place)) }
        : new NumericAutomatic
        {
            IntegerTicksOnly = Column.Unit == Unit.Count,
            LabelFormatter = Label,
            MinimumTickSpacing = 24,
        };

    private int Step => Column.Unit != Unit.Bytes || Highest < 2048 ? 0
        : Math.Min((int)Math.Log(Highest, 1024), Steps);

    /// <summary>Where a number is; NaN: nowhere.</summary>
    internal double Place(Cell cell) => cell.Number is not double number ? double.NaN
        : !IsLogarithmic ? number / Math.Pow(1024, Step)
        : number > 0 ? Math.Log10(number / Math.Pow(1024, Step))
        : double.NaN;

    private static string Label(double number) => double.IsInteger(number)
        ? Figures.Count((long)number)
        : $"{number:0.###}";
}
