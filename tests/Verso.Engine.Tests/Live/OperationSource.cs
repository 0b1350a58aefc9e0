namespace Verso.Engine.Tests.Live;

/// <summary>
/// Random steps within a small window of addresses, so that neighbours meet often. The same seed, the same steps.
/// </summary>
internal sealed class OperationSource(int seed, Mix mix)
{
    /// <summary>The window: 24 pages, as many as give every kind of neighbourhood and stay readable.</summary>
    public const ulong Base = 0x1_0000_0000;
    public const int WindowPages = 24;
    public const ulong WindowEnd = Base + (WindowPages * (ulong)Page.Size);

    private const int MostProcesses = 15;

    private readonly Random _random = new(seed);
    private readonly Weights _weights = WeightsOf(mix);
    private readonly List<(int Process, int Parent)> _alive = [(0, 0)];
    private int _lastProcess;

    /// <summary>Where the heap begins; brk moves within a few pages of it.</summary>
    public ulong Heap { get; init; }

    public Operation Next()
    {
        int process = _alive[_random.Next(_alive.Count)].Process;
        int roll = _random.Next(100);
        bool Falls(int weight) => (roll -= weight) < 0;
        if (Falls(_weights.Mmap))
        {
            return Mmap(process);
        }

        if (Falls(_weights.Munmap))
        {
            return new Operation(process, Act.Munmap, Address(), Bytes(5));
        }

        if (Falls(_weights.Protect))
        {
            return new Operation(process, Act.Mprotect, Address(), Bytes(6), ProtectionBits());
        }

        if (Falls(_weights.Advise))
        {
            return new Operation(process, Act.Madvise, Address(), Bytes(6), (ulong)Pick<Advice>(Advices));
        }

        if (Falls(_weights.Bind))
        {
            return new Operation(process, Act.Mbind, Address(), Bytes(6), Pick<ulong>([0, 4]));
        }

        if (Falls(_weights.Brk))
        {
            return new Operation(process, Act.Brk, Heap + (ulong)_random.Next(0x8000));
        }

        return Falls(_weights.Remap) ? Mremap(process)
            : Falls(_weights.Lock) ? Lock(process)
            : Falls(_weights.Fork) ? Fork(process)
            : Falls(_weights.Exit) ? Exit()
            : Falls(_weights.Attach) ? Attach(process)
            : new Operation(process, Act.Touch, Address() + 8, (ulong)_random.Next(2));
    }

    private static readonly Advice[] Advices =
    [
        Advice.Normal, Advice.Random, Advice.Sequential, Advice.DontNeed, Advice.DontNeed, Advice.Free,
        Advice.DontFork, Advice.DoFork, Advice.Mergeable, Advice.Unmergeable, Advice.HugePage, Advice.NoHugePage,
        Advice.DontDump, Advice.DoDump, Advice.WipeOnFork, Advice.KeepOnFork, Advice.PopulateRead,
        Advice.PopulateWrite, Advice.PopulateWrite, Advice.DontNeedLocked, Advice.GuardInstall, Advice.GuardInstall,
        Advice.GuardRemove, Advice.WillNeed, Advice.Cold, (Advice)99,
    ];

    private T Pick<T>(ReadOnlySpan<T> choices) => choices[_random.Next(choices.Length)];

    private bool Rarely() => _random.Next(12) == 0;

    private ulong Address() => Base + ((ulong)_random.Next(WindowPages) * Page.Size) + (_random.Next(60) == 0 ? 1UL : 0);

    private ulong Bytes(int mostPages) =>
        Rarely() ? (ulong)_random.Next(3 * Page.Size) : (ulong)_random.Next(1, mostPages + 1) * Page.Size;

    private ulong ProtectionBits() => Pick<ulong>([3, 3, 3, 3, 3, 1, 1, 1, 0, 0, 2, 5, 7, 4, 0x01000003, 0x03000001]);

    private Operation Mmap(int process)
    {
        ulong address = Address() & Page.Mask;
        ulong length = Bytes(5);
        ulong flags = Pick<ulong>([0x32, 0x32, 0x32, 0x32, 0x32, 0x32, 0x32, 0x12, 0x12, 0x11, 0x31, 0x22, 0x21, 0x1a, 0x38]);
        flags |= _random.Next(100) < _weights.Stacks ? 0x100UL : 0;
        flags |= Rarely() ? Pick<ulong>([0x40, 0x100, 0x2000, 0x4000, 0x8000, 0x18000, 0x20000, 0x100000, 0x100000]) : 0;
        if (_random.Next(100) < _weights.Placed)
        {
            flags &= ~0x10UL;
        }

        if ((flags & 0x10) == 0 && _random.Next(2) == 0)
        {
            address = Pick<ulong>([0, 0, 0, 0, 100, 0x7fff_f000_0000, 0x8000_0000_0000]);
            length = Pick<ulong>([Page.Size, 3 * Page.Size, 2 << 20, 2 << 20, (2 << 20) + Page.Size, 4 << 20]);
        }

        ulong descriptor = (flags & 0x20) != 0 ? ulong.MaxValue : (ulong)(10 + _random.Next(6));
        ulong offset = (flags & 0x20) != 0 ? 0
            : Rarely() ? (ulong)_random.Next(4) * Page.Size
            : ((address & 0xffff_ffff) >> Page.Shift << Page.Shift) & 0x3f_ffff;
        return new Operation(process, Act.Mmap, address, length, Pick<ulong>([3, 3, 3, 3, 1, 0, 5]), flags, descriptor, offset);
    }

