using Verso.Reports.Model;

namespace Verso.Reports.Views;

/// <summary>What the figures of a report were made of.</summary>
public static class OriginView
{
    /// <summary>How the id of the section ends.</summary>
    public const string Id = "origin";

    /// <summary>The section.</summary>
    /// <param name="facts">Names and values; those without a value are left out.</param>
    /// <param name="remarks">Sentences below.</param>
    /// <param name="prefix">Of ids.</param>
    internal static Section Of(
        IEnumerable<(string Name, string Value)> facts, IEnumerable<string> remarks, string prefix) => new(
        prefix + Id,
        "Where the figures come from",
        [
            new Table(
                $"{prefix}origin-table",
                "Origin",
                [new("what", "what"), new("value", "value")],
                [
                    .. facts.Where(fact => fact.Value.Length > 0)
                        .Select(fact => (IReadOnlyList<Cell>)[fact.Name, fact.Value]),
                ]),
            .. remarks.Select(remark => new Paragraph(remark)),
        ]);
}
