using Verso.Lab.Replay;
using Verso.Reports.Model;
using Verso.Reports.Text;

namespace Verso.Reports.Views;

/// <summary>The tree of address spaces of a recording, and what each cost.</summary>
internal static class ProcessesView
{
    /// <summary>Address spaces under one that are shown; of more those that cost the least are put together.</summary>
    private const int MostChildren = 24;

    /// <summary>Address spaces that are shown at all.</summary>
    private const int Most = 2000;

    /// <summary>The section; null where there was one address space at most.</summary>
    internal static Section? Of(IReadOnlyList<ReplayResult> designs, string prefix)
    {
        ReplayResult[] followed = [.. designs.Where(design => design.Timeline?.Lives.Count > 1)];
        if (followed.Length == 0)
        {
            return null;
        }

        string id = $"{prefix}processes";
        return new Section(id, "Processes",
        [
            new Chart($"{id}-tree", "Address spaces by fork and exec", ChartKind.Tree,
                [.. followed.Select(design => TreeOf(design, $"{id}-{Slug.Of(design.Name)}"))])
            {
                Choice = "design",
                Description = Describe(followed[0].Timeline!.Lives),
            },
        ]);
    }

    private static string Describe(IReadOnlyList<SpaceLife> lives)
    {
        SpaceLife largest = lives.MaxBy(life => life.VmasPeak)!;
        return $"{Figures.Plural(lives.Count, "address space", "address spaces")}: "
            + $"{Figures.Count(lives.Count(life => life.Beginning == SpaceBeginning.Fork))} by fork, "
            + $"{Figures.Count(lives.Count(life => life.Beginning == SpaceBeginning.Exec))} by exec. The largest is "
            + $"{Name(largest)} with {Figures.Plural(largest.VmasPeak, "VMA", "VMAs")}.";
    }

    private static Table TreeOf(ReplayResult design, string id)
    {
        IReadOnlyList<SpaceLife> lives = design.Timeline!.Lives;
        ILookup<int, int> children = Enumerable.Range(0, lives.Count).ToLookup(at => lives[at].Parent);
        List<IReadOnlyList<Cell>> rows = [];
        Queue<(int Life, int Parent)> left = new(Chosen(lives, children[-1]).Select(life => (life, -1)));
        int hidden = 0;
        while (left.TryDequeue(out (int Life, int Parent) next))
        {
            if (rows.Count >= Most)
            {
                hidden += 1 + left.Count;
                break;
            }

            int number = rows.Count;
            rows.Add(Row(number, next.Parent, Name(lives[next.Life]), [lives[next.Life]]));
            int[] all = [.. children[next.Life]];
            int[] chosen = Chosen(lives, all);
            foreach (int child in chosen)
            {
                left.Enqueue((child, number));
            }

            if (chosen.Length < all.Length)
            {
                SpaceLife[] rest = [.. all.Except(chosen).Select(child => lives[child])];
                hidden += rest.Length;
                rows.Add(Row(rows.Count, number, $"{Figures.Count(rest.Length)} more", rest));
            }
        }

        return new Table(
            id,
            design.Name,
            [
                new("number", "number", Unit.Count), new("parent", "parent", Unit.Count), new("name", "address space"),
                new("rmap", "rmap allocated", Unit.Bytes), new("vmas", "VMAs at most", Unit.Count),
                new("ptes", "entries copied", Unit.Count), new("copied", "frames copied", Unit.Count),
                new("events", "events", Unit.Count),
            ],
            rows)
        {
            Hidden = hidden == 0 ? "" : $"{Figures.Count(hidden)} address spaces are put together or not shown: of "
                + "many under one those that allocated the least",
        };
    }

    private static int[] Chosen(IReadOnlyList<SpaceLife> lives, IEnumerable<int> children)
    {
        int[] all = [.. children];
        return all.Length <= MostChildren ? all
            : [.. all.OrderByDescending(child => lives[child].OwnBytesAllocated).Take(MostChildren - 1).Order()];
    }

    private static IReadOnlyList<Cell> Row(int number, int parent, string name, IReadOnlyList<SpaceLife> lives) =>
    [
        number, parent, name,
        lives.Sum(life => life.OwnBytesAllocated), lives.Max(life => life.VmasPeak),
        lives.Sum(life => life.PtesCopied), lives.Sum(life => life.FramesCopied), lives.Sum(life => life.Events),
    ];

    private static string Name(SpaceLife life)
    {
        string program = life.Program.Length == 0 ? "" : $" {Path.GetFileName(life.Program)}";
        return $"mm{life.Mm}{Printable.Of(program)}" + (life.Beginning == SpaceBeginning.Exec ? " (exec)" : "");
    }
}
