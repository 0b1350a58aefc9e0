using System.Globalization;

namespace Verso.Linux.Proc;

/// <summary>/proc/PID/numa_maps: the memory policy of each VMA, as text.</summary>
public static class NumaMaps
{
    /// <summary>What is written where neither the VMA nor its process has a policy.</summary>
    public const string NoPolicy = "default";

    /// <summary>Reads a whole file.</summary>
    /// <returns>
    /// By the first address of a VMA, its policy as text, without blanks: of the VMA, or else of its file (shared
    /// memory), or else of the process (show_numa_map, mm/mempolicy.c).
    /// </returns>
    /// <exception cref="FormatException">No kernel writes such text.</exception>
    public static IReadOnlyDictionary<ulong, string> Read(TextReader text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Dictionary<ulong, string> policies = [];
        List<string> known = [];
        while (text.ReadLine() is string line)
        {
            var blank = line.IndexOf(' ', StringComparison.Ordinal);
            if (blank < 0
                || !ulong.TryParse(
                    line.AsSpan(0, blank), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start))
            {
                throw new FormatException("a line of numa_maps without an address");
            }

            // A VMA that grew between two reads of the file comes twice: the later line is of what it is now.
            policies[start] = Kept(PolicyOf(line.AsSpan(blank + 1)), known);
        }

        return policies;
    }

    // There are few policies and many VMAs: one text for each policy.
    private static string Kept(ReadOnlySpan<char> policy, List<string> known)
    {
        foreach (var each in known)
        {
            if (policy.SequenceEqual(each))
            {
                return each;
            }
        }

        known.Add(policy.ToString());
        return known[^1];
    }

    // "prefer (many):0" has a blank in it; nothing else has a bracket there.
    private static ReadOnlySpan<char> PolicyOf(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf(' ');
        if (end >= 0 && rest[(end + 1)..].StartsWith("("))
        {
            var further = rest[(end + 1)..].IndexOf(' ');
            end = further < 0 ? -1 : end + 1 + further;
        }
        else if (rest.StartsWith("weighted interleave"))
        {
            var further = rest[(end + 1)..].IndexOf(' ');
            end = further < 0 ? -1 : end + 1 + further;
        }

        return end < 0 ? rest : rest[..end];
    }
}
