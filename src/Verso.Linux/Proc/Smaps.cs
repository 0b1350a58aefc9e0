using System.Globalization;
using Verso.Engine.Vmas;

namespace Verso.Linux.Proc;

/// <summary>One VMA as /proc/PID/smaps has it.</summary>
/// <param name="Line">Its first line.</param>
/// <param name="Flags"><c>vm_flags</c>, as far as they have letters, with the protection key.</param>
/// <param name="HasNamelessFlags">A bit is set that the kernel has no letters for.</param>
/// <param name="AnonymousBytes">Bytes of anonymous pages in its page tables.</param>
/// <param name="SwapBytes">Bytes of it that are in swap, pages of shared memory among them.</param>
public sealed record SmapsEntry(
    MapsLine Line, VmaFlags Flags, bool HasNamelessFlags, long AnonymousBytes, long SwapBytes)
{
    /// <summary>Bytes of pages in its page tables, but the zero page.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>If it is locked: those, each divided by how many entries map it.</summary>
    public long LockedBytes { get; init; }
}

/// <summary>/proc/PID/smaps.</summary>
public static class Smaps
{
    private const int PkeyShift = 32;
    private const ulong PkeyCount = 16;

    /// <summary>Reads a whole file, by ascending address.</summary>
    /// <remarks>
    /// The kernel lets the mmap lock go between two reads: a VMA that was joined with ones already written comes
    /// as a whole (m_start, fs/proc/task_mmu.c). It is the newer; those that it overlaps are no more.
    /// </remarks>
    /// <exception cref="FormatException">No kernel writes such text.</exception>
    public static IReadOnlyList<SmapsEntry> Read(TextReader text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<SmapsEntry> entries = [];
        List<string> strange = [];
        SmapsEntry? current = null;
        var hasFlags = false;
        while (text.ReadLine() is string line)
        {
            if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]))
            {
                Add(entries, current, hasFlags);
                current = new SmapsEntry(MapsLine.Parse(line), VmaFlags.None, false, 0, 0);
                hasFlags = false;
            }
            else if (current is null)
            {
                throw new FormatException("smaps that does not begin with a VMA");
            }
            else
            {
                hasFlags |= line.StartsWith("VmFlags:", StringComparison.Ordinal);
                current = Field(current, line, strange);
            }
        }

        Add(entries, current, hasFlags);
        return entries;
    }

    private static void Add(List<SmapsEntry> entries, SmapsEntry? entry, bool hasFlags)
    {
        if (entry is null)
        {
            return;
        }

        if (!hasFlags)
        {
            throw new FormatException("a VMA of smaps without VmFlags (before Linux 3.8, or cut short)");
        }

        if (entries.Count > 0 && entries[^1].Line.End >= entry.Line.End)
        {
            throw new FormatException("VMAs of smaps that do not ascend");
        }

        while (entries.Count > 0 && entries[^1].Line.End > entry.Line.Start)
        {
            entries.RemoveAt(entries.Count - 1);
        }

        entries.Add(entry);
    }

    private static SmapsEntry Field(SmapsEntry entry, ReadOnlySpan<char> line, List<string> strange)
    {
        var colon = line.IndexOf(':');
        if (colon < 0)
        {
            throw new FormatException("a line of smaps without a colon");
        }

        var value = line[(colon + 1)..].Trim(' ');
        return line[..colon] switch
        {
            "VmFlags" => WithFlags(entry, value, strange),
            "Anonymous" => entry with { AnonymousBytes = Bytes(value) },
            "Rss" => entry with { ResidentBytes = Bytes(value) },
            "Locked" => entry with { LockedBytes = Bytes(value) },
            "Swap" => entry with { SwapBytes = Bytes(value) },
            "ProtectionKey" => entry with { Flags = entry.Flags | (VmaFlags)(Key(value) << PkeyShift) },
            _ => entry,
        };
    }

    private static SmapsEntry WithFlags(SmapsEntry entry, ReadOnlySpan<char> value, List<string> strange)
    {
        var flags = entry.Flags;
        var hasNameless = false;
        foreach (var range in value.Split(' '))
        {
            var letters = value[range];
            if (letters.SequenceEqual(FlagLetters.Nameless))
            {
                hasNameless = true;
            }
            else if (letters.Length > 0)
            {
                var known = FlagLetters.Find(letters);
                flags |= known != VmaFlags.None ? known : Strange(letters.ToString(), strange);
            }
        }

        return entry with { Flags = flags, HasNamelessFlags = hasNameless };
    }

    // Letters of a later kernel: what they mean is not known, but whether two VMAs have the same ones is.
    private static VmaFlags Strange(string letters, List<string> strange)
    {
        var at = strange.IndexOf(letters);
        if (at < 0)
        {
            at = strange.Count;
            strange.Add(letters);
        }

        return at < FlagLetters.MostStrange
            ? (VmaFlags)(1UL << (FlagLetters.FirstStrangeBit + at))
            : throw new FormatException("smaps with too many unknown flags");
    }

    private static long Bytes(ReadOnlySpan<char> value)
    {
        return Kilobytes.TryParse(value, out var bytes)
            ? bytes
            : throw new FormatException("a figure of smaps that is not a number of kB");
    }

    private static ulong Key(ReadOnlySpan<char> value) =>
        ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var key) && key < PkeyCount
            ? key
            : throw new FormatException("a protection key of smaps that no processor has");
}
