using System.Runtime.InteropServices;

namespace Verso.Linux.Interop;

/// <summary>
/// The reading end of a BPF ring buffer, by its memory layout (kernel/bpf/ringbuf.c), without a call per record:
/// <code>
///   page 0            consumer position, ours to write
///   page 1            producer position
///   page 2 ...        data, mapped twice in a row, so that a record never wraps
///
///   record: [ length:30 | discarded:1 | busy:1 ][ page offset ][ payload, padded to 8 bytes ]
/// </code>
/// </summary>
internal sealed unsafe class RingReader : IDisposable
{
    private const uint BusyBit = 1u << 31;
    private const uint DiscardBit = 1u << 30;
    private const int HeaderBytes = 8;

    /// <summary>Space is given back in steps: each step takes a cache line from the writers.</summary>
    private const int FreeBytes = 64 << 10;

    private readonly nuint _size;
    private readonly byte* _consumer;
    private readonly byte* _producer;
    private readonly byte* _data;

    internal RingReader(int descriptor, int sizeBytes)
    {
        _size = (nuint)sizeBytes;
        var page = (nuint)Environment.SystemPageSize;
        _consumer = MapPages(page, Libc.ProtRead | Libc.ProtWrite, descriptor, 0);
        _producer = MapPages(page + (2 * _size), Libc.ProtRead, descriptor, (nint)page);
        _data = _producer + page;
    }

    internal interface IHandler
    {
        /// <summary>One record, valid during the call.</summary>
        void Handle(byte* record, int lengthBytes);
    }

    /// <summary>Bytes written and not yet read.</summary>
    internal ulong PendingBytes => Volatile.Read(ref *(ulong*)_producer) - *(ulong*)_consumer;

    /// <summary>Handles every finished record there is, or the first of them. Returns how many.</summary>
    /// <param name="handler">Who.</param>
    /// <param name="most">No more than so many.</param>
    internal int Read<THandler>(THandler handler, int most = int.MaxValue)
        where THandler : IHandler
    {
        var position = *(ulong*)_consumer;
        var freed = position;
        var handled = 0;
        while (handled < most && position < Volatile.Read(ref *(ulong*)_producer))
        {
            var header = _data + (position & (_size - 1));
            var length = Volatile.Read(ref *(uint*)header);
            if ((length & BusyBit) != 0)
            {
                break;
            }

            var bytes = length & ~DiscardBit;
            if ((length & DiscardBit) == 0)
            {
                handler.Handle(header + HeaderBytes, (int)bytes);
                handled++;
            }

            position += (bytes + HeaderBytes + 7) & ~7u;
            if (position - freed >= FreeBytes)
            {
                Volatile.Write(ref *(ulong*)_consumer, position);
                freed = position;
            }
        }

        Volatile.Write(ref *(ulong*)_consumer, position);
        return handled;
    }

    public void Dispose()
    {
        var page = (nuint)Environment.SystemPageSize;
        Libc.Munmap((nint)_consumer, page);
        Libc.Munmap((nint)_producer, page + (2 * _size));
    }

    /// <summary>Maps a BPF map's memory.</summary>
    internal static byte* MapPages(nuint length, int protection, int descriptor, nint offset)
    {
        var address = Libc.Mmap(0, length, protection, Libc.MapShared, descriptor, offset);
        if (address == -1)
        {
            throw new BpfUnavailableException(
                $"cannot map the memory of a BPF map: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return (byte*)address;
    }
}
