namespace Verso.Traces.Snapshots;

/// <summary>
/// A snapshot file is damaged, cut short or none. The message is one line: where, what was expected, what was found.
/// </summary>
public sealed class SnapshotFormatException : Exception
{
    /// <param name="problem">What the reader of its blocks said.</param>
    internal SnapshotFormatException(TraceFormatException problem)
        : base(
            $"not a readable Verso snapshot: at byte {problem.Offset}, expected {problem.Expected}", problem) =>
        Offset = problem.Offset;

    /// <summary>Byte offset in the file.</summary>
    public long Offset { get; }
}
