using Verso.Engine;

namespace Verso.Linux.Graph;

/// <summary>One page of a live address space.</summary>
/// <param name="Presence">What the page table holds; <see cref="PagePresence.Held"/> never.</param>
/// <param name="Flags">What is known of it.</param>
/// <param name="MapCount">How many entries map its frame (/proc/kpagecount); 0 unless present.</param>
/// <param name="Frame">Its frame number; 0 unless present or the zero page.</param>
/// <param name="Swap">Swap type in the low 5 bits, offset above; 0 unless swapped.</param>
public readonly record struct KernelPage(
    PagePresence Presence, KernelPageFlags Flags, int MapCount, ulong Frame, ulong Swap)
{
    /// <summary>It is present and anonymous memory: what reverse maps of anonymous memory are about.</summary>
    public bool IsAnonymous => (Flags & KernelPageFlags.Anonymous) != 0;

    /// <summary>PageAnonExclusive: a write may reuse the frame without looking further.</summary>
    public bool IsExclusive => (Flags & KernelPageFlags.Exclusive) != 0;
}

/// <summary>What pagemap and kpageflags say of a page.</summary>
[Flags]
public enum KernelPageFlags : ushort
{
    None = 0,

    /// <summary>The frame is anonymous memory (KPF_ANON).</summary>
    Anonymous = 1 << 0,

    /// <summary>PageAnonExclusive (bit 34 of kpageflags); told of anonymous frames only.</summary>
    Exclusive = 1 << 1,

    /// <summary>File or shared memory (bit 61 of pagemap).</summary>
    File = 1 << 2,

    /// <summary>The entry was written since soft-dirty bits were cleared (bit 55 of pagemap).</summary>
    SoftDirty = 1 << 3,

    /// <summary>Write-protected by userfaultfd (bit 57 of pagemap).</summary>
    UserfaultProtected = 1 << 4,

    /// <summary>Merged by KSM (KPF_KSM).</summary>
    SamePage = 1 << 5,

    /// <summary>Part of a larger folio (KPF_COMPOUND_HEAD, KPF_COMPOUND_TAIL).</summary>
    Large = 1 << 6,

    /// <summary>A page of hugetlb (KPF_HUGE).</summary>
    HugeTlb = 1 << 7,

    /// <summary>In the swap cache (KPF_SWAPCACHE).</summary>
    SwapCache = 1 << 8,
}
