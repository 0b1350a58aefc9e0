using System.Globalization;
using Verso.Lab.Locks;
using Verso.Lab.Words;

namespace Verso.Reports.Text;

/// <summary>What locks are called.</summary>
public static class LockText
{
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
}
