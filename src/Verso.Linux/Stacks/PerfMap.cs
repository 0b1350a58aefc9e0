using System.Globalization;

namespace Verso.Linux.Stacks;

/// <summary>
/// Names of code that a program made as it ran, in <c>/tmp/perf-PID.map</c>: a line each of start, length, both
/// hexadecimal, and name (tools/perf/Documentation/jit-interface.txt). What was written last of an address holds.
/// </summary>
internal sealed class PerfMap
{
    private readonly ulong[] _starts;
    private readonly (ulong End, string Name)[] _names;

    private PerfMap(Dictionary<ulong, (ulong End, string Name)> names)
    {
        _starts = [.. names.Keys.Order()];
        _names = [.. _starts.Select(start => names[start])];
    }

    /// <summary>That of a process; empty if it has none that can be read.</summary>
    internal static PerfMap Of(int process)
    {
        try
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"/tmp/perf-{process}.map");
            return Parse(File.Exists(name) ? File.ReadLines(name) : []);
        }
        catch (Exception reason) when (reason is IOException or UnauthorizedAccessException)
        {
            return Parse([]);
        }
    }

    /// <summary>Reads lines; those that are none of a map are passed over.</summary>
    internal static PerfMap Parse(IEnumerable<string> lines)
    {
        Dictionary<ulong, (ulong End, string Name)> names = [];
        foreach (var line in lines)
        {
            if (line.Split(' ', 3) is [var start, var length, var name]
                && Number(start) is ulong from && Number(length) is ulong bytes)
            {
                names[from] = (unchecked(from + bytes), name);
            }
        }

        return new PerfMap(names);
    }

    // .NET writes 0x before a start, others do not.
    private static ulong? Number(string text) => ulong.TryParse(
        text.StartsWith("0x", StringComparison.Ordinal) ? text.AsSpan(2) : text,
        NumberStyles.HexNumber,
        CultureInfo.InvariantCulture,
        out var number) ? number : null;

    /// <summary>The name of the code at an address; null if nobody named it.</summary>
    internal string? Find(ulong address)
    {
        var at = Array.BinarySearch(_starts, address);
        at = at >= 0 ? at : ~at - 1;
        return at >= 0 && address < _names[at].End ? _names[at].Name : null;
    }
}
