using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>What .NET does not do with files.</summary>
public static class FileSpace
{
    /// <summary>TMPFS_MAGIC.</summary>
    private const ulong Tmpfs = 0x01021994;

    /// <summary>Of struct statfs on 64 bits, f_flags in it, and ST_NOEXEC.</summary>
    private const int StatusWords = 15;
    private const int FlagsWord = 10;
    private const ulong NoExec = 8;

    /// <summary>
    /// Whether files of a directory are pages of shared memory. The kernel is asked for the directory itself: names of
    /// mounts, by which .NET goes, are others in a chroot. Throws <see cref="IOException"/> where it cannot be told.
    /// </summary>
    public static unsafe bool IsTmpfs(string directory)
    {
        var status = stackalloc ulong[StatusWords];
        Ask(directory, status);
        return status[0] == Tmpfs;
    }

    /// <summary>
    /// Whether its mount allows no execution. Throws <see cref="IOException"/> where it cannot be told.
    /// </summary>
    public static unsafe MountExecution ExecutionIn(string directory)
    {
        var status = stackalloc ulong[StatusWords];
        Ask(directory, status);
        return (status[FlagsWord] & NoExec) != 0 ? MountExecution.Forbidden : MountExecution.Allowed;
    }

    /// <summary>
    /// Frees the pages of a range of bytes; the size stays (fallocate, FALLOC_FL_PUNCH_HOLE). Throws
    /// <see cref="IOException"/> where the file system cannot.
    /// </summary>
    public static void Punch(SafeFileHandle file, long start, long length)
    {
        ArgumentNullException.ThrowIfNull(file);
        const int KeepSize = 1;
        const int PunchHole = 2;
        if (Libc.Allocate((int)file.DangerousGetHandle(), PunchHole | KeepSize, start, length) != 0)
        {
            throw new IOException(
                $"cannot punch a hole in a file: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    private static unsafe void Ask(string directory, ulong* status)
    {
        ArgumentNullException.ThrowIfNull(directory);
        if (Libc.StatFileSystem(directory, status) != 0)
        {
            throw new IOException(
                $"'{directory}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }
}
