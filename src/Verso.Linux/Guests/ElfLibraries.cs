using System.Buffers.Binary;
using System.Text;

namespace Verso.Linux.Guests;

/// <summary>Which shared libraries a program needs, as the dynamic linker finds them; x86-64.</summary>
internal static class ElfLibraries
{
    private const int ProgramHeaders = 32;
    private const int ProgramHeaderBytes = 54;
    private const int ProgramHeaderCount = 56;
    private const uint Load = 1;
    private const uint Dynamic = 2;
    private const uint Interpreter = 3;
    private const ulong Needed = 1;
    private const ulong StringTable = 5;

    private static readonly string[] s_directories =
        ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];

    /// <summary>
    /// The paths of all libraries that these files need, directly or not, and of the linker itself. Libraries that are
    /// nowhere are left out: who needs them is not used here either.
    /// </summary>
    internal static IReadOnlyCollection<string> Closure(IEnumerable<string> files)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(files);
        while (open.TryDequeue(out var file))
        {
            foreach (var name in NeededBy(File.ReadAllBytes(file)))
            {
                if (Find(name) is string path && found.Add(path))
                {
                    open.Enqueue(path);
                }
            }
        }

        return found;
    }

    /// <summary>Where a library is; null if nowhere.</summary>
    internal static string? Find(string name) => Path.IsPathRooted(name)
        ? (File.Exists(name) ? name : null)
        : s_directories.Select(directory => $"{directory}/{name}").FirstOrDefault(File.Exists);

    /// <summary>DT_NEEDED and PT_INTERP of an ELF file of 64 bits; nothing for any other file.</summary>
    internal static IReadOnlyList<string> NeededBy(byte[] file)
    {
        if (!file.AsSpan().StartsWith("\u007fELF\u0002"u8))
        {
            return [];
        }

        List<string> names = [];
        List<ulong> offsets = [];
        ulong strings = 0;
        var segments = Segments(file);
        foreach (var segment in segments)
        {
            if (segment.Type == Interpreter)
            {
                names.Add(Text(file, segment.Offset));
            }

            for (var at = segment.Offset; segment.Type == Dynamic && at < segment.Offset + segment.Bytes; at += 16)
            {
                var (tag, value) = (Number(file, at), Number(file, at + 8));
                strings = tag == StringTable ? value : strings;
                if (tag == Needed)
                {
                    offsets.Add(value);
                }
            }
        }

        var home = segments.FirstOrDefault(
            each => each.Type == Load && strings >= each.Address && strings < each.Address + each.Bytes);
        names.AddRange(offsets.Select(offset => Text(file, strings - home.Address + home.Offset + offset)));
        return names;
    }

    private static List<Segment> Segments(byte[] file)
    {
        var first = Number(file, ProgramHeaders);
        var bytes = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(ProgramHeaderBytes));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(ProgramHeaderCount));
        List<Segment> segments = [];
        for (var i = 0; i < count; i++)
        {
            var at = first + ((ulong)i * bytes);
            segments.Add(new Segment(
                (uint)Number(file, at), Number(file, at + 8), Number(file, at + 16), Number(file, at + 32)));
        }

        return segments;
    }

    private static ulong Number(byte[] file, ulong at) =>
        BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(checked((int)at)));

    private static string Text(byte[] file, ulong at)
    {
        var rest = file.AsSpan(checked((int)at));
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private readonly record struct Segment(uint Type, ulong Offset, ulong Address, ulong Bytes);
}
