using System.Globalization;

namespace Verso.Linux.Graph;

/// <summary>One cache of the kernel's slab allocator.</summary>
/// <param name="Name">Its name in /proc/slabinfo.</param>
/// <param name="SizeBytes">Bytes of a slot.</param>
/// <param name="ActiveObjects">
/// Objects in use. The allocator counts those as used that are free in a slab which a processor has for itself, and
/// those that wait for the end of an RCU grace period.
/// </param>
/// <param name="MergedWith">Other names of the same cache: objects of their kind are counted here too.</param>
public sealed record SlabCache(string Name, int SizeBytes, long ActiveObjects, IReadOnlyList<string> MergedWith)
{
    private const string Table = "/proc/slabinfo";
    private const string Folder = "/sys/kernel/slab";

    /// <summary>
    /// The caches with these names, in this order; left out are those that the kernel has merged into one with another
    /// name. Empty if the table cannot be read: it is root's.
    /// </summary>
    public static IReadOnlyList<SlabCache> Read(params IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        try
        {
            ILookup<string, string[]> lines = File.ReadLines(Table)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields.Length > 3).ToLookup(fields => fields[0]);
            return [.. names.SelectMany(name => lines[name].Take(1)).Select(Parse)];
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static SlabCache Parse(string[] fields) => new(
        fields[0],
        int.Parse(fields[3], CultureInfo.InvariantCulture),
        long.Parse(fields[1], CultureInfo.InvariantCulture),
        Aliases(fields[0]));

    // Names of one cache are links to one directory; a cache with one name is a directory itself.
    private static string[] Aliases(string name)
    {
        string? target = new DirectoryInfo(Path.Join(Folder, name)).LinkTarget;
        return target is null || !Directory.Exists(Folder)
            ? []
            : [.. new DirectoryInfo(Folder).EnumerateDirectories()
                .Where(other => other.Name != name && other.LinkTarget == target)
                .Select(other => other.Name).Order(StringComparer.Ordinal)];
    }
}
