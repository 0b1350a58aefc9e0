using System.Runtime.InteropServices;

namespace Verso.Linux.Interop;

/// <summary>
/// What driving another process takes: ptrace, its signals, and the state a thread hands to its children.
/// </summary>
internal static unsafe partial class Libc
{
    internal const int ErrorPermission = 1;
    internal const int ErrorInvalid = 22;

    internal const int SignalTrap = 5;
    internal const int SignalBus = 7;
    internal const int SignalKill = 9;
    internal const int SignalSegment = 11;
    internal const int SignalChild = 17;
    internal const int SignalStop = 19;
    internal const int SignalSystemCall = 31;

    internal const int ResourceStack = 3;
    internal const int ResourceCore = 4;

    /// <summary>__WALL | __WNOTHREAD: children of every kind, of this thread alone.</summary>
    internal const int WaitAllOfThread = 0x60000000;

    internal const short SpawnSetSignalMask = 8;
    internal const short SpawnSetSession = 0x80;

    internal const uint MemoryFileExecutable = 0x10;
    internal const uint MemoryFileCloseOnExec = 1;
    internal const int DuplicateCloseOnExec = 1030;
    internal const uint NoRandomization = 0x0040000;
    internal const uint PersonalityQuery = 0xffffffff;

    internal const int HandlerDefault = 0;
    internal const int HandlerIgnore = 1;
    internal const int NoChildStopSignal = 1;
    internal const int NoChildWait = 2;

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    internal static partial long SystemCall(long number, long first, long second, nint third, nint fourth);

    [LibraryImport(
        Library, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MemoryFile(string name, uint flags);

    [LibraryImport(Library, EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint Write(int descriptor, byte* buffer, nuint length, nint offset);

    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(int descriptor, nint length);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "shmget", SetLastError = true)]
    internal static partial int MakeSegment(int key, nuint bytes, int flags);

    [LibraryImport(Library, EntryPoint = "shmat", SetLastError = true)]
    internal static partial nint AttachSegment(int segment, nint address, int flags);

    [LibraryImport(Library, EntryPoint = "shmdt", SetLastError = true)]
    internal static partial int DetachSegment(nint address);

    [LibraryImport(Library, EntryPoint = "shmctl", SetLastError = true)]
    internal static partial int ControlSegment(int segment, int command, nint buffer);

    [LibraryImport(Library, EntryPoint = "personality", SetLastError = true)]
    internal static partial int Personality(nuint persona);

    /// <summary>Of the calling thread, for 0.</summary>
    [LibraryImport(Library, EntryPoint = "sched_getaffinity", SetLastError = true)]
    internal static partial int GetAffinity(int task, nuint bytes, ulong* processors);

    /// <summary>Of the calling thread, for 0.</summary>
    [LibraryImport(Library, EntryPoint = "sched_setaffinity", SetLastError = true)]
    internal static partial int SetAffinity(int task, nuint bytes, ulong* processors);

    [LibraryImport(Library, EntryPoint = "sched_getcpu")]
    internal static partial int CurrentProcessor();

    [LibraryImport(Library, EntryPoint = "sigaction", SetLastError = true)]
    internal static partial int SignalAction(int signal, SignalDisposition* next, SignalDisposition* previous);

    [LibraryImport(Library, EntryPoint = "prlimit", SetLastError = true)]
    internal static partial int ProcessLimit(int pid, int resource, ResourceLimit* next, ResourceLimit* previous);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigmask")]
    internal static partial int SpawnAttributesSetMask(byte* attributes, byte* signals);

    [LibraryImport(Library, EntryPoint = "sigfillset")]
    internal static partial int SignalSetFill(byte* signals);

    /// <summary>struct sigaction of the C library.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct SignalDisposition
    {
        internal nint Handler;
        internal fixed ulong Mask[16];
        internal int Flags;
        internal nint Restorer;
    }

    /// <summary>The part of siginfo_t that a fault fills.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct SignalInformation
    {
        [FieldOffset(0)]
        internal int Signal;

        [FieldOffset(8)]
        internal int Code;

        [FieldOffset(16)]
        internal ulong Address;
    }
}
