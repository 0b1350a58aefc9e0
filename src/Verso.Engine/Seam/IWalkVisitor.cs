using System.Runtime.InteropServices;

namespace Verso.Engine.ReverseMaps;

/// <summary>Receives the candidates of a walk.</summary>
public interface IWalkVisitor
{
    /// <summary>Pages of an address space that may map those of the walk. Returns whether the walk goes on.</summary>
    WalkStep Visit(in WalkCandidate candidate);

    /// <summary>
    /// So many candidates were looked at that the design could tell by itself not to map the pages: useless visits,
    /// counted but not offered.
    /// </summary>
    void Dismiss(int count);
}

/// <summary>A place that a walk looks at: the page at an address may map the page with that index, and so on.</summary>
/// <param name="Mm">The address space, which may have gone.</param>
/// <param name="Address">Of the first page, in bytes.</param>
/// <param name="Index">The page offset of the first page within the object. Requires: one of the walk's.</param>
/// <param name="Pages">How many pages, all of the walk's.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct WalkCandidate(MmId Mm, ulong Address, ulong Index, int Pages = 1);

/// <summary>Whether a walk goes on.</summary>
public enum WalkStep
{
    Continue = 0,
    Stop = 1,
}
