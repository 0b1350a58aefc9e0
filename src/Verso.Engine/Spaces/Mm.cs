using Verso.Engine.Vmas;

namespace Verso.Engine;

/// <summary>One address space: <c>mm_struct</c>.</summary>
/// <param name="id">Its id.</param>
/// <param name="nodes">Where the tree of its VMAs has its nodes.</param>
public sealed class Mm(MmId id, VmaNodePool nodes)
{
    public MmId Id { get; } = id;

    /// <summary>The VMAs by address.</summary>
    public VmaTree Vmas { get; } = new(nodes);

    /// <summary>The top page table; 0 before the first entry.</summary>
    public int PageTableRoot { get; set; }

    /// <summary>
    /// The leaf table that was last asked for, and its address / 2 MiB; 0 for none. Kept by the pool.
    /// </summary>
    internal int RecentLeaf { get; set; }

    /// <summary>Which 2 MiB <see cref="RecentLeaf"/> translates.</summary>
    internal ulong RecentLeafNumber { get; set; }

    /// <summary><c>mm_users</c>: tasks that share it (threads, vfork and CLONE_VM children).</summary>
    public int Users { get; set; } = 1;

    /// <summary>The mm that fork made this from; none after exec. It may be gone.</summary>
    public MmId Parent { get; set; }

    /// <summary><c>start_brk</c>, a byte address; 0 where there is no heap.</summary>
    public ulong StartBrk { get; set; }

    /// <summary><c>brk</c>, a byte address, not necessarily aligned.</summary>
    public ulong Brk { get; set; }

    /// <summary>TASK_SIZE: the first byte address that no mapping may reach.</summary>
    public ulong TaskSize { get; set; } = Page.TaskSize;

    /// <summary>Top of the top-down search for free ranges, a byte address.</summary>
    public ulong MmapBase { get; set; }

    /// <summary><c>start_stack</c>.</summary>
    public ulong StartStack { get; set; }

    /// <summary>RLIMIT_STACK in bytes.</summary>
    public ulong StackLimitBytes { get; set; }

    /// <summary>Resource limits of its process.</summary>
    public MmLimits Limits { get; set; } = MmLimits.Unlimited;

    /// <summary>Flags that every new mapping gets: mlockall(MCL_FUTURE).</summary>
    public VmaFlags DefaultFlags { get; set; }

    /// <summary>What holds for all of its memory.</summary>
    public MmFlags Flags { get; set; }

    /// <summary><c>context.pkey_allocation_map</c>: bit n is key n. Key 0 is every mapping's first.</summary>
    public ushort AllocatedKeys { get; set; } = 1;

    /// <summary><c>context.execute_only_pkey</c>; -1 before there is execute-only memory.</summary>
    public int ExecuteOnlyKey { get; set; } = -1;

    /// <summary><c>locked_vm</c> in pages.</summary>
    public ulong LockedPages { get; set; }

    /// <summary><c>total_vm</c> in pages.</summary>
    public ulong TotalPages { get; set; }
}
