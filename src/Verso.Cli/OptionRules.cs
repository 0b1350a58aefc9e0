using System.CommandLine;

namespace Verso.Cli;

/// <summary>What would say nothing on a command line is refused there: nobody should believe that it did.</summary>
internal static class OptionRules
{
    /// <summary>Whether an option was written, not only left at its default.</summary>
    internal static bool Has(this ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Refuses options that say nothing here.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="instead">Why, and what to do; it follows the name of the option.</param>
    /// <param name="options">These.</param>
    internal static void Refuse(this ParseResult parsed, string instead, params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
        {
            if (parsed.Has(option))
            {
                throw new UsageException($"{option.Name} {instead}");
            }
        }
    }
}
