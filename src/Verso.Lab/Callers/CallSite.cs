using System.Text.RegularExpressions;

namespace Verso.Lab.Callers;

/// <summary>Where in a program a call comes from, for people: a few functions.</summary>
/// <param name="Functions">The innermost first.</param>
/// <param name="Path">The file that holds the code of the first; empty: the program made it as it ran.</param>
public sealed partial record CallSite(IReadOnlyList<string> Functions, string Path)
{
    /// <summary>Functions that are named.</summary>
    private const int MostFunctions = 5;

    /// <summary>What passes calls on, and is not what asks for them.</summary>
    private static readonly string[] s_passing = ["libc.so", "libc-", "ld-linux", "ld-musl", "libpthread"];

    /// <summary>
    /// Of a stack the innermost functions that do not belong to the C library or the loader; of one that is all of
    /// theirs the innermost ones.
    /// </summary>
    /// <param name="stack">At least one frame, the innermost first.</param>
    public static CallSite Of(IReadOnlyList<CodeFrame> stack)
    {
        ArgumentNullException.ThrowIfNull(stack);
        CodeFrame[] own = [.. stack.SkipWhile(frame => Passes(frame.Path)).TakeWhile(frame => !Passes(frame.Path))];
        IReadOnlyList<CodeFrame> asking = own.Length > 0 ? own : stack;
        return new CallSite(
            [.. asking.Take(MostFunctions).Select(frame => ArgumentTypes().Replace(frame.Name, ""))], asking[0].Path);
    }

    /// <inheritdoc/>
    public bool Equals(CallSite? other) =>
        other is not null && Path == other.Path && Functions.SequenceEqual(other.Functions);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Path, Functions.Count, Functions[0]);

    /// <summary>What Java and C++ add to a name; a source line stands behind a blank.</summary>
    [GeneratedRegex(@"(?<=\S)\([^()]*\)")]
    private static partial Regex ArgumentTypes();

    private static bool Passes(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        return s_passing.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
    }
}
