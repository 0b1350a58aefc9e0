using System.Globalization;
using Verso.Engine;

namespace Verso.Traces.Importers;

/// <summary>What a PERF_RECORD_MMAP2 says: a VMA as it is after the call, merged with its neighbours.</summary>
/// <param name="Start">First byte address.</param>
/// <param name="End">One past the last.</param>
/// <param name="Offset">Bytes into the file; for anonymous memory the offset that vm_pgoff stands for.</param>
/// <param name="Device">Major number in the upper bits, minor in the lower 20.</param>
/// <param name="Inode">
/// Inode number; 0 where there is no file, where the line has a build id instead, and of the first System V segment.
/// </param>
/// <param name="Access"><c>rwxp</c>, as in /proc/pid/maps.</param>
/// <param name="Path">Path, or a name such as [stack] or //anon.</param>
internal readonly record struct PerfMapping(
    ulong Start, ulong End, ulong Offset, ulong Device, ulong Inode, string Access, string Path)
{
    private const int MinorBits = 20;

    /// <summary>Memory behind which there is a file; shared anonymous memory has shmem's.</summary>
    public bool IsFile =>
        IsNumbered || Access[3] == 's' || (Path.StartsWith('/') && !Path.StartsWith("//", StringComparison.Ordinal));

    /// <summary>Device and inode are known.</summary>
    public bool IsNumbered => (Device | Inode) != 0;

    /// <summary>
    /// Reads <c>942/942: [0x7f7d656d0000(0xa000) @ 0 fe:00 725 3376728414]: r--p /etc/ld.so.cache</c>.
    /// </summary>
    public static bool TryRead(string text, out PerfMapping found)
    {
        found = default;
        int open = text.IndexOf('[');
        int close = text.IndexOf("]: ", StringComparison.Ordinal);
        if (open < 0 || close < open)
        {
            return false;
        }

        string[] words = text[(open + 1)..close].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string tail = text[(close + 3)..];
        int space = tail.IndexOf(' ');
        if (words.Length is < 3 or > 6 || words[1] != "@" || space != 4
            || !TryReadRange(words[0], out ulong start, out ulong end)
            || !StraceValue.TryParseNumber(words[2], out ulong offset))
        {
            return false;
        }

        ulong device = 0;
        ulong inode = 0;
        if (words.Length == 6
            && !(TryReadDevice(words[3], out device) && StraceValue.TryParseNumber(words[4], out inode)))
        {
            return false;
        }

        found = new PerfMapping(start, end, offset, device, inode, tail[..4], tail[5..]);
        return true;
    }

    private static bool TryReadRange(string word, out ulong start, out ulong end)
    {
        end = 0;
        start = 0;
        int open = word.IndexOf('(');
        if (open < 0 || !word.EndsWith(')') || !StraceValue.TryParseNumber(word.AsSpan(0, open), out start)
            || !StraceValue.TryParseNumber(word.AsSpan(open + 1, word.Length - open - 2), out ulong length)
            || !Page.IsAligned(start | length) || length is 0 or > Page.TaskSize || start > Page.TaskSize - length)
        {
            return false;
        }

        end = start + length;
        return true;
    }

    private static bool TryReadDevice(string word, out ulong device)
    {
        device = 0;
        int colon = word.IndexOf(':');
        if (colon < 0 || !TryReadHex(word.AsSpan(0, colon), out uint major)
            || !TryReadHex(word.AsSpan(colon + 1), out uint minor))
        {
            return false;
        }

        device = ((ulong)major << MinorBits) | minor;
        return true;
    }

    private static bool TryReadHex(ReadOnlySpan<char> text, out uint value) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
