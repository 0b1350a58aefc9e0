using System.Globalization;
using System.Text;
using Verso.Lab.Snapshots;

namespace Verso.Reports.Text;

/// <summary>How many pages of private file mappings are copies, and how many follow the file.</summary>
internal static class FilePagesText
{
    private const int PathColumns = 32;

    /// <summary>The sum, and of how many address spaces it is not known and why; nothing where there is none.</summary>
    internal static void AppendTotals(StringBuilder text, FileMappings mappings)
    {
        FileMappingFigures all = mappings.All;
        if (all.Vmas > 0)
        {
            Prose.Wrap(
                text,
                "  ",
                $"{Figures.Plural(all.Vmas, "private file mapping", "private file mappings")}, "
                    + $"{Figures.Plural(all.Pages, "page", "pages")}: {Figures.Count(all.Copied)} copied, "
                    + $"{Figures.Count(all.Following)} follow the file ({Figures.Count(all.Mapped)} mapped)",
                4);
        }

        foreach ((FilePagesGap reason, int spaces) in mappings.NotKnown)
        {
            Prose.Wrap(
                text,
                "  ",
                "pages of private file mappings not known of "
                    + $"{Figures.Plural(spaces, "address space", "address spaces")}: {WordsOf(reason)}",
                4);
        }
    }

    /// <summary>Address spaces, if there are several, and files; those with the most copies first.</summary>
    internal static void AppendTable(StringBuilder text, FileMappings mappings, int top, int width, Palette palette)
    {
        if (mappings.All.Vmas == 0)
        {
            return;
        }

        text.Append('\n').Append(palette.Bold("pages of private file mappings")).Append('\n');
        IReadOnlyList<ProcessFilePages> spaces = mappings.ByProcess;
        if (spaces.Count > 1)
        {
            Append(
                spaces.Select(space => (
                    string.Create(CultureInfo.InvariantCulture, $"{space.Pid} {Printable.Of(space.Command)}"),
                    space.Figures!.Value)),
                spaces.Count);
        }

        IReadOnlyList<FileFigures> files = mappings.ByFile;
        Append(files.Select(file => (NameOf(file), file.Figures)), files.Count);

        void Append(IEnumerable<(string Label, FileMappingFigures Figures)> rows, int count)
        {
            TextTable table = new(["VMAs", "pages", "copied", "mapped", "not mapped"]);
            foreach ((string label, FileMappingFigures figures) in rows.Take(top))
            {
                table.Row(
                    label,
                    [
                        Figures.Count(figures.Vmas),
                        Figures.Count(figures.Pages),
                        Figures.Count(figures.Copied),
                        Figures.Count(figures.Mapped),
                        Figures.Count(figures.NotMapped),
                    ]);
            }

            text.Append(table.Render(width, palette));
            text.Append(count > top ? $"  and {Figures.Count(count - top)} more\n" : "");
        }
    }

    // The end of a path tells more than its beginning. Cut first: what is cut may be half of a character.
    private static string NameOf(FileFigures file) =>
        file.Path.Length == 0 ? string.Create(CultureInfo.InvariantCulture, $"inode {file.Inode}")
            : Printable.Of(file.Path.Length <= PathColumns ? file.Path : $"...{file.Path[^(PathColumns - 3)..]}");

    private static string WordsOf(FilePagesGap reason) => reason switch
    {
        FilePagesGap.NoPagemap => "the kernel has no /proc/PID/pagemap (CONFIG_PROC_PAGE_MONITOR)",
        FilePagesGap.Refused => "/proc/PID/pagemap may not be read (CAP_SYS_PTRACE is missing)",
        FilePagesGap.Changed => "it ended or its file mappings changed while they were counted",
        _ => "the snapshot does not say (an earlier version took it, or they ended meanwhile)",
    };
}
