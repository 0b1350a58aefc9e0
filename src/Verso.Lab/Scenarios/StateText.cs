using System.Globalization;
using System.Text;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Scenarios;

/// <summary>The state of address spaces as text, a line each, the same for engine and kernel.</summary>
/// <remarks>
/// <code>
///   A: 4+3 rw 1 .x. | 9+1 r- - . | 10+2 rw f@3 2(2,1) .1 | 13+1 rw [heap] - .      [heap]: its name
///      |   |  | |              |    |          ||     pages: . nothing, x exclusive, 1-9 mapped so often, z zero
///      |   |  | pages          |    |          ||            page, g guard, s swapped; of files nothing is told,
///      |   |  |                |    |          ||            and ?... of more than 256 pages
///      |   |  anon_vma, - none |    |          |its chain, newest first, unless that is the anon_vma alone
///      |   permissions, and    |    |          anon_vma: numbered as they first appear, A first
///      |   flags after commas  |    file and its page offset; an anonymous VMA's pgoff only if it has moved
///      first page + pages      next VMA
/// </code>
/// </remarks>
public sealed class StateText
{
    /// <summary>What is said of the pages of a VMA that has more of them than anybody reads.</summary>
    private const string PagesUntold = "?...";

    private const long MostPagesTold = 256;

    private const VmaFlags Said = VmaFlags.Access | VmaFlags.MayAccess | VmaFlags.Account | VmaFlags.SoftDirty;

    private static readonly VmaFlags[] FlagsByBit =
        [.. Enumerable.Range(0, 64).Select(bit => (VmaFlags)(1UL << bit))];

    private readonly Dictionary<ulong, int> _numbers = [];

    /// <summary>One line for each of these address spaces, in this order.</summary>
    public static IReadOnlyList<(char Mm, string Text)> Of(IStage stage, Window window, IEnumerable<char> mms)
    {
        StateText text = new();
        return [.. mms.Select(mm => (mm, text.Line(stage, window, mm)))];
    }

    /// <summary>What VMAs with these flags are called besides their permissions; empty for a plain one.</summary>
    public static string FlagNames(VmaFlags flags) => string.Concat(FlagsByBit
        .Where(flag => (flags & ~Said & flag) != 0)
        .Select(flag => "," + flag.ToString().ToLowerInvariant()));

    private string Line(IStage stage, Window window, char mm)
    {
        StringBuilder text = new();
        Span<PageCell> cells = stackalloc PageCell[Window.Pages + (2 * Window.PagesAround)];
        stage.ReadPages(mm, -Window.PagesAround, cells);
        foreach (VmaImage vma in stage.Capture(mm).Vmas)
        {
            text.Append(text.Length == 0 ? "" : " | ");
            long first = window.PageOf(vma.Start);
            long pages = window.PageOf(vma.End) - first;
            text.Append(CultureInfo.InvariantCulture, $"{first}+{pages} ").Append(Permissions(vma.Flags));
            text.Append(FlagNames(vma.Flags)).Append(' ').Append(vma.Traits.Name is string given ? $"[{given}] " : "");
            text.Append(Behind(stage, window, vma)).Append(Graph(vma));
            text.Append(' ');
            AppendPages(text, cells, first, pages);
        }

        return text.Length == 0 ? "nothing" : text.ToString();
    }

    private static void AppendPages(StringBuilder text, ReadOnlySpan<PageCell> cells, long first, long pages)
    {
        if (pages > MostPagesTold)
        {
            text.Append(PagesUntold);
            return;
        }

        for (long page = first; page < first + pages; page++)
        {
            long at = page + Window.PagesAround;
            text.Append(at >= 0 && at < cells.Length ? cells[(int)at].Letter : '?');
        }
    }

    private static string Behind(IStage stage, Window window, VmaImage vma)
    {
        string? name = stage.NameOf(vma);
        return name is not null ? string.Create(CultureInfo.InvariantCulture, $"{name}@{vma.Pgoff} ")
            : IsSpecialMapping(vma) ? string.Create(CultureInfo.InvariantCulture, $"special@{vma.Pgoff} ")
            : vma.Pgoff == vma.Start >> Page.Shift ? ""
            : string.Create(CultureInfo.InvariantCulture, $"@{window.PageOf(vma.Pgoff << Page.Shift)} ");
    }

    private static bool IsSpecialMapping(VmaImage vma) =>
        new Vma { File = vma.File, Flags = vma.Flags }.IsSpecialMapping;

    private string Graph(VmaImage vma)
    {
        if (vma.AnonVma == 0 && vma.Chain.Count == 0)
        {
            return "-";
        }

        string anonVma = Number(vma.AnonVma);
        return vma.Chain.Count == 1 && vma.Chain[0] == vma.AnonVma
            ? anonVma
            : $"{anonVma}({string.Join(',', vma.Chain.Select(Number))})";
    }

    private string Number(ulong id)
    {
        if (id == 0)
        {
            return "-";
        }

        if (!_numbers.TryGetValue(id, out int number))
        {
            number = _numbers.Count + 1;
            _numbers.Add(id, number);
        }

        return number.ToString(CultureInfo.InvariantCulture);
    }

    private static string Permissions(VmaFlags flags) => string.Concat(
        (flags & VmaFlags.Read) != 0 ? 'r' : '-',
        (flags & VmaFlags.Write) != 0 ? 'w' : '-',
        (flags & VmaFlags.Exec) != 0 ? "x" : "");
}
