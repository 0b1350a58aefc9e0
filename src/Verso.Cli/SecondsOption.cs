using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Verso.Cli;

/// <summary>An option that takes a time in seconds.</summary>
internal static class SecondsOption
{
    /// <summary>A day.</summary>
    private const double Most = 86400;

    internal static Option<double> Create(
        string name, double otherwise, double least, string description, params string[] aliases) => new(name, aliases)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description}, {least} to {Most}"),
            DefaultValueFactory = _ => otherwise,
            CustomParser = result => Parse(result, name, least),
            HelpName = "SECONDS",
        };

    private static double Parse(ArgumentResult result, string name, double least)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds >= least && seconds <= Most)
        {
            return seconds;
        }

        result.AddError(string.Create(
            CultureInfo.InvariantCulture, $"{name} takes seconds from {least} to {Most}, not '{text}'"));
        return least;
    }
}
