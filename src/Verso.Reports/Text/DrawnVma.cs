using System.Globalization;
using Verso.Engine.Vmas;
using Verso.Lab.Scenarios;

namespace Verso.Reports.Text;

/// <summary>One VMA of a state; see <see cref="StateText"/>.</summary>
/// <param name="First">Its first page.</param>
/// <param name="Pages">How many.</param>
/// <param name="Access">Its permissions.</param>
/// <param name="Flags">Its flags as /proc/PID/smaps names them, a space between.</param>
/// <param name="Behind">Its name, the file and page, or where a moved one was at home; empty for none.</param>
/// <param name="AnonVma">The number of its anon_vma, - for none.</param>
/// <param name="Chain">The numbers on its chain, newest first; empty if that is the anon_vma alone.</param>
/// <param name="Cells">One letter a page; empty for so many that they are not told.</param>
internal sealed record DrawnVma(
    long First, long Pages, string Access, string Flags, string Behind, string AnonVma, string[] Chain, string Cells)
{
    /// <summary>VmFlags of Documentation/filesystems/proc.rst; shared mappings say that once.</summary>
    private static readonly Dictionary<string, string> Mnemonics = new()
    {
        ["shared"] = "sh",
        ["mayshare"] = "",
        ["growsdown"] = "gd",
        ["locked"] = "lo",
        ["lockonfault"] = "lf",
        ["seqread"] = "sr",
        ["randread"] = "rr",
        ["dontcopy"] = "dc",
        ["dontexpand"] = "de",
        ["noreserve"] = "nr",
        ["wipeonfork"] = "wf",
        ["dontdump"] = "dd",
        ["hugepage"] = "hg",
        ["nohugepage"] = "nh",
        ["mergeable"] = "mg",
        ["maybeguard"] = "gu",
        ["droppable"] = "dp",
    };

    /// <summary>The last page.</summary>
    public long Last => First + Math.Max(Pages, 1) - 1;

    /// <summary>The anon_vma and its chain on one line.</summary>
    public string Graph => Chain.Length == 0 ? AnonVma : $"{AnonVma}({string.Join(',', Chain)})";

    /// <summary>The VMAs of a state; none for an address space without.</summary>
    public static DrawnVma[] ParseAll(string state) =>
        [.. state.Split(" | ").Select(Parse).OfType<DrawnVma>()];

    /// <summary>Flags besides permissions as smaps names them, a blank between.</summary>
    public static string Words(VmaFlags flags) => Words(StateText.FlagNames(flags).Split(',')[1..]);

    private static string Words(IEnumerable<string> flags) => string.Join(
        ' ', flags.Select(flag => Mnemonics.GetValueOrDefault(flag, flag)).Where(flag => flag.Length > 0));

    private static DrawnVma? Parse(string text)
    {
        string[] words = text.Split(' ');
        if (words.Length < 4)
        {
            return null;
        }

        string[] range = words[0].Split('+');
        string[] flags = words[1].Split(',');
        string[] graph = words[^2].TrimEnd(')').Split('(');
        long pages = long.Parse(range[1], CultureInfo.InvariantCulture);
        return new DrawnVma(
            long.Parse(range[0], CultureInfo.InvariantCulture),
            pages,
            flags[0],
            Words(flags[1..]),
            string.Join(' ', words[2..^2]),
            graph[0],
            graph.Length > 1 ? graph[1].Split(',') : [],
            words[^1].Length == pages ? words[^1] : "");
    }
}
