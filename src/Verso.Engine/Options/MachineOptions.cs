namespace Verso.Engine;

/// <summary>Whether pages have bytes.</summary>
public enum PageContents
{
    /// <summary>Only metadata: for large traces.</summary>
    None = 0,

    /// <summary>Every frame holds 4096 bytes: for tests and the oracle.</summary>
    Bytes = 1,
}

/// <summary>Who populates pages after mmap(MAP_POPULATE), mlock and their like.</summary>
public enum Population
{
    /// <summary>The call itself, as in the kernel.</summary>
    ByCall = 0,

    /// <summary>The caller of the engine, by <see cref="Machine.Populate"/>: a trace says when it happened.</summary>
    ByEvent = 1,
}

/// <summary>What becomes of pages given up by MADV_FREE. Linux promises only that each reads its value or 0.</summary>
public enum LazyFree
{
    /// <summary>They stay until reclaim, as in a kernel with memory to spare.</summary>
    Keep = 0,

    /// <summary>They go at once, as in a kernel short of memory.</summary>
    Drop = 1,

    /// <summary>Those with an odd page number go at once.</summary>
    DropOdd = 2,
}

/// <summary>Whether anonymous memory may have names: a matter of how a kernel was built, not of its version.</summary>
public enum AnonymousNames
{
    /// <summary>CONFIG_ANON_VMA_NAME: as on Fedora and Android.</summary>
    Kept = 0,

    /// <summary>prctl(PR_SET_VMA) is EINVAL: as on Debian.</summary>
    Refused = 1,
}

/// <summary>Whether the processor has protection keys, which the kernel uses for execute-only memory.</summary>
public enum ProtectionKeys
{
    /// <summary>Execute-only memory can be read.</summary>
    None = 0,

    /// <summary>X86_FEATURE_OSPKE: 16 keys, of which execute-only memory takes one.</summary>
    Present = 1,
}

/// <summary>What anonymous memory gets that is read before it is written.</summary>
public enum ZeroPages
{
    /// <summary>The page of zeroes that all share.</summary>
    Mapped = 0,

    /// <summary>A page of its own, as at a write: guests of some virtual machines.</summary>
    None = 1,
}

/// <summary>Where regular files go that a program leaves the kernel to place.</summary>
public enum FilePlacement
{
    /// <summary>Where huge pages could map them, if they are large: ext4, xfs, btrfs (thp_get_unmapped_area).</summary>
    HugePages = 0,

    /// <summary>Anywhere, as on overlayfs and tmpfs.</summary>
    Anywhere = 1,
}

/// <summary>The fixed properties of a machine.</summary>
public sealed record MachineOptions
{
    public KernelRules Rules { get; init; } = KernelRules.Linux61844;

    public PageContents Contents { get; init; } = PageContents.None;

    public Population Population { get; init; } = Population.ByCall;

    public LazyFree LazyFree { get; init; } = LazyFree.Keep;

    public AnonymousNames Names { get; init; } = AnonymousNames.Kept;

    public ProtectionKeys ProtectionKeys { get; init; } = ProtectionKeys.None;

    /// <summary>Whether the kernel maps the zero page.</summary>
    public ZeroPages ZeroPages { get; init; } = ZeroPages.Mapped;

    /// <summary>What the file system of regular files does about their addresses.</summary>
    public FilePlacement FilePlacement { get; init; } = FilePlacement.HugePages;

    /// <summary>What ARCH_MAP_VDSO_64 maps.</summary>
    public VdsoLayout Vdso { get; init; } = VdsoLayout.Linux61844;

    /// <summary>vm.max_map_count: VMAs per address space.</summary>
    public int MaxMapCount { get; init; } = 65530;

    /// <summary>vm.mmap_min_addr in bytes: no mapping is placed, and no stack grows, below it.</summary>
    public ulong MmapMinAddress { get; init; } = 4096;

    /// <summary>vm.overcommit_memory: 0 heuristic, 1 always, 2 never.</summary>
    public int OvercommitMode { get; init; }

    /// <summary>
    /// Memory and swap in pages: with heuristic overcommit a call that commits more is ENOMEM. By default without end.
    /// </summary>
    public ulong CommittablePages { get; init; } = ulong.MaxValue;

    /// <summary>Frames that exist; an allocation beyond fails. At most <see cref="int.MaxValue"/>.</summary>
    public int FrameLimit { get; init; } = int.MaxValue;

    /// <summary>RLIMIT_MEMLOCK in bytes; CAP_IPC_LOCK lifts it.</summary>
    public ulong MemlockLimitBytes { get; init; } = ulong.MaxValue;

    /// <summary>
    /// How long a pointer is in the structs that the ledger counts; page tables are 64-bit ones always.
    /// </summary>
    public MachineWord Word { get; init; } = MachineWord.Bits64;

    /// <summary>
    /// What the arenas may take of the host's memory, in bytes; see <see cref="MemoryBudget"/>. An operation that needs
    /// more throws <see cref="MemoryLimitException"/>.
    /// </summary>
    public long MemoryLimitBytes { get; init; } = MemoryBudget.DefaultLimitBytes;

    /// <summary>
    /// Looked at inside operations that may take long: those over ranges, and audits. They throw
    /// <see cref="OperationCanceledException"/>, and the machine cannot be used any more.
    /// </summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Makes chosen allocations fail, for tests; null: none does.</summary>
    public IAllocationFailure? Failure { get; init; }

    /// <summary>Options of the design as <c>name=value</c>; each design documents its own.</summary>
    public IReadOnlyDictionary<string, string> Design { get; init; } = new Dictionary<string, string>();
}
