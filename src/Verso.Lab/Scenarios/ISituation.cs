namespace Verso.Lab.Scenarios;

/// <summary>
/// What a generator of steps looks at: which address spaces there are, and where something is mapped.
/// </summary>
public interface ISituation
{
    /// <summary>The letters of the live address spaces, in order.</summary>
    IEnumerable<char> Mms { get; }

    /// <summary>The mapped pages of an address space in and around the window, ascending.</summary>
    IEnumerable<long> PagesOf(char mm);

    /// <summary>Whether something is mapped there.</summary>
    bool IsMapped(char mm, long page);

    /// <summary>
    /// Whether the step makes sense now: it names a live address space, and what it makes does not exist yet.
    /// </summary>
    bool IsPossible(Op op);
}
