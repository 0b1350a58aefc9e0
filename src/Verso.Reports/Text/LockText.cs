using System.Globalization;
using Verso.Lab.Locks;
using Verso.Lab.Words;

namespace Verso.Reports.Text;

/// <summary>The locks of a replay as text: the classes, then the locks taken most.</summary>
public static class LockText
{
    /// <summary>Two tables, or a line where no lock was taken.</summary>
    public static string Render(LockTally tally, int most, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(tally);
        if (tally.Classes.Count == 0)
        {
            return "no lock was taken\n";
        }

        TextTable table = new(["reads", "writes", "steps held", "longest", "tasks"]);
        table.Heading("locks taken, by class");
        foreach (LockFigures of in tally.Classes)
        {
            table.Row($"{ClassName(of)}, {Figures.Count(of.Locks)}", Cells(of));
        }

        IReadOnlyList<LockFigures> each = tally.MostTaken(most);
        if (each.Count > 0)
        {
            table.Heading("taken most");
        }

        foreach (LockFigures one in each)
        {
            table.Row(Name(one), Cells(one));
        }

        return table.Render(width, palette);
    }

    /// <summary>The class, as text and JSON have it.</summary>
    public static string ClassName(LockFigures figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        return Kebab.Of(figures.Class.ToString());
    }

    /// <summary>Whose it is: an mm, a file by its name, or what an event of an mm took first.</summary>
    public static string Name(LockFigures figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        string lockClass = ClassName(figures);
        return figures.Class == Engine.LockClass.Mmap ? $"{lockClass} of mm{figures.Mm}"
            : figures.Path is string path ? $"{lockClass} of {Printable.Of(Path.GetFileName(path))}"
            : string.Create(CultureInfo.InvariantCulture, $"{lockClass} of mm{figures.Mm}, #{figures.FirstEvent}");
    }

    private static string[] Cells(LockFigures figures) =>
    [
        Figures.Count(figures.Reads),
        Figures.Count(figures.Writes),
        Figures.Count(figures.Steps),
        Figures.Count(figures.LongestSteps),
        Figures.Count(figures.Tasks),
    ];
}
