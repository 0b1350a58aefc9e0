using System.Buffers.Text;
using System.Globalization;
using Verso.Linux.Interop;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Graph;

/// <summary>
/// Reads the counters of an address space from /proc/PID/status: the only place where the kernel adds up the parts that
/// each processor keeps.
/// </summary>
internal sealed class MemoryCounters
{
    private const int BufferBytes = 8192;
    private const int KibibytesEach = 4;

    private readonly byte[] _buffer = new byte[BufferBytes];

    /// <summary>The counters now; null if the process ended, or has no address space.</summary>
    internal unsafe ResidentMemory? Read(int pid)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status");
        var file = Libc.OpenAt(Libc.AtCurrentDirectory, path, Libc.OpenCloseOnExec, 0);
        if (file < 0)
        {
            return null;
        }

        nint length;
        fixed (byte* buffer = _buffer)
        {
            length = Libc.Read(file, buffer, BufferBytes);
        }

        _ = Libc.Close(file);
        ReadOnlySpan<byte> status = length > 0 ? _buffer.AsSpan(0, (int)length) : default;
        var (anonymous, files, shared) = (
            Kibibytes(status, "\nRssAnon:"u8), Kibibytes(status, "\nRssFile:"u8), Kibibytes(status, "\nRssShmem:"u8));
        var (tables, swap) = (Kibibytes(status, "\nVmPTE:"u8), Kibibytes(status, "\nVmSwap:"u8));
        return anonymous < 0 || files < 0 || shared < 0 || tables < 0
            ? null
            : new ResidentMemory(
                anonymous / KibibytesEach,
                files / KibibytesEach,
                shared / KibibytesEach,
                Math.Max(swap, 0) / KibibytesEach,
                tables * 1024);
    }

    // -1 if the line is not there.
    private static long Kibibytes(ReadOnlySpan<byte> status, ReadOnlySpan<byte> name)
    {
        var at = status.IndexOf(name);
        var rest = at < 0 ? default : status[(at + name.Length)..].TrimStart("\t "u8);
        return Utf8Parser.TryParse(rest, out long value, out _) ? value : -1;
    }
}
