using Verso.Engine.Vmas;

namespace Verso.Lab.Explain.Copies;

/// <summary>What came of acting on one situation.</summary>
/// <param name="Situation">The situation.</param>
/// <param name="Said">What explain says keeps the two apart.</param>
/// <param name="Result">Whether the kernel agrees.</param>
/// <param name="Shown">The reasons that kept the copy apart when all others were undone.</param>
/// <param name="Story">Why it is not right; or how the causes were undone. One line.</param>
public sealed record CopyTrial(
    Situation Situation, MergeTests Said, CopyResult Result, MergeTests Shown, string Story)
{
    /// <summary>How the causes were undone, all of them together.</summary>
    public CauseUndoing Undoing { get; init; }
}

/// <summary>How what keeps two VMAs apart was undone.</summary>
public enum CauseUndoing
{
    /// <summary>There was nothing to undo, or it never came to that.</summary>
    None = 0,

    /// <summary>By calls, on the two as they were.</summary>
    ByCalls = 1,

    /// <summary>No call undoes it (file, anon_vma, chain, page offset): two were made that never had it.</summary>
    MadeWithout = 2,
}

/// <summary>Whether the kernel agrees with explain.</summary>
public enum CopyResult
{
    /// <summary>It does, in all that was tried.</summary>
    Right = 0,

    /// <summary>It does not.</summary>
    Wrong = 1,

    /// <summary>The situation could not be made, so nothing was tried.</summary>
    NotCopied = 2,
}
