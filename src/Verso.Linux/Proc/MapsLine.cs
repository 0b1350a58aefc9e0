using System.Globalization;
using Verso.Engine;
using Verso.Engine.Vmas;

namespace Verso.Linux.Proc;

/// <summary>One VMA as a line of /proc/PID/maps has it, and the first of its lines in smaps.</summary>
/// <param name="Start">First byte address.</param>
/// <param name="End">One past the last byte address.</param>
/// <param name="Permissions">Read, Write, Exec, and MayShare for a mapping that is not private.</param>
/// <param name="OffsetBytes">
/// Into the file; 0 for a VMA without one, whatever its <c>vm_pgoff</c> (show_map_vma).
/// </param>
/// <param name="Device">Major &lt;&lt; 20 | minor, as <c>dev_t</c> is in the kernel.</param>
/// <param name="Inode">The inode; 0 without a file.</param>
/// <param name="Name">The path, or what the kernel calls it ([heap], [anon:name]); may be empty.</param>
public sealed record MapsLine(
    ulong Start, ulong End, VmaFlags Permissions, ulong OffsetBytes, ulong Device, ulong Inode, string Name)
{
    private const int MinorBits = 20;

    /// <summary>A file is behind it.</summary>
    public bool HasFile => (Device | Inode) != 0;

    /// <summary>Reads one line, without its end.</summary>
    /// <exception cref="FormatException">It is none of that kind.</exception>
    public static MapsLine Parse(ReadOnlySpan<char> line)
    {
        var rest = line;
        var start = Hex(Until(ref rest, '-'));
        var end = Hex(Until(ref rest, ' '));
        var permissions = PermissionsOf(Until(ref rest, ' '));
        var offset = Hex(Until(ref rest, ' '));
        var major = Hex(Until(ref rest, ':'));
        var minor = Hex(Until(ref rest, ' '));
        var blank = rest.IndexOf(' ');
        var inode = Number(blank < 0 ? rest : rest[..blank]);
        var name = blank < 0 ? "" : rest[blank..].TrimStart(' ').ToString();
        var aligned = ((start | end | offset) & (Page.Size - 1)) == 0;
        return start < end && aligned && major < 1UL << (32 - MinorBits) && minor < 1UL << MinorBits
            ? new MapsLine(start, end, permissions, offset, (major << MinorBits) | minor, inode, name)
            : throw new FormatException("a line of maps with a range that no VMA has");
    }

    private static VmaFlags PermissionsOf(ReadOnlySpan<char> text)
    {
        if (text.Length != 4)
        {
            throw new FormatException("a line of maps without four permissions");
        }

        return Letter(text[0], 'r', '-', VmaFlags.Read) | Letter(text[1], 'w', '-', VmaFlags.Write)
            | Letter(text[2], 'x', '-', VmaFlags.Exec) | Letter(text[3], 's', 'p', VmaFlags.MayShare);
    }

    private static VmaFlags Letter(char found, char set, char unset, VmaFlags flag) =>
        found == set ? flag
        : found == unset ? VmaFlags.None
        : throw new FormatException("a line of maps with strange permissions");

    private static ReadOnlySpan<char> Until(ref ReadOnlySpan<char> rest, char separator)
    {
        var at = rest.IndexOf(separator);
        if (at < 0)
        {
            throw new FormatException("a line of maps that is too short");
        }

        var part = rest[..at];
        rest = rest[(at + 1)..];
        return part;
    }

    private static ulong Hex(ReadOnlySpan<char> text) => Parse(text, NumberStyles.AllowHexSpecifier);

    private static ulong Number(ReadOnlySpan<char> text) => Parse(text, NumberStyles.None);

    private static ulong Parse(ReadOnlySpan<char> text, NumberStyles style) =>
        ulong.TryParse(text, style, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException("a line of maps with a strange number");
}
