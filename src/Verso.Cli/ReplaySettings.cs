using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Replay;

namespace Verso.Cli;

/// <summary>The options that every command that replays has.</summary>
internal static class ReplaySettings
{
    /// <summary>Standard input among files that are read one after another.</summary>
    internal static void RequireOneStandardInput(IEnumerable<string> names)
    {
        if (names.Count(name => name == TraceInput.Standard) > 1)
        {
            throw new UsageException("standard input can be read only once");
        }
    }

    internal static Option<bool> Json() => new("--json", "-j") { Description = "the same as --format json" };

    internal static Option<bool> Verify() => new("--verify")
    {
        Description = "at every checkpoint, check all state and that a walk of every frame finds exactly its entries",
    };

    /// <summary>Rounds of measuring; null if nobody asked for times.</summary>
    internal static Option<int?> Measure() => new OptionalNumber(
        "--measure",
        1,
        ReplayMeasurement.DefaultRounds,
        "measure times too: in ROUNDS rounds "
            + $"({ReplayMeasurement.DefaultRounds}) after a warm-up, designs in turn, with the spread")
    {
        HelpName = "ROUNDS",
    };

    internal static Option<int> Walks(string more = "") => Number(
        "--walks",
        0,
        ReplayOptions.DefaultProbeInterval,
        $"probe walk every N faults, of the page touched, and of the last ones at checkpoints; 0: none{more}");

    internal static Option<MachineWord> Word() => new("--word")
    {
        Description = "whose structs are counted: those of a machine of 64 bits, or of 32; default: 64",
        CustomParser = ParseWord,
        HelpName = "64|32",
    };

    /// <summary>The machine that was asked for, or today's.</summary>
    internal static MachineWord WordOf(ParseResult parsed, Option<MachineWord> option) =>
        parsed.Has(option) ? parsed.GetValue(option) : MachineWord.Bits64;

    private static MachineWord ParseWord(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (text is not ("64" or "32"))
        {
            result.AddError($"--word takes 64 or 32, not '{text}'");
        }

        return text == "32" ? MachineWord.Bits32 : MachineWord.Bits64;
    }

    internal static Option<string?> Rules(string description) => new("--rules")
    {
        Description = description,
        HelpName = "RELEASE",
    };

    /// <summary>The rules that were asked for; null if none were.</summary>
    internal static KernelRules? RulesOf(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is string release ? Parse(RulesChoice.Parse, release) : null;

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

    /// <summary>The format that was asked for, in one way or the other.</summary>
    internal static string FormatOf(ParseResult parsed, Option<string> format, Option<bool> json)
    {
        string form = parsed.GetRequiredValue(format);
        return !parsed.GetValue(json) ? form
            : !parsed.Has(format) || form == "json" ? "json"
            : throw new UsageException($"-j is --format json: leave out one of -j and --format {form}");
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

    /// <summary>An option that takes a whole number, <paramref name="least"/> or more.</summary>
    internal static Option<int> Number(
        string name, int least, int otherwise, string description, int most = int.MaxValue) =>
        new(name)
        {
            Description = description,
            DefaultValueFactory = _ => otherwise,
            CustomParser = result => Parsed(result, name, least, most),
            HelpName = "N",
        };

    /// <summary>How much is done at once.</summary>
    internal static Option<int> Jobs(string description) => new("--jobs")
    {
        Description = $"{description}; default: one per processor",
        CustomParser = result => ParseNumber(result, "--jobs", 1),
        HelpName = "N",
    };

    internal static int JobsOf(ParseResult parsed, Option<int> option) =>
        parsed.Has(option) ? parsed.GetValue(option) : Environment.ProcessorCount;

    /// <summary>The seed of a random sequence: any number of 64 bits.</summary>
    internal static Option<ulong> Seed(string description) => new("--seed")
    {
        Description = description,
        DefaultValueFactory = _ => 1,
        CustomParser = result => Parsed<ulong>(result, "--seed", 0, ulong.MaxValue),
        HelpName = "N",
    };

    /// <summary>Reads the number after an option, and says on one line what it takes.</summary>
    internal static int ParseNumber(ArgumentResult result, string option, int least) =>
        Parsed(result, option, least, int.MaxValue);

    private static T Parsed<T>(ArgumentResult result, string option, T least, T most)
        where T : struct, IBinaryInteger<T>
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value)
            && value >= least)
        {
            return value;
        }

        result.AddError($"{option} takes a whole number from {least} to {most}, not '{text}'");
        return least;
    }
}
