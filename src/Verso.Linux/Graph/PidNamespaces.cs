using System.Globalization;

namespace Verso.Linux.Graph;

/// <summary>Process ids of other pid namespaces.</summary>
internal static class PidNamespaces
{
    private const string Field = "NSpid:";
    private const int MostNamed = 3;

    /// <summary>
    /// Which processes have an id in a pid namespace below this one, as a hint for people; empty if none has.
    /// </summary>
    internal static string Hint(int inner)
    {
        List<int> found = [];
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid)
                && InnerIds(folder).Contains(inner))
            {
                found.Add(pid);
            }
        }

        found.Sort();
        var named = string.Join(", ", found.Take(MostNamed)) + (found.Count > MostNamed ? ", ..." : "");
        var verb = found.Count == 1 ? "has" : "have";
        return found.Count == 0 ? "" : $"; inside a container {named} {verb} this number";
    }

    /// <summary>The ids that a process has below this namespace.</summary>
    private static IEnumerable<int> InnerIds(string folder)
    {
        try
        {
            var line = File.ReadLines($"{folder}/status").FirstOrDefault(
                each => each.StartsWith(Field, StringComparison.Ordinal));
            return line is null
                ? []
                : [.. line[Field.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries).Skip(1)
                    .Select(each => int.Parse(each, CultureInfo.InvariantCulture))];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
