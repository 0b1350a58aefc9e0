using System.Globalization;
using Verso.Engine.Images;
using Verso.Lab.Callers;
using Verso.Lab.Explain;
using Verso.Lab.Words;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>An address space as boxes: a VMA each, or some in a row that the same reason keeps apart.</summary>
internal static class SpaceView
{
    /// <summary>Boxes of a strip; of larger address spaces those next to each other are put together.</summary>
    private const int MostBoxes = 1500;

    private static readonly Column[] s_columns =
    [
        new("start", "start", Unit.Address), new("end", "end", Unit.Address), new("letter", "letter"),
        new("reason", "apart from the next by"), new("what", "what it is"), new("advice", "what to do"),
        new("vmas", "VMAs", Unit.Count),
    ];

    /// <summary>The section.</summary>
    /// <param name="spaces">Explained address spaces, each with the moment or the process that it is of.</param>
    /// <param name="choice">What the choice is between.</param>
    /// <param name="prefix">Of ids.</param>
    internal static Section? Of(
        IReadOnlyList<(string Name, SpaceExplanation Space)> spaces, string choice, string prefix)
    {
        if (spaces.Count == 0)
        {
            return null;
        }

        string id = $"{prefix}space";
        (string name, SpaceExplanation first) = spaces[0];
        List<Block> blocks =
        [
            new Preformatted(ExplainBriefText.Render(first, Prose.Columns, Palette.Plain, pointsToFull: false)),
            new Chart($"{id}-strip", "The address space, from the lowest address to the highest", ChartKind.Strip,
                [.. spaces.Select((each, at) => StripOf(each.Space, each.Name, $"{id}-{at + 1}"))])
            {
                Choice = choice,
                Description = $"{name}: {Figures.Plural(first.VmaCount, "VMA", "VMAs")}. "
                    + $"{(first.VmaCount > MostBoxes ? "A box is some VMAs" : "A box is a VMA")}; its "
                    + "letter and colour say what keeps it apart from the next one.",
            },
            Reasons(first, $"{id}-reasons"),
            .. Callers(first, $"{id}-callers") is Table callers ? (IEnumerable<Block>)[callers] : [],
        ];
        return new Section(id, "Address space", blocks);
    }

    private static Table Reasons(SpaceExplanation space, string id) => new(
        id,
        "What keeps VMAs apart",
        [
            new("reason", "reason"), new("pairs", "pairs", Unit.Count), new("meaning", "which means"),
            new("remedy", "what to do"), new("after", "VMAs after", Unit.Count),
        ],
        [
            .. space.Groups.Where(group => group.Boundaries.Count > 0).Select(group =>
            {
                RemedyOffer? offer = First(space.Offers(group));
                return (IReadOnlyList<Cell>)
                [
                    BoundaryText.Name(group.First, group.Standing), (long)group.Boundaries.Count,
                    BoundaryText.Brief(space, group.Boundaries[0]),
                    offer?.Remedy.Text is string remedy ? Cell.Of(remedy) : Cell.None,
                    offer is null ? Cell.None : Cell.Of((long)offer.Vmas.Most),
                ];
            }),
            .. space.Lasting.Select(group => (IReadOnlyList<Cell>)
                [Kebab.Of(group.Reason.ToString()), (long)group.Boundaries.Count, ReasonText.Plain(group.Reason),
                    Cell.None, Cell.None]),
            .. space.Holes.All.Count == 0 ? (IEnumerable<IReadOnlyList<Cell>>)[] :
            [
                ["holes", (long)space.Holes.All.Count, "munmap left a hole between what is alike",
                    space.HoleOffers[0].Remedy.Text, (long)space.HoleOffers[0].Vmas.Most],
            ],
        ]);

    /// <summary>Where calls come from, by what keeps apart the VMAs that they made; null where nobody knows.</summary>
    private static Table? Callers(SpaceExplanation space, string id)
    {
        if (space.Callers is not BoundaryCallers callers)
        {
            return null;
        }

        IEnumerable<(string Reason, IEnumerable<ulong> Addresses)> reasons =
        [
            .. space.Groups.Select(group => (
                BoundaryText.Name(group.First, group.Standing), group.Boundaries.Select(pair => pair.Upper.Start))),
            .. space.Lasting.Select(group => (
                Kebab.Of(group.Reason.ToString()), group.Boundaries.Select(pair => pair.Upper.Start))),
            ("holes", space.Holes.All.Select(hole => hole.Lower.End)),
        ];
        return new Table(
            id,
            "Who made them",
            [
                new("reason", "reason"), new("boundaries", "boundaries", Unit.Count), new("functions", "called from"),
                new("file", "in"),
            ],
            [
                .. reasons.SelectMany(reason => callers.Of(reason.Addresses).Take(CallerText.Most).Select(caller =>
                    (IReadOnlyList<Cell>)
                    [
                        reason.Reason, (long)caller.Boundaries,
                        string.Join(" <- ", caller.Site.Functions), caller.Site.Path,
                    ])),
            ]);
    }

