using Verso.Engine.Vmas;

namespace Verso.Linux.Proc;

/// <summary>
/// The two letters that smaps prints for each bit of <c>vm_flags</c> (show_smap_vma_flags, fs/proc/task_mmu.c).
/// </summary>
public static class FlagLetters
{
    /// <summary>What smaps prints for each bit that the running kernel has no letters for.</summary>
    public const string Nameless = "??";

    /// <summary>Letters that no table here has get bits from this one on, each its own.</summary>
    internal const int FirstStrangeBit = 48;

    /// <summary>How many different letters of that kind one reading tells apart.</summary>
    internal const int MostStrange = 64 - FirstStrangeBit;

    private static readonly Dictionary<string, VmaFlags> s_flags = new(StringComparer.Ordinal)
    {
        ["rd"] = VmaFlags.Read,
        ["wr"] = VmaFlags.Write,
        ["ex"] = VmaFlags.Exec,
        ["sh"] = VmaFlags.Shared,
        ["mr"] = VmaFlags.MayRead,
        ["mw"] = VmaFlags.MayWrite,
        ["me"] = VmaFlags.MayExec,
        ["ms"] = VmaFlags.MayShare,
        ["gd"] = VmaFlags.GrowsDown,
        ["um"] = VmaFlags.UffdMissing,
        ["pf"] = VmaFlags.PfnMap,
        ["gu"] = VmaFlags.MaybeGuard,
        ["uw"] = VmaFlags.UffdWp,
        ["lo"] = VmaFlags.Locked,
        ["io"] = VmaFlags.Io,
        ["sr"] = VmaFlags.SeqRead,
        ["rr"] = VmaFlags.RandRead,
        ["dc"] = VmaFlags.DontCopy,
        ["de"] = VmaFlags.DontExpand,
        ["lf"] = VmaFlags.LockOnFault,
        ["ac"] = VmaFlags.Account,
        ["nr"] = VmaFlags.NoReserve,
        ["ht"] = VmaFlags.HugeTlb,
        ["sf"] = VmaFlags.Sync,
        ["ar"] = VmaFlags.Arch1,
        ["wf"] = VmaFlags.WipeOnFork,
        ["dd"] = VmaFlags.DontDump,
        ["sd"] = VmaFlags.SoftDirty,
        ["mm"] = VmaFlags.MixedMap,
        ["hg"] = VmaFlags.HugePage,
        ["nh"] = VmaFlags.NoHugePage,
        ["mg"] = VmaFlags.Mergeable,
        ["ss"] = VmaFlags.ShadowStack,
        ["dp"] = VmaFlags.Droppable,
        ["ui"] = VmaFlags.UffdMinor,
        ["sl"] = VmaFlags.Sealed,
    };

    /// <summary>Every bit that has letters.</summary>
    public static VmaFlags Told { get; } = s_flags.Values.Aggregate((all, each) => all | each);

    /// <summary>The bit of two letters; none for letters of a kernel that is not known here.</summary>
    public static VmaFlags Find(ReadOnlySpan<char> letters) =>
        s_flags.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(letters, out var flag) ? flag : VmaFlags.None;
}
