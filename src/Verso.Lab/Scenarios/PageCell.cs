using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>What one page of an address space holds, as far as a kernel tells.</summary>
/// <remarks>
/// A page of a file or of shared memory counts as empty: which of those are mapped depends on what happens to be cached
/// around a fault (do_fault_around).
/// </remarks>
/// <param name="Presence">What is there; Present only if it is anonymous memory.</param>
/// <param name="MapCount">How many entries map the folio; 0 unless present.</param>
/// <param name="IsExclusive">PageAnonExclusive.</param>
/// <param name="Byte">The byte that scenarios write; 0 unless present.</param>
public readonly record struct PageCell(PagePresence Presence, int MapCount, bool IsExclusive, byte Byte)
{
    /// <summary>
    /// One letter: <c>.</c> nothing, <c>z</c> the zero page, <c>g</c> a guard marker, <c>s</c> swapped out, <c>x</c>
    /// an exclusive page, else how many entries map it (<c>*</c>: more than 9).
    /// </summary>
    public char Letter => Presence switch
    {
        PagePresence.ZeroPage => 'z',
        PagePresence.Guard => 'g',
        PagePresence.Swapped => 's',
        PagePresence.Present when IsExclusive && MapCount == 1 => 'x',
        PagePresence.Present => MapCount > 9 ? '*' : (char)('0' + MapCount),
        _ => '.',
    };

    public override string ToString() => Presence != PagePresence.Present
        ? Presence.ToString()
        : $"present, mapped {MapCount}{(IsExclusive ? ", exclusive" : "")}, byte {Byte}";
}
