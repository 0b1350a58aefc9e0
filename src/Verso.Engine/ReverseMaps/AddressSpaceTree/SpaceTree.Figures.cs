namespace Verso.Engine.ReverseMaps.AddressSpaceTree;

// What only this design counts.
internal sealed partial class SpaceTree
{
    private const int Depths = 4;

    private readonly long[] _madeAtDepth = new long[Depths];
    private readonly long[] _answeredAtDepth = new long[Depths];

    /// <summary>Faults that asked where a page is.</summary>
    public long LookUps { get; private set; }

    /// <summary>Searches for an index in one space, of faults, walks and everything else.</summary>
    public long Searches { get; private set; }

    /// <summary>Searches that the hint made needless.</summary>
    public long SearchesSpared { get; private set; }

    /// <summary>The most spaces that one look-up went through.</summary>
    public long GreatestClimb { get; private set; }

    public long SpacesWalked { get; private set; }

    public long SpacesCut { get; private set; }

    public long SpacesMerged { get; private set; }

    /// <summary>New spaces that were not made, since they would have been merged at once.</summary>
    public long SpacesSpared { get; private set; }

    public IReadOnlyList<DesignFigure> Figures()
    {
        (long[] live, long deepest) = LiveDepths();
        (long Frames, long Slots) stale = CountStale();
        return
        [
            new("spaces at depth 1", live[0], FigureKind.State),
            new("spaces at depth 2", live[1], FigureKind.State),
            new("spaces at depth 3", live[2], FigureKind.State),
            new("spaces at depth 4 and more", live[3], FigureKind.State),
            new("greatest depth", deepest, FigureKind.State),
            new("spaces made at depth 2", _madeAtDepth[1]),
            new("spaces made at depth 3", _madeAtDepth[2]),
            new("spaces made at depth 4 and more", _madeAtDepth[3]),
            new("look-ups", LookUps),
            new("look-ups ended at the 1st space", _answeredAtDepth[0]),
            new("look-ups ended at the 2nd space", _answeredAtDepth[1]),
            new("look-ups ended at the 3rd space", _answeredAtDepth[2]),
            new("look-ups ended at the 4th space or later", _answeredAtDepth[3]),
            new("most spaces in one look-up", GreatestClimb),
            new("searches of a space", Searches),
            new("searches spared by the hint", SearchesSpared),
            new("spaces walked", SpacesWalked),
            new("spaces cut", SpacesCut),
            new("spaces merged", SpacesMerged),
            new("spaces never made", SpacesSpared),
            new("limits widened", LimitsWidened),
            new(DesignFigure.StaleFrames, stale.Frames, FigureKind.State),
            new("stale swap slots", stale.Slots, FigureKind.State),
        ];
    }

    private void NoteClimb(int steps)
    {
        _answeredAtDepth[Math.Clamp(steps, 1, Depths) - 1]++;
        GreatestClimb = Math.Max(GreatestClimb, steps);
    }

    /// <summary>A new space; how deep it is beyond the fourth level is not looked at.</summary>
    private void NoteDepth(int space)
    {
        int depth = 0;
        for (int at = _spaces[space].Parent; at != 0 && depth < Depths - 1; at = _spaces[at].Parent)
        {
            depth++;
        }

        _madeAtDepth[depth]++;
    }

    /// <summary>How many live spaces are how deep, files' own at depth 1 too. O(spaces).</summary>
    private (long[] Live, long Deepest) LiveDepths()
    {
        long[] live = new long[Depths];
        int[] depths = new int[_spaces.UsedCount];
        Stack<int> open = new();
        long deepest = 0;
        for (int space = 1; space < _spaces.UsedCount; space++)
        {
            if (!_spaces[space].IsLive)
            {
                continue;
            }

            int at = space;
            while (depths[at] == 0 && _spaces[at].Parent != 0)
            {
                open.Push(at);
                at = _spaces[at].Parent;
            }

            depths[at] = Math.Max(depths[at], 1);
            while (open.TryPop(out int below))
            {
                depths[below] = depths[_spaces[below].Parent] + 1;
            }

            live[Math.Min(depths[space], Depths) - 1]++;
            deepest = Math.Max(deepest, depths[space]);
        }

        return (live, deepest);
    }
}
