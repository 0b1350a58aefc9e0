using Verso.Engine.Vmas;

namespace Verso.Engine.ReverseMaps;

/// <summary>The merge test of designs whose walks do not depend on the page offsets of anonymous memory.</summary>
internal static class FileOffsets
{
    /// <summary>
    /// Anonymous neighbours always join; the page offsets of a file must be linear across the boundary.
    /// </summary>
    public static MergeTests CanJoin(in JoinCandidate candidate) =>
        candidate.IsAnonymous || candidate.LeftPgoff == candidate.RightPgoff ? MergeTests.None : MergeTests.PageOffset;
}
