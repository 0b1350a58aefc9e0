using System.Globalization;
using System.Text;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Lab.Stepping;
using Verso.Traces;

namespace Verso.Reports.Text;

/// <summary>A step and the state after it as text, in lines that are never longer than they may be.</summary>
public static class StepText
{
    /// <summary>What the marks and letters mean, in short.</summary>
    public const string Legend =
        "+ new, ! changed. Pages: x exclusive, 1-9 mapped so often, w writable, . nothing, z zero page, g guard, "
        + "s swapped, h held, f of a file. frames: numbers; names: the design's object; walk: visited/found.";

    /// <summary>Narrower lists are put below each other: half of a line would be too short for a VMA.</summary>
    private const int NarrowestList = 72;

    /// <summary>The same of pictures.</summary>
    private const int NarrowestGrid = 36;

    private const string Between = " │ ";

    /// <summary>One step, once a design: beside each other where there is room, else below each other.</summary>
    /// <param name="views">The step, once a design.</param>
    /// <param name="total">How many steps there are; null where that is not known.</param>
    /// <param name="width">The longest line.</param>
    /// <param name="palette">Its colours.</param>
    public static string Render(IReadOnlyList<StepView> views, long? total, int width, Palette palette)
    {
        ArgumentNullException.ThrowIfNull(views);
        ArgumentNullException.ThrowIfNull(palette);
        StringBuilder text = new();
        AppendHead(text, views[0], total, width, palette);
        int each = (width - (Between.Length * (views.Count - 1))) / views.Count;
        if (views.Count > 1 && views.All(view => FitsBeside(view, each)))
        {
            AppendBeside(text, [.. views.Select(view => Body(view, each).ToArray())], each);
            return text.ToString();
        }

        foreach (StepView view in views)
        {
            foreach (string line in Body(view, width))
            {
                text.Append(line == view.Design ? palette.Name(line) : line).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>What the step is, on one line.</summary>
    public static string Describe(StepView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        return Printable.Of(view.Op is null ? EventText.Describe(view.Event) : view.Op.ToString());
    }

    /// <summary><c>A 5-7 lower: refused by anon-vma</c>, with pages of the window or addresses.</summary>
    public static string Describe(StepView view, StepMerge merge)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(merge);
        MergeTrial trial = merge.Trial;
        string where = view.Window is { } window
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{merge.Space} pages {window.PageOf(trial.Start)} to {window.PageOf(trial.End) - 1}")
            : string.Create(CultureInfo.InvariantCulture, $"mm{merge.Space} {trial.Start:x}-{trial.End:x}");
        string found = trial.Verdict.CanMerge ? "passed" : $"refused by {MergeText.Names(trial.Verdict.Failed, ", ")}";
        string with = trial.Side switch
        {
            MergeSide.Lower => "with the VMA below",
            MergeSide.Upper => "with the VMA above",
            _ => "with both sides",
        };
        return $"{where} {with}: {found}";
    }

    /// <summary>How a space, a VMA or a page is marked that changed.</summary>
    internal static char Mark(StepChange change) => change switch
    {
        StepChange.New => '+',
        StepChange.Changed => '!',
        StepChange.Gone => '-',
        _ => ' ',
    };

    /// <summary>As scenarios have permissions.</summary>
    internal static string Access(VmaFlags flags) => string.Concat(
        (flags & VmaFlags.Read) != 0 ? 'r' : '-',
        (flags & VmaFlags.Write) != 0 ? 'w' : '-',
        (flags & VmaFlags.Exec) != 0 ? "x" : "");

    /// <summary>The anon_vma, and its chain if that is longer; - where it has none.</summary>
    internal static string Graph(VmaImage vma)
    {
        string own = vma.AnonVma == 0 ? "-" : Number(vma.AnonVma);
        return vma.Chain.Count == 0 || (vma.Chain.Count == 1 && vma.Chain[0] == vma.AnonVma)
            ? own
            : $"{own}({string.Join(',', vma.Chain.Select(Number))})";
    }

    private static void AppendHead(StringBuilder text, StepView view, long? total, int width, Palette palette)
    {
        string count = total is long all
            ? string.Create(CultureInfo.InvariantCulture, $"step {view.Number} of {all}")
            : string.Create(CultureInfo.InvariantCulture, $"step {view.Number}");
        List<string> parts = [count];
        if (view.Op is null)
        {
            TraceEvent e = view.Event;
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"+{e.Time / 1e9:F6} s"));
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"task {e.Task}"));
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"mm{e.Mm}"));
        }

        parts.Add(Describe(view) + (view.Outcome.Length > 0 ? $" -> {view.Outcome}" : ""));
        if (view.Function.Length > 0)
        {
            parts.Add($"[{view.Function}]");
        }

        string[] lines = [.. Fit("", parts, width)];
        text.Append(palette.Bold(lines[0])).Append('\n');
        foreach (string line in lines[1..])
        {
            text.Append(line).Append('\n');
        }
    }

    private static bool FitsBeside(StepView view, int width) =>
        view.Window is null ? width >= NarrowestList : width >= NarrowestGrid && new StepGrid(view, width).IsWhole;

    private static void AppendBeside(StringBuilder text, string[][] bodies, int width)
    {
        for (int at = 0; at < bodies.Max(body => body.Length); at++)
        {
            IEnumerable<string> cells = bodies.Select(body => (at < body.Length ? body[at] : "").PadRight(width));
            text.Append(string.Join(Between, cells).TrimEnd()).Append('\n');
        }
    }

    /// <summary>What one design makes of the step.</summary>
    private static IEnumerable<string> Body(StepView view, int width)
    {
        yield return Prose.Fitting(view.Design, width);
        IEnumerable<string> lines = view.Merges
            .SelectMany(merge => Fit("  ", ["merge", .. Describe(view, merge).Split(' ')], width, " "))
            .Concat(view.Window is null ? view.Spaces.SelectMany(space => Listed(space, width))
                : new StepGrid(view, width).Lines())
            .Concat(Fit("  ", [.. view.Objects.Select(Counted)], width));
        foreach (string line in lines)
        {
            yield return line;
        }
    }

    private static string Counted(StepObjects objects) => string.Create(
        CultureInfo.InvariantCulture,
        $"{objects.Name} {objects.Live}")
        + (objects.More == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({objects.More:+0;-0})"));

    private static IEnumerable<string> Listed(StepSpace space, int width)
    {
        string count = space.Change == StepChange.Gone ? "ended" : Figures.Plural(space.VmaCount, "VMA", "VMAs");
        IEnumerable<string> lines = Fit($"{Mark(space.Change)} ", [$"mm{space.Name}", count], width);
        foreach (StepVma vma in space.Vmas)
        {
            lines = lines.Concat(Fit($"  {Mark(vma.Change)} ", [.. PartsOf(vma)], width));
            IEnumerable<StepPage> pages = vma.Change == StepChange.Gone ? []
                : space.Pages.Where(page => page.Address >= vma.Vma.Start && page.Address < vma.Vma.End);
            lines = pages.Aggregate(
                lines, (all, page) => all.Concat(Fit($"    {Mark(page.Change)} ", [.. PartsOf(page)], width)));
        }

        return space.Untold == 0
            ? lines
            : lines.Concat(Fit("    ", [$"{Figures.Plural(space.Untold, "more VMA", "more VMAs")} changed"], width));
    }

    private static IEnumerable<string> PartsOf(StepVma vma)
    {
        VmaImage image = vma.Vma;
        yield return $"{image.Start:x}-{image.End:x} {VmaText.Permissions(image.Flags)}";
        if (DrawnVma.Words(image.Flags) is { Length: > 0 } flags)
        {
            yield return flags;
        }

        if (image.AnonVma != 0 || image.Chain.Count > 0)
        {
            yield return $"anon_vma {(image.AnonVma == 0 ? "-" : Number(image.AnonVma))}";
            if (image.Chain.Count != 1 || image.Chain[0] != image.AnonVma)
            {
                IEnumerable<string> links = image.Chain.Count <= 6
                    ? image.Chain.Select(Number)
                    : [.. image.Chain.Take(4).Select(Number), "..", Number(image.Chain[^1])];
                yield return $"chain {string.Join(',', links)}";
            }
        }

        if (image.Traits.Name is string name)
        {
            yield return $"[{Printable.Of(name)}]";
        }

        if (vma.File.Length > 0)
        {
            yield return $"pgoff {image.Pgoff:x}";
            yield return Printable.Of(vma.File);
        }
        else if (vma.IsMoved)
        {
            yield return $"pgoff {image.Pgoff:x}";
        }
    }

    private static IEnumerable<string> PartsOf(StepPage page)
    {
        yield return $"{page.Address:x}";
        yield return $"{page.Letter}{(page.View.Writable && !page.View.Frame.IsNone ? "w" : "")}";
        if (!page.View.Frame.IsNone)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"frame {page.View.Frame.Value}, map count {page.View.MapCount}");
            yield return page.Names == 0 ? "names nothing" : $"names {Number((ulong)page.Names)}";
        }

        if (page.Walk is { } walk)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"walk {walk.Visited}/{walk.Useful}");
        }
    }

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Parts on one line or more: one that does not fit begins the next line, indented; only one that is longer than a
    /// line alone is divided at its blanks, or else loses its beginning.
    /// </summary>
    private static IEnumerable<string> Fit(string first, IReadOnlyList<string> parts, int width, string between = "  ")
    {
        string indent = new(' ', first.Length + 2);
        StringBuilder line = new(first);
        bool isFresh = true;
        foreach ((string part, bool isRest) in parts.SelectMany(part => Divided(part, width - indent.Length)))
        {
            string gap = isRest ? " " : between;
            if (!isFresh && line.Length + gap.Length + part.Length > width)
            {
                yield return line.ToString().TrimEnd();
                line.Clear().Append(indent);
                isFresh = true;
            }

            line.Append(isFresh ? "" : gap).Append(part);
            isFresh = false;
        }

        if (!isFresh)
        {
            yield return line.ToString().TrimEnd();
        }
    }

    private static IEnumerable<(string Text, bool IsRest)> Divided(string part, int width) => part.Length <= width
        ? [(part, false)]
        : part.Split(' ').Select((word, at) => (Prose.Fitting(word, Math.Max(width, 4)), at > 0));
}
