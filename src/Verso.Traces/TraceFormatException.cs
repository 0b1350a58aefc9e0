namespace Verso.Traces;

/// <summary>
/// A trace file is damaged or is none. The message is one line: where, what was expected, what was found.
/// </summary>
public sealed class TraceFormatException : Exception
{
    /// <param name="offset">Byte offset in the file.</param>
    /// <param name="expected">What should have been there.</param>
    public TraceFormatException(long offset, string expected)
        : base($"not a readable Verso trace: at byte {offset}, expected {expected}")
    {
        Offset = offset;
        Expected = expected;
    }

    /// <summary>Byte offset in the file.</summary>
    public long Offset { get; }

    /// <summary>What should have been there.</summary>
    public string Expected { get; }
}
