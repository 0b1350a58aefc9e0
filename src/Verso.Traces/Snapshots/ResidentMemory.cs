namespace Verso.Traces.Snapshots;

/// <summary>
/// What an address space has resident, by the kernel's counters, in pages unless its name says otherwise.
/// </summary>
/// <param name="AnonymousPages"><c>MM_ANONPAGES</c> (RssAnon of /proc/PID/status).</param>
/// <param name="FilePages"><c>MM_FILEPAGES</c> (RssFile).</param>
/// <param name="SharedMemoryPages"><c>MM_SHMEMPAGES</c> (RssShmem).</param>
/// <param name="SwapEntries"><c>MM_SWAPENTS</c> (VmSwap).</param>
/// <param name="PageTableBytes"><c>mm->pgtables_bytes</c> (VmPTE).</param>
public sealed record ResidentMemory(
    long AnonymousPages, long FilePages, long SharedMemoryPages, long SwapEntries, long PageTableBytes);
