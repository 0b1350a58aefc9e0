using System.Collections.Frozen;
using System.Globalization;
using System.Numerics;
using Verso.Engine;

namespace Verso.Traces;

/// <summary>What numbers are called in calls, on x86-64: as strace prints them.</summary>
public static class LinuxConstants
{
    private const string Constants = """
        NULL 0
        PROT_NONE 0 PROT_READ 1 PROT_WRITE 2 PROT_EXEC 4 PROT_SEM 8 PROT_GROWSDOWN 0x1000000 PROT_GROWSUP 0x2000000
        MAP_FILE 0 MAP_SHARED 1 MAP_PRIVATE 2 MAP_SHARED_VALIDATE 3 MAP_DROPPABLE 8 MAP_FIXED 0x10 MAP_ANONYMOUS 0x20
        MAP_ANON 0x20 MAP_32BIT 0x40 MAP_ABOVE4G 0x80 MAP_GROWSDOWN 0x100 MAP_DENYWRITE 0x800 MAP_EXECUTABLE 0x1000
        MAP_LOCKED 0x2000 MAP_NORESERVE 0x4000 MAP_POPULATE 0x8000 MAP_NONBLOCK 0x10000 MAP_STACK 0x20000
        MAP_HUGETLB 0x40000 MAP_SYNC 0x80000 MAP_FIXED_NOREPLACE 0x100000 MAP_UNINITIALIZED 0x4000000 MAP_HUGE_SHIFT 26
        MREMAP_MAYMOVE 1 MREMAP_FIXED 2 MREMAP_DONTUNMAP 4 MREMAP_RELOCATE_ANON 8 MREMAP_MUST_RELOCATE_ANON 16
        MADV_NORMAL 0 MADV_RANDOM 1 MADV_SEQUENTIAL 2 MADV_WILLNEED 3 MADV_DONTNEED 4 MADV_FREE 8 MADV_REMOVE 9
        MADV_DONTFORK 10 MADV_DOFORK 11 MADV_MERGEABLE 12 MADV_UNMERGEABLE 13 MADV_HUGEPAGE 14 MADV_NOHUGEPAGE 15
        MADV_DONTDUMP 16 MADV_DODUMP 17 MADV_WIPEONFORK 18 MADV_KEEPONFORK 19 MADV_COLD 20 MADV_PAGEOUT 21
        MADV_POPULATE_READ 22 MADV_POPULATE_WRITE 23 MADV_DONTNEED_LOCKED 24 MADV_COLLAPSE 25 MADV_HWPOISON 100
        MADV_SOFT_OFFLINE 101 MADV_GUARD_INSTALL 102 MADV_GUARD_REMOVE 103
        MCL_CURRENT 1 MCL_FUTURE 2 MCL_ONFAULT 4 MLOCK_ONFAULT 1
        SHM_RDONLY 0x1000 SHM_RND 0x2000 SHM_REMAP 0x4000 SHM_EXEC 0x8000
        MPOL_DEFAULT 0 MPOL_PREFERRED 1 MPOL_BIND 2 MPOL_INTERLEAVE 3 MPOL_LOCAL 4 MPOL_PREFERRED_MANY 5
        MPOL_WEIGHTED_INTERLEAVE 6 MPOL_F_NUMA_BALANCING 0x2000 MPOL_F_RELATIVE_NODES 0x4000
        MPOL_F_STATIC_NODES 0x8000 MPOL_MF_STRICT 1 MPOL_MF_MOVE 2 MPOL_MF_MOVE_ALL 4
        PR_SET_MM 35 PR_SET_MM_START_STACK 5 PR_SET_MM_START_BRK 6 PR_SET_MM_BRK 7
        PR_SET_THP_DISABLE 41 PR_SET_MDWE 65 PR_MDWE_REFUSE_EXEC_GAIN 1 PR_MDWE_NO_INHERIT 2
        PR_SET_MEMORY_MERGE 67 PR_SET_VMA 0x53564d41 PR_SET_VMA_ANON_NAME 0
        UFFDIO_COPY 3 UFFDIO_ZEROPAGE 4 UFFDIO_MOVE 5 UFFDIO_WRITEPROTECT 6 UFFDIO_CONTINUE 7 UFFDIO_POISON 8
        PKEY_DISABLE_ACCESS 1 PKEY_DISABLE_WRITE 2
        PER_LINUX 0 PER_LINUX32 8 UNAME26 0x20000 ADDR_NO_RANDOMIZE 0x40000 FDPIC_FUNCPTRS 0x80000
        MMAP_PAGE_ZERO 0x100000 ADDR_COMPAT_LAYOUT 0x200000 READ_IMPLIES_EXEC 0x400000 ADDR_LIMIT_32BIT 0x800000
        SHORT_INODE 0x1000000 WHOLE_SECONDS 0x2000000 STICKY_TIMEOUTS 0x4000000 ADDR_LIMIT_3GB 0x8000000
        CLONE_NEWTIME 0x80 CLONE_VM 0x100 CLONE_FS 0x200 CLONE_FILES 0x400 CLONE_SIGHAND 0x800 CLONE_PIDFD 0x1000
        CLONE_PTRACE 0x2000 CLONE_VFORK 0x4000 CLONE_PARENT 0x8000 CLONE_THREAD 0x10000 CLONE_NEWNS 0x20000
        CLONE_SYSVSEM 0x40000 CLONE_SETTLS 0x80000 CLONE_PARENT_SETTID 0x100000 CLONE_CHILD_CLEARTID 0x200000
        CLONE_DETACHED 0x400000 CLONE_UNTRACED 0x800000 CLONE_CHILD_SETTID 0x1000000 CLONE_NEWCGROUP 0x2000000
        CLONE_NEWUTS 0x4000000 CLONE_NEWIPC 0x8000000 CLONE_NEWUSER 0x10000000 CLONE_NEWPID 0x20000000
        CLONE_NEWNET 0x40000000 CLONE_IO 0x80000000 CLONE_CLEAR_SIGHAND 0x100000000 CLONE_INTO_CGROUP 0x200000000
        """;

