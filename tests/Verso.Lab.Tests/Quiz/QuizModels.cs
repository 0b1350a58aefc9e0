using Verso.Lab.Scenarios;

namespace Verso.Lab.Tests.Quiz;

/// <summary>The rules behind each topic, told once more, in pages and processes instead of VMAs, frames and trees.</summary>
internal static class QuizModels
{
    /// <summary>New regions have no anon_vma and join any neighbour; two with different ones stay apart.</summary>
    public static string Regions(IReadOnlyList<Op> ops)
    {
        List<Region> regions = [new(ops[0].Start, ops[0].Start + ops[0].Count, IsOpen: false, 0)];
        int last = 0;
        foreach (Op op in ops.Skip(1))
        {
            int at = regions.FindIndex(region => region.First <= op.Start && region.End > op.Start);
            if (op.Kind == OpKind.Write)
            {
                regions[at] = regions[at].AnonVma == 0 ? regions[at] with { AnonVma = ++last } : regions[at];
                continue;
            }

            Region old = regions[at];
            Region opened = new(op.Start, op.Start + 1, IsOpen: true, 0);
            regions.RemoveAt(at);
            regions.InsertRange(
                at, new[] { old with { End = op.Start }, opened, old with { First = op.Start + 1 } }.Where(each => each.First < each.End));
            at = regions.IndexOf(opened);
            if (at > 0 && regions[at - 1].IsOpen)
            {
                regions[at - 1] = regions[at - 1] with { End = opened.End };
                regions.RemoveAt(at--);
            }

            if (at + 1 < regions.Count && regions[at + 1].IsOpen
                && (regions[at].AnonVma == 0 || regions[at + 1].AnonVma == 0 || regions[at].AnonVma == regions[at + 1].AnonVma))
            {
                regions[at] = regions[at] with
                {
                    End = regions[at + 1].End,
                    AnonVma = Math.Max(regions[at].AnonVma, regions[at + 1].AnonVma),
                };
                regions.RemoveAt(at + 1);
            }
        }

        return $"{regions.Count}";
    }

    /// <summary>A child has one more than its parent had, where that had any; a first write makes one.</summary>
    public static string Chains(IReadOnlyList<Op> ops)
    {
        Dictionary<(char Mm, long Page), int> lengths = [];
        foreach (Op op in ops)
        {
            if (op.Kind == OpKind.Write)
            {
                lengths.TryAdd((op.Mm, op.Start), 1);
            }
            else if (op.Kind == OpKind.Fork)
            {
                foreach (((char mm, long page), int length) in lengths.Where(each => each.Key.Mm == op.Mm).ToArray())
                {
                    lengths[(op.Other, page)] = length + 1;
                }
            }
        }

        return $"{lengths.Values.Sum()}";
    }

    /// <summary>The author of a frame and all its descendants are visited; those who share the frame map it.</summary>
    public static string Visits(IReadOnlyList<Op> ops, char asked, long page)
    {
        Frames frames = Frames.After(ops);
        Shared frame = frames.Of(asked, page);
        Dictionary<char, char> parents = ops.Where(op => op.Kind == OpKind.Fork).ToDictionary(op => op.Other, op => op.Mm);
        int visited = parents.Keys.Append('A').Count(mm => Ancestors(mm, parents).Contains(frame.Author));
        return $"{visited} {frame.Users.Count}";
    }

    public static string Author(IReadOnlyList<Op> ops, char asked) =>
        $"{Frames.After(ops).Of(asked, ops[0].Start).Author}";

    public static string Zygote(IReadOnlyList<Op> ops)
    {
        Shared[] all = [.. Frames.After(ops).All];
        return $"{all.Length} {all.Count(frame => frame.Users.Count > 1)}";
    }

    /// <summary>Written memory keeps its offset, other memory gets that of its place; equal offsets join.</summary>
    public static string Move(IReadOnlyList<Op> ops)
    {
        Op first = ops[0];
        Op[] moves = [.. ops.Where(op => op.Kind == OpKind.Remap)];
        Op? beside = ops.Skip(1).FirstOrDefault(op => op.Kind == OpKind.Map);
        (long from, long to, long count) = (moves[0].Start, moves[0].Target, moves[0].Count);
        bool isWritten = ops.Any(op => op.Kind == OpKind.Write && op.Start < first.Start + first.Count);
        bool isWrittenThere = ops.Any(op => op.Kind == OpKind.Write && op.Start >= 12);
        int left = (from > first.Start ? 1 : 0) + (from + count < first.Start + first.Count ? 1 : 0);
        int neighbours = beside is null ? 0 : 1;
        long home = isWritten ? from : to;
        if (moves.Length == 1)
        {
            bool joins = neighbours > 0 && home == to;
            return $"{left + neighbours + (joins ? 0 : 1)} {home}";
        }

        home = isWritten || isWrittenThere ? home : from;
        return $"{neighbours + (home == from ? 1 : left + 1)} {home}";
    }

