using Verso.Engine;

namespace Verso.Lab.Scenarios;

/// <summary>What a step of a scenario does.</summary>
public enum OpKind
{
    Map = 0,
    File,
    Unmap,
    Protect,
    Remap,
    Advise,
    Brk,
    Lock,
    Unlock,
    LockAll,
    UnlockAll,
    Policy,

    /// <summary>PR_SET_VMA_ANON_NAME.</summary>
    Name,

    /// <summary>mseal.</summary>
    Seal,

    /// <summary>PR_SET_MEMORY_MERGE, of the whole address space.</summary>
    MergeAny,

    /// <summary>PR_SET_MDWE.</summary>
    DenyExec,

    /// <summary>ARCH_MAP_VDSO_64: special mappings, which cannot be split.</summary>
    Vdso,

    /// <summary>UFFDIO_REGISTER.</summary>
    Watch,

    /// <summary>UFFDIO_UNREGISTER.</summary>
    Unwatch,

    /// <summary>A userfaultfd is closed.</summary>
    Forget,

    /// <summary>UFFDIO_COPY of one page, UFFDIO_ZEROPAGE, UFFDIO_CONTINUE, UFFDIO_MOVE.</summary>
    FillCopy,
    FillZero,
    FillCache,
    FillMove,

    /// <summary>A resource limit of the process, in pages.</summary>
    Limit,
    Fork,
    Share,
    Exit,
    Exec,

    /// <summary>A process of its own, kin to nobody, with nothing mapped.</summary>
    Begin,
    Read,
    Write,

    /// <summary>Goes on there: an instruction fetch.</summary>
    Run,
    Truncate,
    Punch,

    /// <summary>The System V segment of the scenario is attached there.</summary>
    Attach,

    /// <summary>What was attached there goes.</summary>
    Detach,

    /// <summary>The anonymous page there, if there is one that may go, is swapped out.</summary>
    SwapOut,

    /// <summary>It moves to another frame.</summary>
    Migrate,

    /// <summary>
    /// The 512 pages of the file that is mapped there are collapsed into a huge page: the page tables that map them go
    /// (retract_page_tables).
    /// </summary>
    Retract,

    /// <summary>The n-th allocation of the next step fails.</summary>
    Fail,
}

/// <summary>Words that may follow a step.</summary>
[Flags]
public enum OpWords
{
    None = 0,
    Shared = 1 << 0,
    Hint = 1 << 1,
    NoReplace = 1 << 2,
    Populate = 1 << 3,
    Locked = 1 << 4,
    NoReserve = 1 << 5,
    MayMove = 1 << 6,
    Fixed = 1 << 7,
    DontUnmap = 1 << 8,
    OnFault = 1 << 9,
    Current = 1 << 10,
    Future = 1 << 11,
    GrowsDown = 1 << 12,
    Droppable = 1 << 13,

    /// <summary>SHM_REMAP.</summary>
    Over = 1 << 14,

    /// <summary>SHM_RND.</summary>
    Round = 1 << 15,

    /// <summary>What is set otherwise is taken back.</summary>
    Off = 1 << 16,

    /// <summary>PR_MDWE_NO_INHERIT.</summary>
    NoInherit = 1 << 17,

    /// <summary>UFFDIO_REGISTER_MODE_*.</summary>
    Missing = 1 << 18,
    Wp = 1 << 19,
    Minor = 1 << 20,

    /// <summary>The second of a process's two userfaultfds.</summary>
    Other = 1 << 21,

    /// <summary>MAP_32BIT.</summary>
    Below2Gib = 1 << 22,

    /// <summary>MAP_STACK.</summary>
    Stack = 1 << 23,

    /// <summary>MAP_NONBLOCK.</summary>
    NonBlock = 1 << 24,

    /// <summary>PROT_GROWSUP.</summary>
    GrowsUp = 1 << 25,

    /// <summary>A flag that no kernel knows; of a mapping, a type.</summary>
    Unknown = 1 << 26,

    /// <summary>MREMAP_RELOCATE_ANON, which no kernel knows and a design may.</summary>
    Relocate = 1 << 27,
}

