using System.Globalization;
using Verso.Engine;

namespace Verso.Linux.Proc;

/// <summary>What this machine commits at once with heuristic overcommit: its memory and its swap.</summary>
public static class CommittableMemory
{
    private const string Path = "/proc/meminfo";
    private const ulong PagesOfNone = ulong.MaxValue;

    /// <summary>In pages; without end where <c>/proc/meminfo</c> cannot be read.</summary>
    public static ulong Pages()
    {
        try
        {
            return File.Exists(Path) ? PagesOf(File.ReadLines(Path)) : PagesOfNone;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return PagesOfNone;
        }
    }

    /// <summary>The same of the lines of such a file; without end if none of them tells.</summary>
    public static ulong PagesOf(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ulong[] kibibytes =
        [
            .. lines
                .Where(line => line.StartsWith("MemTotal:", StringComparison.Ordinal)
                    || line.StartsWith("SwapTotal:", StringComparison.Ordinal))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words.Length > 1)
                .Select(words => ulong.Parse(words[1], CultureInfo.InvariantCulture)),
        ];
        return kibibytes.Length == 0
            ? PagesOfNone
            : kibibytes.Aggregate(0UL, (sum, each) => sum + each) * 1024 / Page.Size;
    }
}
