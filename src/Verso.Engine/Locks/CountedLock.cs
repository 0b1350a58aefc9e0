namespace Verso.Engine;

/// <summary>
/// What acquisitions are counted under. Which lock each was is told to a log: <see cref="MachineLocks"/>.
/// </summary>
public enum CountedLock
{
    MmapWrite = 0,
    MmapRead = 1,

    /// <summary>The root anon_vma's rwsem for writing, or what a design has in its place.</summary>
    ReverseMapWrite = 2,

    /// <summary>The same for a walk.</summary>
    ReverseMapRead = 3,

    /// <summary>i_mmap_rwsem of a file.</summary>
    FileMapWrite = 4,
    FileMapRead = 5,

    /// <summary>A spinlock of one page or chain (pte_chain_lock).</summary>
    PerPage = 6,

    /// <summary>RCU read-side critical sections of walks; no lock is waited for in them.</summary>
    Rcu = 7,
}