/// <summary>What a process may have only so much of.</summary>
public enum LimitedResource
{
    /// <summary>RLIMIT_AS.</summary>
    As = 0,

    /// <summary>RLIMIT_DATA.</summary>
    Data = 1,

    /// <summary>RLIMIT_MEMLOCK, without CAP_IPC_LOCK.</summary>
    Memlock = 2,
}

/// <summary>Bytes beyond whole pages, 0 to 4095 each: what system calls round up, or refuse.</summary>
/// <param name="Start">Of the address, or of the end of the heap.</param>
/// <param name="Count">Of the length.</param>
/// <param name="NewCount">Of the length wanted.</param>
/// <param name="Target">Of the address it goes to, or of the offset in the file.</param>
public readonly record struct OddBytes(int Start, int Count, int NewCount, int Target);

/// <summary>
/// One step of a scenario; a line of text, see <see cref="OpText"/>. Fields that a kind does not use are 0.
/// </summary>
/// <param name="Kind">What is done.</param>
/// <param name="Mm">The address space, by letter; of Truncate and Punch the file.</param>
public sealed record Op(OpKind Kind, char Mm)
{
    /// <summary>No address was given: the machine chooses.</summary>
    public const long Anywhere = long.MinValue;

    /// <summary>First page of the range (of a file for Punch); half pages for Truncate; the count for Fail.</summary>
    public long Start { get; init; }

    /// <summary>Pages.</summary>
    public long Count { get; init; }

    /// <summary>mremap: pages wanted.</summary>
    public long NewCount { get; init; }

    /// <summary>mremap: the page it goes to; File: the page of the file.</summary>
    public long Target { get; init; }

    /// <summary>What these addresses and lengths have beyond whole pages.</summary>
    public OddBytes Odd { get; init; }

    public Protection Protection { get; init; }

    public Advice Advice { get; init; }

    public OpWords Words { get; init; }

    /// <summary>The name that anonymous memory gets; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>The child of a fork; the letter of a file.</summary>
    public char Other { get; init; }

    /// <summary>What is limited.</summary>
    public LimitedResource Resource { get; init; }

    /// <summary>The byte written; the number of a policy.</summary>
    public byte Value { get; init; }

    /// <summary>mremap of one size to a fixed place, which may take several VMAs along (6.17).</summary>
    public bool MovesSeveral => Kind == OpKind.Remap && Has(OpWords.Fixed) && Count == NewCount && Count > 0;

    /// <summary>Whether a success is an address.</summary>
    public bool ReturnsAddress => Kind is OpKind.Map or OpKind.File or OpKind.Remap or OpKind.Brk or OpKind.Attach;

    /// <summary>Whether memory may be read by this that was not written before.</summary>
    public bool MayReadFirst =>
        Kind is OpKind.Read or OpKind.Run or OpKind.FillZero or OpKind.Lock or OpKind.LockAll or OpKind.Advise
        || (Words & (OpWords.Populate | OpWords.Locked)) != 0;

    /// <summary>Whether protection keys decide what it does: what it makes can only be executed.</summary>
    public bool IsAboutKeys =>
        Kind is OpKind.Map or OpKind.File or OpKind.Protect && Protection == Protection.Exec;

    /// <summary>As many pages as it might commit.</summary>
    public long MostPages =>
        Kind is OpKind.Map or OpKind.File or OpKind.Protect or OpKind.Remap ? Math.Max(Count, NewCount) : 0;

    /// <summary>Whether it is an access of the program to memory, and no call.</summary>
    public bool IsAccess => Kind is OpKind.Read or OpKind.Write or OpKind.Run;

    /// <summary>Whether the kernel does it by itself, and not because a process asked: only the engine can.</summary>
    public bool IsService => Kind is OpKind.SwapOut or OpKind.Migrate or OpKind.Retract;

    public bool Has(OpWords word) => (Words & word) != 0;

    /// <summary>
    /// What the address space of this letter is called from the exec on that leaves it to others: the same letter in
    /// the other case.
    /// </summary>
    public static char LeftBehind(char mm) => (char)(mm ^ ('a' ^ 'A'));

    public override string ToString() => OpText.Print(this);
}
