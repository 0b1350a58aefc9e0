using System.Runtime.InteropServices;

namespace Verso.Linux.Interop;

/// <summary>The part of the C library that is needed here.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    internal const int ProtRead = 1;
    internal const int ProtWrite = 2;
    internal const int MapShared = 1;
    internal const int MapPrivate = 2;
    internal const int MapAnonymous = 0x20;
    internal const int WaitNoHang = 1;
    internal const int ErrorNotPermitted = 1;
    internal const int ErrorNoEntry = 2;
    internal const int ErrorInterrupted = 4;
    internal const int ErrorNoExec = 8;
    internal const int ErrorBadDescriptor = 9;
    internal const int ErrorAgain = 11;
    internal const int ErrorAccess = 13;
    internal const int SignalHangUp = 1;
    internal const int SignalInterrupt = 2;
    internal const int SignalPipe = 13;
    internal const int SignalTerminate = 15;
    internal const int SignalFileSize = 25;
    internal const int ResourceFiles = 7;
    internal const int AtCurrentDirectory = -100;
    internal const int OpenReadOnly = 0;
    internal const int OpenWriteOnly = 1;
    internal const int OpenCloseOnExec = 0x80000;
    internal const int OpenDirectory = 0x10000;
    internal const int OpenPath = 0x200000;
    internal const short PollIn = 1;
    internal const short PollOut = 4;
    internal const short PollError = 8;
    internal const long CallPidFdOpen = 434;
    internal const short SpawnSetSignalDefaults = 4;

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Mmap(
        nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Munmap(nint address, nuint length);

    [LibraryImport(Library, EntryPoint = "gettid")]
    internal static partial int GetTid();

    [LibraryImport(Library, EntryPoint = "getppid")]
    internal static partial int GetPpid();

    [LibraryImport(Library, EntryPoint = "waitpid", SetLastError = true)]
    internal static partial int WaitPid(int pid, int* status, int options);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    internal static partial long SystemCall(long number, long first, long second);

    /// <summary>ioctl with a pointer.</summary>
    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Control(int descriptor, ulong command, void* argument);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int descriptor, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, void* buffer, nuint length);

    /// <summary>Without the cost of setting errno apart: a short count says enough.</summary>
    [LibraryImport(Library, EntryPoint = "pread")]
    internal static partial nint ReadAt(int descriptor, void* buffer, nuint length, long offset);

    [LibraryImport(Library, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int OpenAt(int directory, string path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "close")]
    internal static partial int Close(int descriptor);

    /// <summary>A negative descriptor is passed over.</summary>
    [LibraryImport(Library, EntryPoint = "poll")]
    internal static partial int Poll(PollDescriptor* descriptors, ulong count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int pid, int signal);

    /// <summary>To the calling thread: when this returns the signal has been acted on.</summary>
    [LibraryImport(Library, EntryPoint = "raise")]
    internal static partial int Raise(int signal);

    /// <summary>Of this process: 0 is the default action, 1 to ignore it.</summary>
    [LibraryImport(Library, EntryPoint = "signal")]
    internal static partial nint SetSignalAction(int signal, nint action);

    [LibraryImport(Library, EntryPoint = "tcgetattr")]
    internal static partial int GetTerminalModes(int descriptor, byte* modes);

    [LibraryImport(Library, EntryPoint = "tcsetattr")]
    internal static partial int SetTerminalModes(int descriptor, int when, byte* modes);

    /// <summary>Waits until all output has been sent; whoever is in the background is stopped first.</summary>
    [LibraryImport(Library, EntryPoint = "tcdrain")]
    internal static partial int DrainTerminal(int descriptor);

    [LibraryImport(Library, EntryPoint = "tcgetpgrp")]
    internal static partial int GetForegroundGroup(int descriptor);

    [LibraryImport(Library, EntryPoint = "getpgrp")]
    internal static partial int GetProcessGroup();

    [LibraryImport(Library, EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Access(string path, int mode);

    [LibraryImport(Library, EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int PosixSpawn(
        int* pid, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_init")]
    internal static partial int SpawnAttributesInit(byte* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_destroy")]
    internal static partial int SpawnAttributesDestroy(byte* attributes);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setflags")]
    internal static partial int SpawnAttributesSetFlags(byte* attributes, short flags);

    [LibraryImport(Library, EntryPoint = "posix_spawnattr_setsigdefault")]
    internal static partial int SpawnAttributesSetDefaults(byte* attributes, byte* signals);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_init")]
    internal static partial int SpawnActionsInit(byte* actions);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static partial int SpawnActionsAddDuplicate(byte* actions, int from, int to);

    [LibraryImport(Library, EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static partial int SpawnActionsDestroy(byte* actions);

    [LibraryImport(Library, EntryPoint = "sigemptyset")]
    internal static partial int SignalSetEmpty(byte* signals);

    [LibraryImport(Library, EntryPoint = "sigaddset")]
    internal static partial int SignalSetAdd(byte* signals, int signal);

    /// <summary>Whether a path leads to a regular file; null: it leads to nothing.</summary>
    internal static bool? IsRegularFile(string path)
    {
        const ulong KindOfFile = 0xf000;
        const ulong Regular = 0x8000;
        var status = stackalloc ulong[18];
        return Stat(path, status) == 0 ? (status[3] & KindOfFile) == Regular : null;
    }

    /// <summary>
    /// 18 words on x86-64: st_dev, st_ino, st_nlink, st_mode with st_uid above it, st_gid, ...
    /// </summary>
    [LibraryImport(Library, EntryPoint = "stat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Stat(string path, ulong* status);

    /// <summary>-1 leaves the group as it is.</summary>
    [LibraryImport(Library, EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChangeOwner(string path, uint owner, uint group);

    /// <summary>f_type is the first word on x86-64, and there are 15.</summary>
    [LibraryImport(Library, EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int StatFileSystem(string path, ulong* status);

    /// <summary>open_tree, mount_setattr by number: glibc has them since 2.36.</summary>
    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long OpenTree(long number, long directory, string path, long flags);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial long ChangeMount(
        long number, long mount, string path, long flags, ulong* change, nuint bytes);

    [LibraryImport(Library, EntryPoint = "getrlimit")]
    internal static partial int GetResourceLimit(int resource, ResourceLimit* limit);

    [LibraryImport(Library, EntryPoint = "setrlimit")]
    internal static partial int SetResourceLimit(int resource, ResourceLimit* limit);

    [LibraryImport(Library, EntryPoint = "fallocate", SetLastError = true)]
    internal static partial int Allocate(int descriptor, int mode, long offset, long length);

    [LibraryImport(Library, EntryPoint = "process_vm_readv", SetLastError = true)]
    internal static partial nint ReadProcess(
        int pid, MemoryRange* local, ulong localCount, MemoryRange* remote, ulong remoteCount, ulong flags);

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MemoryRange
    {
        internal ulong Start;
        internal ulong Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        internal int Descriptor;
        internal short Events;
        internal short ReturnedEvents;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        internal ulong Current;
        internal ulong Maximum;
    }
}
