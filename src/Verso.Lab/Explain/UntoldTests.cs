using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Proc;

namespace Verso.Lab.Explain;

/// <summary>Which tests of two VMAs cannot be asked of what /proc says without root.</summary>
/// <remarks>
/// The verdict on such a pair is that on the best case: no anon_vma, the page offsets of memory that never moved, equal
/// where nothing differs. A test that fails then fails in the kernel too, unless its failure is among the doubtful; a
/// test that passes is known to pass unless its pass is.
/// </remarks>
public static class UntoldTests
{
    /// <summary>Splits the verdict on the best case into what is known and what is not.</summary>
    /// <returns>The tests that surely fail, and those that may.</returns>
    public static (MergeVerdict Known, MergeTests Untold) Divide(
        MergeVerdict bestCase,
        (VmaImage Vma, VmaEvidence Evidence) lower,
        (VmaImage Vma, VmaEvidence Evidence) upper,
        KernelRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        VmaDoubts doubts = lower.Evidence.Doubts | upper.Evidence.Doubts;
        MergeTests failures = DoubtfulFailures(lower.Vma, upper.Vma, doubts);
        MergeTests known = bestCase.Failed & ~failures;
        MergeTests passes = DoubtfulPasses(lower.Vma, upper.Vma, doubts) | OfAnonymousOffsets(lower.Vma, rules);
        return (new MergeVerdict(known), (passes | failures) & ~known);
    }

    private static MergeTests DoubtfulFailures(VmaImage lower, VmaImage upper, VmaDoubts doubts)
    {
        // Of anonymous memory maps shows the offset 0, whatever it is.
        MergeTests tests = lower.File.IsNone || upper.File.IsNone ? MergeTests.PageOffset : MergeTests.None;
        return tests | ((doubts & VmaDoubts.PolicyOfFile) != 0 ? MergeTests.Policy : MergeTests.None);
    }

    private static MergeTests DoubtfulPasses(VmaImage lower, VmaImage upper, VmaDoubts doubts)
    {
        bool lowerMay = MayHaveAnonVma(lower);
        bool upperMay = MayHaveAnonVma(upper);
        bool isUserfault = (lower.Flags & VmaFlags.Userfault) != 0 && (upper.Flags & VmaFlags.Userfault) != 0;
        return If(lowerMay && upperMay, MergeTests.AnonVma)
            | If(lowerMay || upperMay, MergeTests.ForkedChain)
            | If(!lower.File.IsNone && !upper.File.IsNone, MergeTests.File | MergeTests.Close)
            | If(isUserfault, MergeTests.Userfaultfd)
            | If((doubts & VmaDoubts.Flags) != 0, MergeTests.Flags)
            | If((doubts & VmaDoubts.Policy) != 0, MergeTests.Policy)
            | If((doubts & VmaDoubts.Name) != 0, MergeTests.Name);
    }

    // A private mapping of a file then has an offset for its own pages too, which no file of /proc shows.
    private static MergeTests OfAnonymousOffsets(VmaImage lower, KernelRules rules) =>
        If(rules.AnonymousPageOffsets && MayHaveAnonVma(lower), MergeTests.PageOffset);

    /// <summary>
    /// is_cow_mapping: only a private mapping that may be written ever gets an anon_vma. Flags that allow it now may
    /// not have done so always, but never the other way round.
    /// </summary>
    private static bool MayHaveAnonVma(VmaImage vma) =>
        (vma.Flags & (VmaFlags.Shared | VmaFlags.MayWrite)) == VmaFlags.MayWrite;

    private static MergeTests If(bool condition, MergeTests tests) => condition ? tests : MergeTests.None;
}
