using Verso.Engine.Images;

namespace Verso.Lab.LockStep;

/// <summary>
/// Finds the first difference between the engine's address spaces and the kernel's: VMAs by address, and the graph
/// under one bijection of anon_vmas for all address spaces. Used again and again by one thread; comparing what is equal
/// allocates nothing.
/// </summary>
/// <remarks>
/// The bijection needs no search. VMAs have their addresses and chains their order, so every anon_vma of one side can
/// only be the one in the same place of the other. Reference counts are compared where both sides know them.
/// </remarks>
public sealed class GraphDifference(GraphScope scope)
{
    private readonly CanonicalGraph _engine = new();
    private readonly CanonicalGraph _kernel = new();

    /// <summary>Compares everything.</summary>
    public GraphDifference()
        : this(new GraphScope())
    {
    }

    /// <summary>The first difference as a line of text, the engine's first; null if there is none.</summary>
    /// <param name="spaces">
    /// The address spaces, in any order, but the same letters in the same order every time.
    /// </param>
    public string? Find(ReadOnlySpan<SpacePair> spaces)
    {
        ReferenceCounts counts = AllHaveCounts(spaces) ? ReferenceCounts.Compared : ReferenceCounts.Ignored;
        _engine.Begin();
        _kernel.Begin();
        foreach (SpacePair space in spaces)
        {
            _engine.Add(space.Letter, space.Engine, scope);
            _kernel.Add(space.Letter, space.Kernel, scope);
        }

        _engine.End(counts);
        _kernel.End(counts);
        return _engine.Words.SequenceEqual(_kernel.Words) ? null : new DifferenceWalk(scope, counts).Find(spaces);
    }

    /// <summary>The same for one address space.</summary>
    public string? Find(MmImage engine, MmImage kernel) => Find([new SpacePair('A', engine, kernel)]);

    private static bool AllHaveCounts(ReadOnlySpan<SpacePair> spaces)
    {
        foreach (SpacePair space in spaces)
        {
            if (!KnowsCounts(space.Engine) || !KnowsCounts(space.Kernel))
            {
                return false;
            }
        }

        return true;
    }

    // An image knows them of all anon_vmas or of none.
    private static bool KnowsCounts(MmImage? image) =>
        image is null || image.AnonVmas.Count == 0 || image.AnonVmas[0].RefCount is not null;
}
