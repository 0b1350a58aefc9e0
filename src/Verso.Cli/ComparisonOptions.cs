using System.CommandLine;
using System.CommandLine.Parsing;
using Verso.Reports.Comparisons;

namespace Verso.Cli;

/// <summary>The options that say which figures of a comparison are shown.</summary>
internal sealed class ComparisonOptions
{
    internal Option<bool> Full { get; } = new("--full") { Description = "all figures, a column a design" };

    internal Option<bool> OnlyDifferent { get; } = new("--only-different")
    {
        Description = "of all figures, those that differ from anon-vma-chain's in some design",
    };

    internal Option<string[]> Metrics { get; } = new("--metrics")
    {
        Description = "of all figures, those whose names in csv begin so: vmas, merges.refused, objects.anon_vma",
        HelpName = "PREFIXES",
        AllowMultipleArgumentsPerToken = false,
        CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(','))
            .Where(name => name.Length > 0)],
    };

    internal Option<KeyValuePair<string, string>[]> Label { get; } = new("--label")
    {
        Description = "put this beside the result, in every format; may be given again",
        HelpName = "KEY=VALUE",
        CustomParser = ParseLabels,
    };

    /// <summary>What was asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="format">The format.</param>
    /// <param name="hasTimes">Whether times were measured: a summary has none, so that text shows all figures.</param>
    internal ComparisonChoice Of(ParseResult parsed, string format, bool hasTimes)
    {
        ComparisonChoice choice = new()
        {
            IsFull = parsed.GetValue(Full),
            OnlyDifferent = parsed.GetValue(OnlyDifferent),
            Metrics = parsed.GetValue(Metrics) ?? [],
            Labels = parsed.GetValue(Label) ?? [],
        };
        return format == "text" && hasTimes && !choice.ShowsFigures ? choice with { IsFull = true }
            : format != "json" || !choice.ShowsFigures ? choice
            : throw new UsageException("json has all figures: leave out --full, --only-different and --metrics");
    }

    private static KeyValuePair<string, string>[] ParseLabels(ArgumentResult result)
    {
        List<KeyValuePair<string, string>> labels = [];
        foreach (string text in result.Tokens.Select(token => token.Value))
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || labels.Exists(label => label.Key == text[..equals]))
            {
                result.AddError($"--label takes KEY=VALUE, each key once, not '{text}'");
                return [];
            }

            labels.Add(new(text[..equals], text[(equals + 1)..]));
        }

        return [.. labels];
    }
}
