using System.Globalization;
using Verso.Linux.Graph;

namespace Verso.Linux.Counting;

/// <summary>
/// Counts the VMAs of many processes, again and again, so cheaply that it can be left on. Not for several threads.
/// </summary>
public interface IVmaCounter
{
    /// <summary>The processes that have so many VMAs or more; nobody is stopped.</summary>
    /// <param name="least">VMAs.</param>
    /// <param name="pids">Only of these; null: of all.</param>
    IReadOnlyList<VmaCount> Read(int least, IReadOnlyCollection<int>? pids);
}

/// <summary>vm.max_map_count, the most VMAs that a process may have; it may change at any time.</summary>
public static class MapCountLimit
{
    /// <summary>What it is now.</summary>
    public static int Read() =>
        int.Parse(File.ReadAllText("/proc/sys/vm/max_map_count").AsSpan().Trim(), CultureInfo.InvariantCulture);
}
