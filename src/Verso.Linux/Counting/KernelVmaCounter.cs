using Verso.Linux.Graph;

namespace Verso.Linux.Counting;

/// <summary>Counts in one pass of the kernel over all tasks (root).</summary>
/// <param name="reader">What reads; it stays its owner's.</param>
public sealed class KernelVmaCounter(GraphReader reader) : IVmaCounter
{
    /// <inheritdoc/>
    public IReadOnlyList<VmaCount> Read(int least, IReadOnlyCollection<int>? pids)
    {
        var counts = reader.ReadCounts(least);
        return pids is null || counts.Count == 0 ? counts : [.. counts.Where(count => pids.Contains(count.Pid))];
    }
}
