namespace Verso.Engine.Calls;

/// <summary>Does a call on a machine; null if a machine has no such operation.</summary>
public delegate SyscallResult? CallBody(Machine machine, MmId mm, in Call call);

/// <summary>What a call does to the mmap lock of its address space.</summary>
public enum MmapLock
{
    /// <summary>It does not take it.</summary>
    None = 0,
    Read,
    Write,

    /// <summary>The advice of madvise decides, and the key of a page.</summary>
    ByArguments,
}

/// <summary>What a successful call returns.</summary>
public enum CallValue
{
    Zero = 0,

    /// <summary>The address of what it mapped or moved.</summary>
    Address,

    /// <summary>The end of the heap.</summary>
    Break,

    /// <summary>Something else: a key, what was before.</summary>
    Number,
}

/// <summary>All that is said of a call in one place.</summary>
/// <param name="Kind">It.</param>
/// <param name="Arguments">What Arg0, Arg1, ... of a <see cref="Call"/> and of an event are.</param>
/// <param name="Body">Does it.</param>
public sealed record CallRow(CallKind Kind, IReadOnlyList<ArgumentKind> Arguments, CallBody Body)
{
    /// <summary>
    /// The system calls that ask for it; the first gives its name, and is taken where it says enough.
    /// </summary>
    public IReadOnlyList<SystemCall> SystemCalls { get; init; } = [];

    /// <summary>What it does to the mmap lock. Populating what it mapped, and faults, take it again.</summary>
    public MmapLock Lock { get; init; } = MmapLock.Write;

    /// <summary>What a success returns.</summary>
    public CallValue Returns { get; init; }

    /// <summary>Its verb in scenarios; null if none stands for it alone.</summary>
    public string? Verb { get; init; }

    /// <summary>Whether it concerns memory, by Arg0; null if it always does.</summary>
    public Func<ulong, bool>? Concerned { get; init; }

    /// <summary>The first of its system calls that can say all that a call says.</summary>
    public SystemCall ToSay(in Call call)
    {
        foreach (SystemCall way in SystemCalls)
        {
            bool saysAll = true;
            for (int at = way.Registers.Count; at < Arguments.Count; at++)
            {
                ulong unsaid = Arguments[at] == ArgumentKind.Key ? ulong.MaxValue : 0;
                saysAll &= call.Argument(at) == unsaid;
            }

            if (saysAll)
            {
                return way;
            }
        }

        throw new ArgumentException($"no system call asks for {call}", nameof(call));
    }

    /// <summary>As people write it.</summary>
    public string Name => SystemCalls.Count > 0 ? SystemCalls[0].Name : Kind.ToString();

    /// <summary>Whether Arg0 and Arg1 are the memory that it is about.</summary>
    public bool HasRange => Arguments is [ArgumentKind.Address, ArgumentKind.Length, ..];

    /// <summary>Whether it is of a userfaultfd, which who makes the call must have.</summary>
    public bool UsesContext => Arguments.Contains(ArgumentKind.Context);

    /// <summary>Which argument says how long the memory at the returned address is; -1 for none.</summary>
    public int LengthOfResult => Returns != CallValue.Address ? -1
        : LastOf(argument => argument is ArgumentKind.Length or ArgumentKind.NewLength or ArgumentKind.Size);

    /// <summary>Whether it concerns memory with this first argument.</summary>
    public bool Concerns(ulong first) => Concerned is null || Concerned(first);

    private int LastOf(Func<ArgumentKind, bool> matches)
    {
        for (int at = Arguments.Count - 1; at >= 0; at--)
        {
            if (matches(Arguments[at]))
            {
                return at;
            }
        }

        return -1;
    }
}

/// <summary>Who can tell what a system call asked for.</summary>
public enum CallReaders
{
    /// <summary>Its registers say all but the file: strace, perf and the recorder can.</summary>
    Everybody = 0,

    /// <summary>The recorder alone: what the call came to, or memory that it points to, must be looked at.</summary>
    Recorder,

    /// <summary>No recording has it.</summary>
    Nobody,
}

/// <summary>A system call by which a process asks for a call (arch/x86/entry/syscalls).</summary>
/// <param name="Name">As strace writes it; of what has no name of its own, what it is about.</param>
/// <param name="Numbers">Of x86-64; where there are several they have the same registers.</param>
/// <param name="CompatNumbers">Of i386, as a kernel of 64 bits offers them.</param>
/// <param name="Registers">Which of its six is Arg0, which Arg1, ...</param>
public sealed record SystemCall(
    string Name, IReadOnlyList<int> Numbers, IReadOnlyList<int> CompatNumbers, params IReadOnlyList<int> Registers)
{
    /// <summary>The first of x86-64.</summary>
    public int Number => Numbers[0];

    /// <summary>Who can tell what it asked for.</summary>
    public CallReaders Readers { get; init; }

    /// <summary>The registers that are read: one more than the highest.</summary>
    public int RegisterCount => Registers.Count == 0 ? 0 : Registers.Max() + 1;
}
