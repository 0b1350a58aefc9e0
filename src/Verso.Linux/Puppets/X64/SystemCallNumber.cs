namespace Verso.Linux.Puppets.X64;

/// <summary>
/// Numbers of the system calls of x86-64 that puppets are set up and run by (arch/x86/entry/syscalls/syscall_64.tbl).
/// The others are in <see cref="Engine.Calls.CallTable"/>.
/// </summary>
public static class SystemCallNumber
{
    public const long Read = 0;
    public const long Close = 3;
    public const long Ioctl = 16;
    public const long Mmap = 9;
    public const long Mprotect = 10;
    public const long Munmap = 11;
    public const long Brk = 12;
    public const long Madvise = 28;
    public const long Shmat = 30;
    public const long Pause = 34;
    public const long Alarm = 37;
    public const long GetPid = 39;
    public const long Clone = 56;
    public const long Fork = 57;
    public const long Vfork = 58;
    public const long Execve = 59;
    public const long Exit = 60;
    public const long Wait4 = 61;
    public const long Kill = 62;
    public const long Ftruncate = 77;
    public const long Ptrace = 101;
    public const long RtSigreturn = 15;
    public const long Capget = 125;
    public const long Capset = 126;
    public const long Munlock = 150;
    public const long Prctl = 157;
    public const long ArchPrctl = 158;
    public const long Tgkill = 234;
    public const long ExitGroup = 231;
    public const long Openat = 257;
    public const long PerfEventOpen = 298;
    public const long Prlimit64 = 302;
    public const long MemfdCreate = 319;
    public const long Execveat = 322;
    public const long Userfaultfd = 323;
    public const long IoUringSetup = 425;
    public const long Clone3 = 435;
    public const long CloseRange = 436;

    /// <summary>The same calls with 32-bit pointers, where the kernel has them.</summary>
    private const int X32 = 0x40000000;
    private const int X32RtSigreturn = 513;
    private const int X32Execve = 520;
    private const int X32Ptrace = 521;
    private const int X32Execveat = 545;

    /// <summary>
    /// Whether the call makes, replaces or ends a process, or its registers: puppets have verbs for these.
    /// </summary>
    internal static bool ChangesProcess(long number) => ((int)number & ~X32) is
        (int)Clone or (int)Fork or (int)Vfork or (int)Execve or (int)Exit or (int)Ptrace or (int)RtSigreturn
        or (int)ExitGroup or (int)Execveat or (int)Clone3 or X32Execve or X32Execveat or X32Ptrace or X32RtSigreturn;
}
