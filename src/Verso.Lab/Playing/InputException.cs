namespace Verso.Lab.Playing;

/// <summary>An input is not what it should be. One line: which input, where, what was expected.</summary>
/// <param name="name">The input as the user named it.</param>
/// <param name="problem">What its reader said.</param>
public sealed class InputException(string name, Exception problem)
    : Exception($"{(name == Standard ? "standard input" : name)}: {problem.Message}", problem)
{
    /// <summary>The name of standard input and output.</summary>
    public const string Standard = "-";
}
