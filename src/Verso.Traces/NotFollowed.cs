namespace Verso.Traces;

/// <summary>
/// Who held the write lock of a recorded address space and changed VMAs by what has no event of its own.
/// Values are part of the file format and never change meaning.
/// </summary>
public enum NotFollowedCause : byte
{
    None = 0,

    /// <summary>A system call; its number.</summary>
    SystemCall = 1,

    /// <summary>A 32-bit system call; its number on i386.</summary>
    CompatCall = 2,

    /// <summary>ioctl; its command.</summary>
    Ioctl = 3,

    /// <summary>prctl; its option.</summary>
    Prctl = 4,

    /// <summary>A page fault or a breakpoint.</summary>
    Exception = 5,

    /// <summary>A thread that the kernel runs for the program, such as io_uring's.</summary>
    Worker = 6,

    /// <summary>A thread of the kernel.</summary>
    KernelThread = 7,

    /// <summary>Another process; the number of the system call it was in, all ones for none.</summary>
    OtherProcess = 8,
}

/// <summary>Counts <see cref="TraceEventKind.NotFollowed"/> events by what they were.</summary>
public sealed class NotFollowedTally
{
    /// <summary>Names that are kept apart. A trace may be anybody's: what comes after them is counted as one.</summary>
    private const int MostNames = 256;
    private const string Others = "others";

    private readonly Dictionary<string, long> _counts = [];

    /// <summary>All of them.</summary>
    public long Total { get; private set; }

    /// <summary>What they were and how often, the most frequent first, then by name.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Rows =>
        [.. _counts.OrderByDescending(row => row.Value).ThenBy(row => row.Key, StringComparer.Ordinal)];

    /// <summary>Counts one; events of other kinds are left alone.</summary>
    public void Add(in TraceEvent e)
    {
        if (e.Kind == TraceEventKind.NotFollowed)
        {
            Add(e.Payload as string ?? ((NotFollowedCause)e.Arg0).ToString());
        }
    }

    private void Add(string name)
    {
        string key = _counts.Count < MostNames || _counts.ContainsKey(name) ? name : Others;
        _counts[key] = _counts.GetValueOrDefault(key) + 1;
        Total++;
    }
}
