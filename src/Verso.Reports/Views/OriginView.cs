using Verso.Reports.Model;

namespace Verso.Reports.Views;

/// <summary>What the figures of a report were made of.</summary>
internal static class OriginView
{
    /// <summary>The section.</summary>
    /// <param name="facts">Names and values; those without a value are left out.</param>
    /// <param name="remarks">Sentences below.</param>
    /// <param name="prefix">Of ids.</param>
    internal static Section Of(
        IEnumerable<(string Name, string Value)> facts, IEnumerable<string> remarks, string prefix) => new(
        $"{prefix}origin",
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
