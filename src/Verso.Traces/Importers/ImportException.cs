namespace Verso.Traces.Importers;

/// <summary>A text cannot be imported. The message is one line: where, and what was expected there.</summary>
public sealed class ImportException : Exception
{
    /// <param name="line">Line number in the text, from 1.</param>
    /// <param name="expected">What should have been there.</param>
    public ImportException(long line, string expected)
        : base($"nothing to import: line {line}: expected {expected}") => Line = line;

    /// <summary>Line number in the text, from 1.</summary>
    public long Line { get; }
}
