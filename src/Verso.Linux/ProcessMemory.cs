using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Verso.Linux;

/// <summary>The bytes of another process, without disturbing its pages.</summary>
/// <remarks>
/// Through /proc/PID/mem, which takes references (FOLL_GET), also where a VMA allows no access (FOLL_FORCE). The
/// cheaper process_vm_readv pins pages (FOLL_PIN), and so gives whoever shares an anonymous page a copy of his own.
/// </remarks>
/// <param name="pid">Whose.</param>
public sealed class ProcessMemory(int pid) : IDisposable
{
    private SafeFileHandle? _file;

    /// <summary>
    /// Reads single bytes, each at its own address; 0 where nothing can be read. A page that is not present would be
    /// faulted in.
    /// </summary>
    public void Read(ReadOnlySpan<ulong> addresses, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(addresses.Length, bytes.Length);
        for (var at = 0; at < addresses.Length; at++)
        {
            bytes[at] = Read(addresses[at], bytes[at..(at + 1)]) ? bytes[at] : (byte)0;
        }
    }

    /// <summary>The process has another address space now (exec).</summary>
    public void Reopen()
    {
        _file?.Dispose();
        _file = null;
    }

    public void Dispose() => Reopen();

    private bool Read(ulong address, Span<byte> one)
    {
        try
        {
            _file ??= File.OpenHandle(
                $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/mem",
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite);
            return RandomAccess.Read(_file, one, (long)address) == 1;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
