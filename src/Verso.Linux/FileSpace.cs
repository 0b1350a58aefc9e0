using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>What .NET does not do with files.</summary>
public static class FileSpace
{
    /// <summary>TMPFS_MAGIC.</summary>
    private const ulong Tmpfs = 0x01021994;

    /// <summary>
    /// Whether files of a directory are pages of shared memory. The kernel is asked for the directory itself: names of
    /// mounts, by which .NET goes, are others in a chroot. Throws <see cref="IOException"/> where it cannot be told.
    /// </summary>
    public static unsafe bool IsTmpfs(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var status = stackalloc ulong[15];
        return Libc.StatFileSystem(directory, status) == 0
            ? status[0] == Tmpfs
            : throw new IOException(
                $"'{directory}': {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
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
                $"no hole can be made in a file: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }
}
