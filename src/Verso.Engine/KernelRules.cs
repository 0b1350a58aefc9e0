namespace Verso.Engine;

/// <summary>
/// Kernel behaviour that differs by version, as data. Each switch names the commit or series that made the
/// difference; code asks for the switch, never for a version.
/// </summary>
public sealed record KernelRules
{
    /// <summary>The release these rules describe, as <c>uname -r</c> begins.</summary>
    public required string Release { get; init; }

    /// <summary>
    /// An unfaulted VMA may take over a faulted, never forked neighbour, or a moved (mremap) copy of one (879bca0a2c4f
    /// "mm/vma: fix incorrectly disallowed anonymous VMA merges", 6.16). Before that the list that was tested for one
    /// entry was the empty one of the unfaulted VMA (since 965f55dea0e3, 2011).
    /// </summary>
    public bool UnfaultedTargetMerges { get; init; }

    /// <summary>
    /// A moved (mremap) copy merges into an unfaulted neighbour only if it is no fork child, and hands its anon_vma on
    /// (3b617fd3d317 "enforce VMA fork limit", 6.19 and 6.18-stable).
    /// </summary>
    public bool CopiedRangeForkLimit { get; init; }

    /// <summary>
    /// VM_MAYBE_GUARD is set by guard installs, ignored by merge tests and OR-ed into the result (5dba5cc2e0ff,
    /// 6.19, 6.18-stable).
    /// </summary>
    public bool StickyGuardFlag { get; init; }

    /// <summary>
    /// MADV_GUARD_INSTALL and MADV_GUARD_REMOVE exist (662df3e5c376 "mm: madvise: implement lightweight guard page
    /// mechanism", 6.13); before that they are unknown advice.
    /// </summary>
    public bool Guards { get; init; }

    /// <summary>MADV_GUARD_INSTALL works on file mappings too (6.15).</summary>
    public bool FileGuards { get; init; }

    /// <summary>mremap moves several VMAs in one call (6.17).</summary>
    public bool MultiVmaMove { get; init; }

    /// <summary>
    /// mremap to a given address looks at all its arguments before it unmaps anything (check_prep_vma, 6.17); before
    /// that the target was unmapped, and the source's tail, and a refusal left it so (vma_to_resize).
    /// </summary>
    public bool RemapChecksFirst { get; init; }

    /// <summary>Every rule set, oldest first.</summary>
    public static IReadOnlyList<KernelRules> All => [Linux612, Linux61844];

    /// <summary>Those that scenario files were written by: what they expect holds for no others.</summary>
    public static KernelRules Reference => Linux61844;

    /// <summary>The rules of a running kernel: those with its first two numbers; null if there are none.</summary>
    /// <param name="release">As <c>uname -r</c> has it.</param>
    public static KernelRules? Find(string release)
    {
        string series = string.Join('.', release.Split('.', '-').Take(2));
        return All.LastOrDefault(rules => rules.Release.StartsWith(series + ".", StringComparison.Ordinal));
    }

    /// <summary>The long-term kernel of Debian 13.</summary>
    public static KernelRules Linux612 { get; } = new() { Release = "6.12.107" };

    /// <summary>The live kernel of the reference machine.</summary>
    public static KernelRules Linux61844 { get; } = new()
    {
        Release = "6.18.44",
        UnfaultedTargetMerges = true,
        CopiedRangeForkLimit = true,
        StickyGuardFlag = true,
        Guards = true,
        FileGuards = true,
        MultiVmaMove = true,
        RemapChecksFirst = true,
    };
}
