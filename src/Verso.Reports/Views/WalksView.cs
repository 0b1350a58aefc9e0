using Verso.Engine;
using Verso.Lab.Replay;
using Verso.Reports.Comparisons;
using Verso.Reports.Json;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>Walks of the reverse map: how many places they looked at, and how many of those mapped the page.</summary>
internal static class WalksView
{
    /// <summary>The section; null where nothing was walked for.</summary>
    internal static Section? Of(IReadOnlyList<ReplayResult> designs, string prefix)
    {
        string id = $"{prefix}walks";
        Chart distribution = new(
            $"{id}-distribution", "Walks by the number of places they looked at", ChartKind.Stack,
            [
                Distribution(designs, $"{id}-anonymous", "anonymous pages, just touched", work => work.Touched),
                Distribution(designs, $"{id}-file", "file pages", work => work.TouchedOfFiles),
                Distribution(designs, $"{id}-untouched", "anonymous pages, long untouched", work => work.Untouched),
            ])
        {
            Choice = "pages",
            Description = "Every design walked for the same pages.",
        };
        Section? told = Of([.. designs.Select(ResultDocuments.Of)], prefix);
        return told is null ? null : told with { Blocks = [.. told.Blocks, distribution] };
    }

    /// <summary>The same of what was told of walks.</summary>
    internal static Section? Of(IReadOnlyList<DesignDocument> designs, string prefix)
    {
        if (designs.All(design => design.Walks.Count == 0))
        {
            return null;
        }

        string id = $"{prefix}walks";
        DesignDocument least = designs.MinBy(ComparisonView.VisitsPerWalk)!;
        DesignDocument most = designs.MaxBy(ComparisonView.VisitsPerWalk)!;
        return new Section(id, "Walks",
        [
            new Chart(
                $"{id}-useful", "Places visited, and those that mapped the page", ChartKind.Bars, [Useful(designs, id)])
            {
                Description = $"A walk looked at {Figures.Ratio(ComparisonView.VisitsPerWalk(least))} places in "
                    + $"{least.Name}, at {Figures.Ratio(ComparisonView.VisitsPerWalk(most))} in {most.Name}.",
                IsLogarithmic = true,
            },
        ]);
    }

    private static Table Useful(IReadOnlyList<DesignDocument> designs, string id) => new(
        $"{id}-visited",
        "Places",
        [
            new("design", "design"), new("useful", "mapped the page", Unit.Count),
            new("untilDone", "visited until done", Unit.Count), new("visited", "visited", Unit.Count),
            new("worst", "visited by the worst walk", Unit.Count),
        ],
        [
            .. designs.Select(design => (IReadOnlyList<Cell>)
            [
                design.Name, design.Walks.Useful, design.Walks.VisitedUntilDone, design.Walks.Visited,
                Math.Max(design.Walks.Anonymous?.Most ?? 0, design.Walks.File?.Most ?? 0),
            ]),
        ]);

    /// <summary>A column for 0 or 1 place, for up to 3, up to 7, ...; none beyond the worst walk.</summary>
    private static Table Distribution(
        IReadOnlyList<ReplayResult> designs, string id, string title, Func<WorkFigures, WalkTally> of)
    {
        WalkTally[] tallies = [.. designs.Select(design => of(design.Work))];
        int lengths = Enumerable.Range(1, WalkTally.Lengths)
            .LastOrDefault(length => tallies.Any(tally => tally.CountOf(length) > 0), 1);
        return new Table(
            id,
            title,
            [
                new("design", "design"),
                .. Enumerable.Range(1, lengths).Select(length => new Column(
                    $"upTo{(1L << length) - 1}",
                    length == 1 ? "1 place"
                        : $"{Figures.Count(1L << (length - 1))} to {Figures.Count((1L << length) - 1)}",
                    Unit.Count)),
            ],
            [
                .. designs.Select((design, at) => (IReadOnlyList<Cell>)
                [
                    design.Name,
                    .. Enumerable.Range(1, lengths).Select(length => Cell.Of(tallies[at].CountOf(length))),
                ]),
            ]);
    }
}