    private const string Signals =
        "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU "
        + "URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

    private const string Errors =
        "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY "
        + "EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK "
        + "EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY ELOOP";

    private const long SomeError = SyscallResult.MaxErrno;

    private static readonly (string Name, ulong Bits)[] _inOrder = ReadConstants();

    private static readonly FrozenDictionary<string, ulong>.AlternateLookup<ReadOnlySpan<char>> _flags =
        ReadFlags().GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenDictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _errors =
        ReadErrors().GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>
    /// Flags as a program writes them: MAP_PRIVATE|MAP_ANONYMOUS, then in hexadecimal what has no name.
    /// </summary>
    public static string Flags(string prefix, ulong value)
    {
        List<string> names = [];
        ulong rest = value;

        // Names of several bits first: MAP_SHARED_VALIDATE is MAP_SHARED and MAP_PRIVATE.
        foreach ((string name, ulong bits) in Named(prefix).OrderByDescending(
            flag => BitOperations.PopCount(flag.Bits)))
        {
            if (bits != 0 && (rest & bits) == bits)
            {
                names.Add(name);
                rest &= ~bits;
            }
        }

        if (rest != 0)
        {
            names.Add($"0x{rest:x}");
        }

        return names.Count > 0
            ? string.Join('|', names)
            : Named(prefix).FirstOrDefault(flag => flag.Bits == 0, (Name: "0", Bits: 0UL)).Name;
    }

    /// <summary>One of several values, as MADV_FREE; PREFIX_number where it has no name.</summary>
    public static string Value(string prefix, ulong value) =>
        Named(prefix).FirstOrDefault(each => each.Bits == value, (Name: $"{prefix}_{value}", Bits: 0UL)).Name;

    private static IEnumerable<(string Name, ulong Bits)> Named(string prefix) =>
        _inOrder.Where(flag => flag.Name.StartsWith($"{prefix}_", StringComparison.Ordinal)
            && !flag.Name.EndsWith("_SHIFT", StringComparison.Ordinal));

    internal static bool TryFind(ReadOnlySpan<char> name, out ulong value) => _flags.TryGetValue(name, out value);

    /// <summary>The number of an error, or one that no error has.</summary>
    internal static long ErrorOf(ReadOnlySpan<char> name) =>
        _errors.TryGetValue(name, out long number) ? number : SomeError;

    /// <summary>The number of a signal by its name with SIG; 0 if unknown.</summary>
    internal static int SignalOf(ReadOnlySpan<char> name) =>
        _flags.TryGetValue(name, out ulong number) && name.StartsWith("SIG") ? (int)number : 0;

    private static (string Name, ulong Bits)[] ReadConstants()
    {
        List<(string, ulong)> constants = [];
        string[] words = Constants.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        for (int at = 0; at < words.Length; at += 2)
        {
            string value = words[at + 1];
            constants.Add((words[at], value.StartsWith("0x", StringComparison.Ordinal)
                ? ulong.Parse(value[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                : ulong.Parse(value, CultureInfo.InvariantCulture)));
        }

        return [.. constants];
    }

    private static FrozenDictionary<string, ulong> ReadFlags()
    {
        Dictionary<string, ulong> flags = _inOrder.ToDictionary(flag => flag.Name, flag => flag.Bits);

        string[] signals = Signals.Split(' ');
        for (int at = 0; at < signals.Length; at++)
        {
            flags.Add("SIG" + signals[at], (ulong)at + 1);
        }

        return flags.ToFrozenDictionary();
    }

    private static FrozenDictionary<string, long> ReadErrors()
    {
        Dictionary<string, long> errors = new()
        {
            ["EOVERFLOW"] = 75,
            ["EOPNOTSUPP"] = 95,
            ["ENOTSUP"] = 95,
            ["ETIMEDOUT"] = 110,
        };
        string[] names = Errors.Split(' ');
        for (int at = 0; at < names.Length; at++)
        {
            errors.Add(names[at], at + 1);
        }

        return errors.ToFrozenDictionary();
    }
}
