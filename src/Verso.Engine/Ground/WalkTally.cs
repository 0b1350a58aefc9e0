using System.Numerics;
using System.Runtime.CompilerServices;

namespace Verso.Engine;

/// <summary>What the walks of one purpose, for one kind of pages, have cost.</summary>
public struct WalkTally
{
    /// <summary>Of how many candidates a walk may be told apart by their number of bits.</summary>
    public const int Lengths = 32;

    private ByLength _walks;

    /// <summary>Walks.</summary>
    public long Count { get; private set; }

    /// <summary>Candidates they looked at.</summary>
    public long Visited { get; private set; }

    /// <summary>Of those, the ones that mapped the page.</summary>
    public long Useful { get; private set; }

    /// <summary>Candidates looked at up to the one that met the map count.</summary>
    public long VisitedUntilDone { get; private set; }

    /// <summary>The most that one walk looked at.</summary>
    public int Most { get; private set; }

    /// <summary>A walk has ended.</summary>
    public void Add(in WalkResult walk)
    {
        Count++;
        Visited += walk.Visited;
        Useful += walk.Useful;
        VisitedUntilDone += walk.VisitedUntilDone;
        Most = Math.Max(Most, walk.Visited);
        _walks[Lengths - BitOperations.LeadingZeroCount((uint)walk.Visited | 1)]++;
    }

    /// <summary>
    /// So many candidates, or fewer, are looked at by this share of the walks: 1, 3, 7 ... (a power of 2 less 1), or
    /// the most. 0 without walks.
    /// </summary>
    /// <param name="share">From 0 to 1.</param>
    public readonly int VisitedBy(double share)
    {
        long walks = 0;
        for (int length = 1; length < Lengths && Count > 0; length++)
        {
            walks += _walks[length];
            if (walks >= share * Count)
            {
                return Math.Min((int)((1L << length) - 1), Most);
            }
        }

        return Most;
    }

    /// <summary>Walks that looked at so many candidates that the number has this many bits; 0 and 1 are one.</summary>
    /// <param name="length">From 1 to <see cref="Lengths"/>.</param>
    public readonly long CountOf(int length) => _walks[length];

    [InlineArray(Lengths + 1)]
    private struct ByLength
    {
        private long _first;
    }
}

/// <summary>What a walk found.</summary>
/// <param name="Visited">Candidates offered by the design.</param>
/// <param name="Useful">Those that map the folio.</param>
/// <param name="VisitedUntilDone">Candidates up to the one that met the map count, where a walk may stop early.</param>
public readonly record struct WalkResult(int Visited, int Useful, int VisitedUntilDone);
