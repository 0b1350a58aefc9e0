using System.Buffers.Binary;
using Verso.Engine;
using Verso.Linux.Interop;

namespace Verso.Linux.Proc;

/// <summary>
/// Whether the kernel maps the zero page where anonymous memory is read first. Nothing says so but the memory itself:
/// guests of PVM, whose kernel has pvm_no_zero_page on its command line, map it for UFFDIO_ZEROPAGE alone.
/// </summary>
public static class ZeroPageProbe
{
    /// <summary>Of a pagemap entry: something is mapped; here alone, which the zero page never is.</summary>
    private const ulong Present = 1UL << 63;
    private const ulong Exclusive = 1UL << 56;

    /// <summary>Reads a page of its own and looks. Mapped where it cannot be known.</summary>
    public static unsafe ZeroPages Ask()
    {
        nint page = Libc.Mmap(0, (nuint)Page.Size, Libc.ProtRead, Libc.MapPrivate | Libc.MapAnonymous, -1, 0);
        if (page == -1)
        {
            return ZeroPages.Mapped;
        }

        try
        {
            _ = Volatile.Read(ref *(byte*)page);
            using FileStream pagemap = File.OpenRead("/proc/self/pagemap");
            pagemap.Position = page / (long)Page.Size * sizeof(ulong);
            Span<byte> entry = stackalloc byte[sizeof(ulong)];
            pagemap.ReadExactly(entry);
            const ulong Own = Present | Exclusive;
            return (BinaryPrimitives.ReadUInt64LittleEndian(entry) & Own) == Own ? ZeroPages.None : ZeroPages.Mapped;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return ZeroPages.Mapped;
        }
        finally
        {
            _ = Libc.Munmap(page, (nuint)Page.Size);
        }
    }
}
