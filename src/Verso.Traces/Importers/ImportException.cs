using System.Globalization;

namespace Verso.Traces.Importers;

/// <summary>A text cannot be imported. The message is one line: what is missing, and where.</summary>
public sealed class ImportException : Exception
{
    private const string Nothing = "nothing to import: ";

    private ImportException(string message, long line)
        : base(message) => Line = line;

    /// <summary>Number of the first line that is not the tool's, from 1; 0 if there is none.</summary>
    public long Line { get; }

    /// <summary>A line says what no kernel does.</summary>
    /// <param name="line">Line number in the text, from 1.</param>
    /// <param name="expected">What should have been there.</param>
    internal static ImportException At(long line, string expected) => new($"line {line}: expected {expected}", line);

    /// <summary>What is wrong with a text that gave no event.</summary>
    /// <param name="lines">How many lines it has.</param>
    /// <param name="tally">What became of them.</param>
    /// <param name="tool">Which tool's text it was taken for.</param>
    /// <param name="wanted">What such text needs to hold.</param>
    /// <param name="example">What a line of it looks like.</param>
    internal static ImportException Of(long lines, ImportTally tally, string tool, string wanted, string example)
    {
        if (tally.KnownLines == 0)
        {
            return lines == 0
                ? new ImportException($"{Nothing}the text is empty; expected {example}", 0)
                : new ImportException(
                    $"{Nothing}line {Math.Max(1, tally.FirstUnknownLine)}: expected {example}",
                    Math.Max(1, tally.FirstUnknownLine));
        }

        (long Count, string What)[] parts =
        [
            (tally.WithoutResult, "without a result"),
            (tally.Injected, "injected"),
            (tally.NotImported, "that a trace has no event for, or with an unknown argument"),
            (tally.UnknownLines, $"not understood, the first is line {tally.FirstUnknownLine}"),
        ];
        string rest = string.Concat(parts.Where(part => part.Count > 0)
            .Select(part => string.Create(CultureInfo.InvariantCulture, $"; {part.Count:N0} {part.What}")));
        string usable = parts[..3].Any(part => part.Count > 0) ? "usable " : "";
        string count = string.Create(CultureInfo.InvariantCulture, $"{lines:N0} line{(lines == 1 ? "" : "s")}");
        return new ImportException($"{Nothing}no {usable}{wanted} in {count} of {tool}{rest}", tally.FirstUnknownLine);
    }
}
