using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Verso.Cli;

/// <summary>An option that takes a time in seconds.</summary>
internal static class SecondsOption
{
    /// <summary>A day.</summary>
    private const double Most = 86400;

    /// <param name="name">Of the option.</param>
    /// <param name="otherwise">What holds without it; null: help shows no default.</param>
    /// <param name="least">The least it takes.</param>
    /// <param name="description">For help.</param>
    /// <param name="aliases">Its other names.</param>
    internal static Option<double> Create(
        string name, double? otherwise, double least, string description, params string[] aliases)
    {
        Option<double> option = new(name, aliases)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description}, {least} to {Most}"),
            CustomParser = result => Parse(result, name, least),
            HelpName = "SECONDS",
        };
        if (otherwise is double usual)
        {
            option.DefaultValueFactory = _ => usual;
        }

        return option;
    }

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
