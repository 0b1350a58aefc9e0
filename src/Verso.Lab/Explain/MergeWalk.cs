using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Lab.Explain;

/// <summary>
/// What becomes of the VMAs of an address space when merges are tried from its lowest address to its highest.
/// </summary>
/// <remarks>
/// Two pairs that each could be one need not both become one: of a written VMA, one that never was and another written
/// one, the one in the middle takes the anon_vma of whichever it joins, and then has one that differs from the other's.
/// So what is asked about a VMA is not the one below it but what that one has become part of:
/// <code>
///       A       -       B       -               A: anon_vma A      -: none
///     |   A   |       |   B   |   -  |          joined: 1          A | B is asked, and refused
///     |   A           |   B          |          joined: 2
/// </code>
/// It is what a program gets that makes a call on one VMA after the other in the order of addresses, each of which lets
/// the kernel try. Where no test is lifted that looks at anon_vmas, another order joins other pairs and as many.
/// </remarks>
internal sealed class MergeWalk
{
    private readonly MergeJudge _judge;
    private readonly IReadOnlyList<VmaImage> _vmas;
    private readonly IReadOnlyList<WalkPair> _pairs;

    /// <param name="judge">Holds the address space.</param>
    /// <param name="vmas">Its VMAs.</param>
    /// <param name="pairs">Those that touch, by ascending address.</param>
    internal MergeWalk(MergeJudge judge, IReadOnlyList<VmaImage> vmas, IReadOnlyList<WalkPair> pairs)
    {
        _judge = judge;
        _vmas = vmas;
        _pairs = pairs;
    }

    /// <summary>How many pairs become one.</summary>
    /// <param name="lifted">
    /// Tests that are passed always. What was joined in spite of a different anon_vma has that of its lower part, as if
    /// the upper one had been written as part of it; in spite of a forked chain, the only one there is.
    /// </param>
    /// <param name="isTried">Which pairs are tried.</param>
    internal int CountJoined(MergeTests lifted, Func<Boundary, bool> isTried) =>
        CountJoined(_ => lifted, isTried);

    /// <summary>The same, with the tests that are passed always by pair: by its place among those that touch.</summary>
    internal int CountJoined(Func<int, MergeTests> lifted, Func<Boundary, bool> isTried) =>
        Walk(lifted, isTried).Count(step => step.IsJoined);

    /// <summary>
    /// The pairs that only different anon_vmas keep apart in the end, and that have not two: what never was written
    /// lies between those that have them.
    /// </summary>
    /// <param name="isTried">Which pairs are tried.</param>
    internal IEnumerable<Boundary> ApartBeyond(Func<Boundary, bool> isTried) =>
        Walk(_ => ~MergeTests.AnonVma, isTried)
            .Where(step => !step.IsJoined && isTried(step.Pair) && (step.Pair.Verdict.Failed & MergeTests.AnonVma) == 0)
            .Select(step => step.Pair);

    private IEnumerable<(Boundary Pair, bool IsJoined)> Walk(
        Func<int, MergeTests> lifted, Func<Boundary, bool> isTried)
    {
        int last = -1;
        int state = -1;
        int place = 0;
        foreach ((int at, Boundary pair, BothVerdicts alone) in _pairs)
        {
            state = last == at - 1 ? state : at - 1;
            BothVerdicts verdicts = state == at - 1 ? alone : _judge.VerdictsBelow(at, state) ?? alone;
            MergeTests passed = pair.LiftedWith(lifted(place++));
            bool isJoined = isTried(pair) && verdicts.CanMergeWithout(passed);

            state = isJoined && PassesAnonVmaOn(_vmas[state], _vmas[at]) ? state : at;
            last = at;
            yield return (pair, isJoined);
        }
    }

    // dup_anon_vma: whichever of two stays has the anon_vma of the one that has one. Of equal ones any may be asked.
    private static bool PassesAnonVmaOn(VmaImage lower, VmaImage upper) => lower.AnonVma != 0
        && (lower.AnonVma, lower.Chain.Count) != (upper.AnonVma, upper.Chain.Count);
}

/// <summary>Two VMAs that touch, as a walk meets them.</summary>
/// <param name="At">The index of the upper one.</param>
/// <param name="Pair">The two.</param>
/// <param name="Verdicts">What keeps them apart, each as it is now.</param>
internal readonly record struct WalkPair(int At, Boundary Pair, BothVerdicts Verdicts);