    private static RemedyOffer? First(IReadOnlyList<RemedyOffer> offers) => offers.Count > 0 ? offers[0] : null;

    private static Table StripOf(SpaceExplanation space, string name, string id)
    {
        IReadOnlyList<VmaImage> vmas = space.Process.Image.Vmas;
        Dictionary<ulong, Boundary> byLower = space.Boundaries.ToDictionary(pair => pair.Lower.Start);
        HashSet<ulong> holes = [.. space.Holes.All.Select(hole => hole.Lower.Start)];
        Dictionary<string, string> advice = [];
        foreach (ReasonGroup group in space.Groups.Where(group => group.Boundaries.Count > 0))
        {
            string reason = BoundaryText.Name(group.First, group.Standing);
            advice.TryAdd(reason, First(space.Offers(group))?.Remedy.Text ?? "");
        }

        Box[] boxes = [.. vmas.Select(vma => BoxOf(space, vma, byLower.GetValueOrDefault(vma.Start), holes, advice))];
        int together = Math.Max(1, (boxes.Length + MostBoxes - 1) / MostBoxes);
        List<Range> pieces = Cut(boxes, together, mixed: false);
        bool isMixed = pieces.Count > 2 * MostBoxes;
        IReadOnlyList<Cell>[] rows =
        [
            .. (isMixed ? Cut(boxes, together, mixed: true) : pieces).Select(piece => Row(vmas, boxes, piece)),
        ];
        Dictionary<string, string> letters = Letters(rows.Select(row => row[3].Text!).Distinct());
        return new Table(id, name, s_columns,
            [.. rows.Select(row => (IReadOnlyList<Cell>)[row[0], row[1], letters[row[3].Text!], .. row.Skip(3)])])
        {
            Hidden = rows.Length == vmas.Count ? ""
                : $"{Figures.Count(vmas.Count)} VMAs are {Figures.Count(rows.Length)} boxes: up to {together} in a row "
                    + (isMixed ? "are one, with what keeps most of them apart" : "that the same keeps apart are one"),
        };
    }

    /// <summary>Boxes of some VMAs each: of those in a row that one reason keeps apart, or of any.</summary>
    private static List<Range> Cut(Box[] boxes, int together, bool mixed)
    {
        List<Range> pieces = [];
        for (int at = 0; at < boxes.Length;)
        {
            int end = at + 1;
            while (end < boxes.Length && end - at < together && (mixed || boxes[end].Reason == boxes[at].Reason))
            {
                end++;
            }

            pieces.Add(at..end);
            at = end;
        }

        return pieces;
    }

    private static IReadOnlyList<Cell> Row(IReadOnlyList<VmaImage> vmas, Box[] boxes, Range piece)
    {
        (int start, int count) = piece.GetOffsetAndLength(boxes.Length);
        Box[] most = boxes[piece].GroupBy(box => box.Reason).MaxBy(same => same.Count())!.ToArray();
        string what = count == 1 ? most[0].What
            : most.Length == count ? $"{Figures.Count(count)} VMAs from here; the first: {most[0].What}"
            : $"{Figures.Count(count)} VMAs from here, {Figures.Count(most.Length)} of them so; the first of these: "
                + most[0].What;
        return
        [
            (long)vmas[start].Start, (long)vmas[start + count - 1].End, "", most[0].Reason, what, most[0].Advice,
            (long)count,
        ];
    }

    private static Box BoxOf(
        SpaceExplanation space, VmaImage vma, Boundary? above, HashSet<ulong> holes, Dictionary<string, string> advice)
    {
        string what = string.Create(
            CultureInfo.InvariantCulture,
            $"{vma.Start:x}-{vma.End:x} {VmaText.Permissions(vma.Flags)} {BoundaryText.NameOf(space, vma)}, ")
            + Figures.Bytes((long)(vma.End - vma.Start));
        if (above is null)
        {
            return holes.Contains(vma.Start)
                ? new Box("hole", what, space.HoleOffers.Count > 0 ? space.HoleOffers[0].Remedy.Text : "")
                : new Box("unmapped", what, "");
        }

        string reason = above.Standing == BoundaryStanding.Never
            ? Kebab.Of(above.Lasting.ToString()) : BoundaryText.Name(above.Verdict.First, above.Standing);
        return new Box(reason, $"{what}; {BoundaryText.Brief(space, above)}", advice.GetValueOrDefault(reason, ""));
    }

    /// <summary>A letter for each reason: its first one that no other has.</summary>
    private static Dictionary<string, string> Letters(IEnumerable<string> reasons)
    {
        Dictionary<string, string> letters = [];
        foreach (string reason in reasons)
        {
            letters[reason] = reason.ToUpperInvariant().Concat(reason).Concat("0123456789")
                .Where(letter => char.IsAsciiLetterOrDigit(letter)).Select(letter => $"{letter}")
                .First(letter => !letters.ContainsValue(letter));
        }

        return letters;
    }

    private sealed record Box(string Reason, string What, string Advice);
}
