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
        return new CallSite([.. asking.Take(MostFunctions).Select(NameOf)], asking[0].Path);
    }

    /// <summary>
    /// Without the types of arguments; of what a JIT compiler made also without that of the result and its assembly,
    /// which perf maps have before the name, and how well it is compiled, which stands behind it in brackets.
    /// </summary>
    private static string NameOf(CodeFrame frame)
    {
        string name = ArgumentTypes().Replace(frame.Name, "");
        return frame.Path.Length > 0 ? name : BeforeName().Replace(Tier().Replace(name, ""), "");
    }

    /// <inheritdoc/>
    public bool Equals(CallSite? other) =>
        other is not null && Path == other.Path && Functions.SequenceEqual(other.Functions);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Path, Functions.Count, Functions[0]);

    /// <summary>What Java and C++ add to a name; a source line stands behind a blank.</summary>
    [GeneratedRegex(@"(?<=\S)\([^()]*\)")]
    private static partial Regex ArgumentTypes();

    [GeneratedRegex(@"(?<=\S)\[[A-Za-z0-9]+\]$")]
    private static partial Regex Tier();

    [GeneratedRegex(@"^.*\s(?=\S+$)")]
    private static partial Regex BeforeName();

    private static bool Passes(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        return s_passing.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
    }
}