    /// <summary>anon_vma_clone and unlink_anon_vmas, for processes of one VMA.</summary>
    public static string Daemon(IReadOnlyList<Op> ops)
    {
        Node root = new(null) { Children = 1, Own = 1, Linked = 1 };
        Dictionary<char, List<Node>> chains = new() { ['A'] = [root] };
        Dictionary<char, Node> owns = new() { ['A'] = root };
        List<Node> all = [root];
        foreach (Op op in ops)
        {
            if (op.Kind == OpKind.Fork)
            {
                List<Node> chain = [.. chains[op.Mm]];
                Node? own = chain.Find(node => node.Children < 2 && node.Own == 0);
                if (own is null)
                {
                    own = new Node(owns[op.Mm]);
                    own.Parent!.Children++;
                    chain.Add(own);
                    all.Add(own);
                }

                own.Own++;
                chain.ForEach(node => node.Linked++);
                (chains[op.Other], owns[op.Other]) = (chain, own);
            }
            else if (op.Kind == OpKind.Exit)
            {
                owns[op.Mm].Own--;
                foreach (Node node in chains[op.Mm].Where(node => --node.Linked == 0))
                {
                    _ = node.Parent is null ? 0 : node.Parent.Children--;
                    all.Remove(node);
                }

                chains.Remove(op.Mm);
            }
        }

        return $"{all.Count} {chains[chains.Keys.Max()].Count}";
    }

    /// <summary>As many VMAs as there are runs of pages alike, in each process; a walk visits one of each.</summary>
    public static string Splits(IReadOnlyList<Op> ops)
    {
        Op map = ops[0];
        HashSet<long> changed = [.. ops.Where(op => op.Kind is OpKind.Advise or OpKind.Protect or OpKind.Lock).Select(op => op.Start)];
        int runs = 1 + Enumerable.Range(1, (int)map.Count - 1)
            .Count(at => changed.Contains(map.Start + at) != changed.Contains(map.Start + at - 1));
        int processes = 1 + ops.Count(op => op.Kind == OpKind.Fork);
        return $"{runs * processes} {processes}";
    }

    private static IEnumerable<char> Ancestors(char mm, Dictionary<char, char> parents)
    {
        for (char each = mm; ; each = parents[each])
        {
            yield return each;
            if (!parents.ContainsKey(each))
            {
                yield break;
            }
        }
    }

    private sealed record Region(long First, long End, bool IsOpen, int AnonVma);

    private sealed class Node(Node? parent)
    {
        public Node? Parent { get; } = parent;

        public int Children { get; set; }

        public int Own { get; set; }

        public int Linked { get; set; }
    }

    /// <summary>A frame.</summary>
    internal sealed class Shared(char author)
    {
        public char Author { get; set; } = author;

        public HashSet<char> Users { get; } = [author];
    }

    /// <summary>Copy on write, with sets of users.</summary>
    internal sealed class Frames
    {
        private readonly Dictionary<(char Mm, long Page), Shared> _frames = [];

        public IEnumerable<Shared> All => _frames.Values.Distinct();

        public static Frames After(IEnumerable<Op> ops)
        {
            Frames frames = new();
            foreach (Op op in ops)
            {
                frames.Take(op);
            }

            return frames;
        }

        public Shared Of(char mm, long page) => _frames[(mm, page)];

        private void Take(Op op)
        {
            switch (op.Kind)
            {
                case OpKind.Fork:
                    foreach (((_, long page), Shared frame) in Of(op.Mm))
                    {
                        frame.Users.Add(op.Other);
                        _frames[(op.Other, page)] = frame;
                    }

                    break;
                case OpKind.Exit:
                    foreach ((var place, Shared frame) in Of(op.Mm))
                    {
                        frame.Users.Remove(op.Mm);
                        _frames.Remove(place);
                    }

                    break;
                case OpKind.Write:
                    Write((op.Mm, op.Start));
                    break;
            }
        }

        private void Write((char Mm, long Page) place)
        {
            Shared? old = _frames.GetValueOrDefault(place);
            if (old?.Users.Count == 1)
            {
                old.Author = place.Mm;
                return;
            }

            old?.Users.Remove(place.Mm);
            _frames[place] = new Shared(place.Mm);
        }

        private KeyValuePair<(char Mm, long Page), Shared>[] Of(char mm) => [.. _frames.Where(each => each.Key.Mm == mm)];
    }
}
