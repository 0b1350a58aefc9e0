using Verso.Lab.Stepping;
using Verso.Lab.Words;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>Steps, a section each.</summary>
public static class StepReport
{
    /// <summary>The longest line: two designs stand beside each other, and a browser scrolls.</summary>
    private const int Width = 130;

    /// <summary>A step, once a design.</summary>
    public static Section Section(IReadOnlyList<StepView> views, long? total)
    {
        ArgumentNullException.ThrowIfNull(views);
        string text = StepText.Render(views, total, Width, Palette.Plain);
        return new Section(
            $"step-{views[0].Number}",
            $"{views[0].Number}  {StepText.Describe(views[0])}",
            [new Preformatted(text)])
        {
            Marks =
            [
                .. Enum.GetValues<StepMarks>()
                    .Where(mark => mark != StepMarks.None && views.Any(view => view.Marks.HasFlag(mark)))
                    .Select(mark => Kebab.Of(mark.ToString())),
            ],
        };
    }

    /// <summary>All of them.</summary>
    /// <param name="sections">A section a step.</param>
    /// <param name="subject">What is stepped through.</param>
    /// <param name="command">By what command.</param>
    /// <param name="generator">The program and its version.</param>
    public static Report Of(IReadOnlyList<Section> sections, string subject, string command, string generator) => new()
    {
        Title = $"Step by step: {subject}",
        Command = command,
        Generator = generator,
        Sections = sections,
        IsStepped = true,
        Legend = StepText.Legend,
    };
}