    private Operation Mremap(int process)
    {
        ulong old = Address();
        ulong oldLength = Bytes(5);
        ulong length = _random.Next(2) == 0 ? oldLength : Bytes(6);
        ulong flags = Pick<ulong>([0, 1, 1, 3, 3, 3, 3, 5, 7, 7, 4, 2, 8]);
        ulong target = Address();
        if (Rarely())
        {
            oldLength = 0;
        }

        if (Rarely())
        {
            // The whole window moves away: several VMAs, gaps kept.
            return new Operation(
                process, Act.Mremap, Base, WindowEnd - Base, WindowEnd - Base, flags | 3, WindowEnd + (16 << Page.Shift));
        }

        return new Operation(process, Act.Mremap, old, oldLength, length, flags, target);
    }

    private Operation Lock(int process) => _random.Next(8) switch
    {
        < 3 => new Operation(process, Act.Mlock, Address(), Bytes(5), (ulong)_random.Next(2)),
        < 6 => new Operation(process, Act.Munlock, Address(), Bytes(6)),
        6 => new Operation(process, Act.Mlockall, (ulong)_random.Next(9)),
        _ => new Operation(process, Act.Munlockall),
    };

    private Operation Attach(int process)
    {
        ulong address = _random.Next(4) == 0 ? 0 : Address();
        return _random.Next(2) == 0
            ? new Operation(process, Act.Shmdt, address)
            : new Operation(process, Act.Shmat, address, Pick<ulong>([0, 0, 0x1000, 0x2000, 0x4000, 0x4000, 0x8000]));
    }

    private Operation Fork(int process)
    {
        if (_lastProcess == MostProcesses)
        {
            return new Operation(process, Act.Touch, Address(), 1);
        }

        _alive.Add((++_lastProcess, process));
        return new Operation(process, Act.Fork, (ulong)_lastProcess);
    }

    private Operation Exit()
    {
        if (_alive.Count == 1)
        {
            return new Operation(0, Act.Touch, Address(), 1);
        }

        int at = _random.Next(1, _alive.Count);
        (int process, int parent) = _alive[at];
        _alive.RemoveAt(at);
        bool orphan = !_alive.Exists(other => other.Process == parent);
        return new Operation(process, Act.Exit, orphan ? 0 : (ulong)parent);
    }

    private static Weights WeightsOf(Mix mix) => mix switch
    {
        Mix.Families => new(Mmap: 12, Munmap: 5, Protect: 10, Remap: 6, Advise: 8, Lock: 2, Fork: 14, Exit: 11),
        Mix.Moves => new(Mmap: 15, Munmap: 3, Protect: 8, Remap: 40, Advise: 3, Lock: 2, Fork: 3, Exit: 2),
        Mix.Placement => new(Mmap: 40, Munmap: 8, Protect: 6, Remap: 10, Advise: 3, Lock: 1, Fork: 1, Exit: 1)
        {
            Placed = 60,
            Stacks = 20,
        },
        Mix.Segments => new(Mmap: 8, Munmap: 6, Protect: 16, Remap: 14, Advise: 8, Lock: 4, Fork: 4, Exit: 3)
        {
            Attach = 12,
        },
        Mix.Locks => new(Mmap: 25, Munmap: 8, Protect: 6, Remap: 10, Advise: 6, Lock: 20, Fork: 2, Exit: 2)
        {
            Stacks = 10,
        },
        _ => new(Mmap: 22, Munmap: 8, Protect: 14, Remap: 10, Advise: 10, Lock: 4, Fork: 3, Exit: 3),
    };

    /// <summary>How often, of 100 steps, something is done; the rest are accesses.</summary>
    private sealed record Weights(
        int Mmap, int Munmap, int Protect, int Remap, int Advise, int Lock, int Fork, int Exit)
    {
        public int Attach { get; init; }

        public int Bind { get; init; } = 2;

        public int Brk { get; init; } = 3;

        /// <summary>Of 100 mappings, those whose place the kernel may choose.</summary>
        public int Placed { get; init; }

        /// <summary>Of 100 mappings, those that grow down.</summary>
        public int Stacks { get; init; }
    }
}

/// <summary>What a run is mostly about.</summary>
public enum Mix
{
    Everything,

    /// <summary>Many forks and exits.</summary>
    Families,
    Moves,

    /// <summary>The kernel chooses addresses, and stacks grow.</summary>
    Placement,

    /// <summary>System V shared memory.</summary>
    Segments,

    /// <summary>Locking without CAP_IPC_LOCK.</summary>
    Locks,
}
