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

    /// <summary>
    /// MADV_GUARD_INSTALL works on file mappings too (f807123d578d "mm: allow guard regions in file-backed and
    /// read-only mappings", 6.15).
    /// </summary>
    public bool FileGuards { get; init; }

    /// <summary>
    /// mremap moves several VMAs in one call (d23cb648e365 "mm/mremap: permit mremap() move of multiple VMAs", 6.17).
    /// </summary>
    public bool MultiVmaMove { get; init; }

    /// <summary>
    /// mremap to a given address looks at all its arguments before it unmaps anything (a85dc37186a5 "mm/mremap: check
    /// remap conditions earlier", 6.17); before that the target was unmapped, and the source's tail, and a refusal left
    /// it so (vma_to_resize).
    /// </summary>
    public bool RemapChecksFirst { get; init; }

    /// <summary>
    /// locked_vm counts what MREMAP_DONTUNMAP moved at both places, though only the copy is locked (move_vma as it was
    /// written anew, after 6.12, until 7.1).
    /// </summary>
    public bool UnlockedSourceIsCounted { get; init; }

    /// <summary>
    /// A droppable VMA made after mlockall(MCL_FUTURE) is not locked (vma_supports_mlock, 7.0; 6.12- and 6.18-stable
    /// took it over, 6.19 ended before). Otherwise it has the flag and is counted.
    /// </summary>
    public bool NewDroppableStaysUnlocked { get; init; }

    /// <summary>
    /// A clone of a VMA's chain (split, mremap, fork) has it the other way round, and fork looks for an anon_vma to
    /// reuse from the source's head on ("mm/rmap: allocate anon_vma_chain objects unlocked when possible", 7.0). Before
    /// that the order was kept, and the search began at the oldest.
    /// </summary>
    public bool ClonesTurnChains { get; init; }

    /// <summary>
    /// MREMAP_DONTUNMAP of part of a locked VMA splits it off first, and unlocks only that (needs_pre_split, 7.2);
    /// before that the whole VMA lost its lock.
    /// </summary>
    public bool LockedSourceIsSplitOff { get; init; }

    /// <summary>
    /// What MREMAP_DONTUNMAP copies never merges with the source that stays (copy_vma, 7.2); before that an unfaulted
    /// source and its copy became one VMA.
    /// </summary>
    public bool SourceStaysApart { get; init; }

    /// <summary>
    /// An anonymous VMA that MREMAP_DONTUNMAP left whole and empty gets the page offset of its address again
    /// (dontunmap_complete, 7.2).
    /// </summary>
    public bool SourceIsPlacedAnew { get; init; }

    /// <summary>
    /// mremap counts the VMAs it may need, and every call does (__check_map_count_against_split, 7.2): two more by the
    /// move, one by MREMAP_DONTUNMAP, two by unmapping what is in the way. Before that calls with a new address needed
    /// room for 5, a move for 3.
    /// </summary>
    public bool RemapCountsVmas { get; init; }

    /// <summary>
    /// After PR_SET_MEMORY_MERGE new memory is VM_MERGEABLE before it is merged (cf7e7a3503df "mm: prevent KSM from
    /// breaking VMA merging for new VMAs", 6.17); before that afterwards, so that it merged with none that is.
    /// </summary>
    public bool MergeAnyBeforeMerge { get; init; }

    /// <summary>
    /// UFFDIO_UNREGISTER is refused by a userfaultfd that does not watch the range itself, if another does (6.17).
    /// </summary>
    public bool UnregisterIsForOwners { get; init; }

    /// <summary>
    /// A VMA has an anonymous page offset beside that of its file: that of its address until the first fault. Pages of
    /// its own are indexed by it, and private file mappings merge only where it is linear too ("mm/vma: introduce VMA
    /// anon page offset field and add helpers" and what follows it, 7.3).
    /// </summary>
    public bool AnonymousPageOffsets { get; init; }

    /// <summary>
    /// MAP_SHARED of a /dev/zero that is open for reading only is shared memory too (VM_MAYSHARE in mmap_zero_prepare,
    /// 7.3); before that it was filled as a private mapping is.
    /// </summary>
    public bool ReadOnlyZeroIsShared { get; init; }

    /// <summary>Every rule set, oldest first.</summary>
    public static IReadOnlyList<KernelRules> All =>
        [Linux612, Linux612117, Linux61844, Linux619, Linux70, Linux71, Linux72, Linux73];

    /// <summary>Those that scenario files were written by: what they expect holds for no others.</summary>
    public static KernelRules Reference => Linux61844;

    /// <summary>
    /// The rules of a running kernel: of those with its first two numbers the newest that is not newer, else the
    /// oldest; null if there are none.
    /// </summary>
    /// <param name="release">As <c>uname -r</c> has it.</param>
    public static KernelRules? Find(string release)
    {
        string series = string.Join('.', release.Split('.', '-').Take(2));
        KernelRules[] its =
            [.. All.Where(rules => rules.Release.StartsWith(series + ".", StringComparison.Ordinal))];
        return its.LastOrDefault(rules => Number(rules.Release, 2) <= Number(release, 2)) ?? its.FirstOrDefault();
    }

    /// <summary>
    /// The rules to go by of any kernel: those of <see cref="Find"/>; between 6.12 and 6.18 those that the switches'
    /// own versions make; else of the newest kernel here that is not newer than that one, else the oldest. Those of
    /// <see cref="Reference"/> if no release is known.
    /// </summary>
    /// <param name="release">As <c>uname -r</c> has it; empty if unknown.</param>
    public static KernelRules Nearest(string release) => IsUnknown(release) ? Reference : Find(release)
        ?? (IsAtLeast(release, "6.13") && !IsAtLeast(release, "6.18") ? Between(release)
            : All.LastOrDefault(rules => IsAtLeast(release, rules.Release)) ?? All[0]);

    /// <summary>How far these rules are known to be those of a kernel.</summary>
    /// <param name="release">As <c>uname -r</c> has it; empty if unknown.</param>
    public RulesBasis BasisFor(string release) =>
        IsUnknown(release) ? RulesBasis.Unknown
        : Series(release) != Series(Release) ? RulesBasis.Other
        : All.All(rules => rules.Release != Release) ? RulesBasis.Versions
        : string.Join('.', release.Split('.', '-', '+').Take(3)) == Release ? RulesBasis.Compared
        : RulesBasis.Series;

    // Of UnlockedSourceIsCounted no version is known but that it is later than 6.12; no merge asks for it.
    private static KernelRules Between(string release) => Linux612 with
    {
        Release = string.Join('.', release.Split('.', '-', '+').Take(2)),
        Guards = true,
        FileGuards = IsAtLeast(release, "6.15"),
        UnfaultedTargetMerges = IsAtLeast(release, "6.16"),
        MultiVmaMove = IsAtLeast(release, "6.17"),
        RemapChecksFirst = IsAtLeast(release, "6.17"),
        MergeAnyBeforeMerge = IsAtLeast(release, "6.17"),
        UnregisterIsForOwners = IsAtLeast(release, "6.17"),
        NewDroppableStaysUnlocked = false,
    };

    /// <summary>Whether a release is of a series or of a later one; only the first two numbers count.</summary>
    /// <param name="release">As <c>uname -r</c> has it.</param>
    /// <param name="series">"6.16"; what follows is ignored.</param>
    public static bool IsAtLeast(string release, string series) => Series(release).CompareTo(Series(series)) >= 0;

    private static bool IsUnknown(string release) => Series(release) == default;

    private static (int Major, int Minor) Series(string release) => (Number(release, 0), Number(release, 1));

    /// <summary>One number of a release; 0 where there is none.</summary>
    private static int Number(string release, int at)
    {
        ArgumentNullException.ThrowIfNull(release);
        string[] numbers = release.Split('.', '-', '+');
        return at < numbers.Length && int.TryParse(
            numbers[at], System.Globalization.CultureInfo.InvariantCulture, out int number) ? number : 0;
    }

    /// <summary>The long-term kernel of Debian 13.</summary>
    public static KernelRules Linux612 { get; } = new()
    {
        Release = "6.12.107",
        NewDroppableStaysUnlocked = true,
    };

    /// <summary>After the corrections of MREMAP_DONTUNMAP, which 6.12-stable took over from 7.2.</summary>
    public static KernelRules Linux612117 { get; } = Linux612 with
    {
        Release = "6.12.117",
        LockedSourceIsSplitOff = true,
        SourceStaysApart = true,
        SourceIsPlacedAnew = true,
    };

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
        MergeAnyBeforeMerge = true,
        UnregisterIsForOwners = true,
        UnlockedSourceIsCounted = true,
        NewDroppableStaysUnlocked = true,
    };

    /// <summary>6.18.44 had taken all its changes over, and has a later one.</summary>
    public static KernelRules Linux619 { get; } = Linux61844 with
    {
        Release = "6.19.14",
        NewDroppableStaysUnlocked = false,
    };

    /// <summary>After the clean-up of anon_vma of January 2026.</summary>
    public static KernelRules Linux70 { get; } = Linux61844 with { Release = "7.0.13", ClonesTurnChains = true };

    /// <summary>As 7.0, as far as these rules go.</summary>
    public static KernelRules Linux71 { get; } = Linux70 with { Release = "7.1.13" };

    /// <summary>After the corrections of MREMAP_DONTUNMAP.</summary>
    public static KernelRules Linux72 { get; } = Linux71 with
    {
        Release = "7.2.12",
        UnlockedSourceIsCounted = false,
        LockedSourceIsSplitOff = true,
        SourceStaysApart = true,
        SourceIsPlacedAnew = true,
        RemapCountsVmas = true,
    };

    /// <summary>With anonymous page offsets.</summary>
    public static KernelRules Linux73 { get; } = Linux72 with
    {
        Release = "7.3.4",
        AnonymousPageOffsets = true,
        ReadOnlyZeroIsShared = true,
    };
}

/// <summary>How far rules are known to be those of a kernel.</summary>
public enum RulesBasis
{
    /// <summary>The engine was compared with that release, step by step.</summary>
    Compared = 0,

    /// <summary>
    /// It was compared with another release of the series, which may have corrections that this one lacks.
    /// </summary>
    Series = 1,

    /// <summary>
    /// Put together from the versions in which each switch came. No such kernel agreed with the engine in all that was
    /// tried: 6.16.12 and 6.17.13 differ from any rules here in a few scenarios.
    /// </summary>
    Versions = 2,

    /// <summary>They are those of another series; nothing is known of that kernel's own.</summary>
    Other = 3,

    /// <summary>The release of that kernel is not known: imported text does not name it.</summary>
    Unknown = 4,

    /// <summary>The user chose them.</summary>
    Chosen = 5,
}
