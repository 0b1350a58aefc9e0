using System.CommandLine;

namespace Verso.Cli;

/// <summary>An option that takes a whole number, or stands alone.</summary>
internal sealed class OptionalNumber : Option<int?>
{
    private readonly int _alone;

    /// <param name="name">With its dashes.</param>
    /// <param name="least">The least number.</param>
    /// <param name="alone">What it means where it stands alone.</param>
    /// <param name="description">In the help.</param>
    internal OptionalNumber(string name, int least, int alone, string description)
        : base(name)
    {
        _alone = alone;
        Description = description;
        Arity = ArgumentArity.ZeroOrOne;
        CustomParser = result =>
            result.Tokens.Count == 0 ? alone : ReplaySettings.ParseNumber(result, name, least);
        HelpName = "N";
    }

    /// <summary>
    /// The same command line, in which such an option has its value where System.CommandLine would take what follows
    /// for it: in <c>--locks make.verso</c> that is the trace.
    /// </summary>
    internal static string[] Settle(RootCommand root, string[] arguments)
    {
        string[] settled = [.. arguments];
        Command? command = null;
        for (int at = 0; at < arguments.Length - 1 && arguments[at] != "--"; at++)
        {
            command ??= root.Subcommands.FirstOrDefault(each => each.Name == arguments[at]);
            if (command?.Options.FirstOrDefault(each => each.Name == arguments[at]) is OptionalNumber option
                && !IsOption(arguments[at + 1]) && !IsNumber(arguments[at + 1]))
            {
                settled[at] = $"{option.Name}={option._alone}";
            }
        }

        return settled;
    }

    /// <summary>A dash alone is standard input.</summary>
    private static bool IsOption(string word) => word.StartsWith('-') && word.Length > 1;

    private static bool IsNumber(string word) =>
        word.Length > 0 && word.AsSpan(word[0] == '+' ? 1 : 0) is { Length: > 0 } digits
        && !digits.ContainsAnyExceptInRange('0', '9');
}
