using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Verso.Linux.Interop;

namespace Verso.Linux;

/// <summary>What .NET does not do with files.</summary>
public static class FileSpace
{
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
