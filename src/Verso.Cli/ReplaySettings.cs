using System.CommandLine;
using Verso.Lab.Replay;

namespace Verso.Cli;

/// <summary>The options that every command that replays has.</summary>
internal static class ReplaySettings
{
    internal static Option<bool> Json() => new("--json", "-j") { Description = "the same as --format json" };

    internal static Option<bool> Verify() => new("--verify")
    {
        Description = "at every checkpoint check all state, and that a walk of every frame finds exactly its entries",
    };

    internal static Option<int> Walks() => new("--walks")
    {
        Description = "a probe walk every N faults of the page touched, and of the last ones at checkpoints; 0: none",
        DefaultValueFactory = _ => ReplayOptions.DefaultProbeInterval,
        HelpName = "N",
    };

    internal static Option<string> Format(params string[] formats)
    {
        Option<string> option = new("--format")
        {
            Description = $"{string.Join(", ", formats[..^1])} or {formats[^1]}",
            DefaultValueFactory = _ => "text",
            HelpName = "FORMAT",
        };
        option.AcceptOnlyFromAmong(formats);
        return option;
    }

    /// <summary>Reads designs, and says on one line what is wrong with them.</summary>
    internal static T Parse<T>(Func<string, T> parse, string text)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    internal static int NotNegative(int value, string option) =>
        value >= 0 ? value : throw new UsageException($"{option} is a number from 0 on");
}
