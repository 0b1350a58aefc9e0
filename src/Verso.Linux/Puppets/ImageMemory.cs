using System.Runtime.InteropServices;
using Verso.Linux.Interop;
using Verso.Linux.Puppets.X64;

namespace Verso.Linux.Puppets;

/// <summary>The memory file that puppets execute and map, and the tool's own mapping of it.</summary>
internal sealed unsafe class ImageMemory : IDisposable
{
    private readonly byte* _pages;

    private ImageMemory(int descriptor, byte* pages)
    {
        Descriptor = descriptor;
        _pages = pages;
    }

    internal int Descriptor { get; }

    internal ControlBlock* Block => (ControlBlock*)(_pages + (PuppetImage.Block - PuppetImage.Start));

    internal Span<byte> Operands =>
        new(_pages + (PuppetImage.Operands - PuppetImage.Start), PuppetImage.OperandBytes);

    /// <exception cref="PuppetUnavailableException">No memory file, or none that may be executed.</exception>
    internal static ImageMemory Create(PuppetImage image)
    {
        const string Name = "verso-puppet";
        var descriptor = Libc.MemoryFile(Name, Libc.MemoryFileExecutable | Libc.MemoryFileCloseOnExec);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() == Libc.ErrorInvalid)
        {
            // Before 6.3 there was no such flag and no need to ask.
            descriptor = Libc.MemoryFile(Name, Libc.MemoryFileCloseOnExec);
        }

        if (descriptor < 0)
        {
            throw new PuppetUnavailableException(
                $"no executable memory file ({Problem()}); sysctl vm.memfd_noexec=2 does that");
        }

        fixed (byte* bytes = image.FirstPage)
        {
            var length = (nuint)image.FirstPage.Length;
            if (Libc.Truncate(descriptor, PuppetImage.Bytes) == 0
                && Libc.Write(descriptor, bytes, length, 0) == (nint)length)
            {
                var pages = Libc.Mmap(
                    0, PuppetImage.Bytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, descriptor, 0);
                if (pages != -1)
                {
                    return new ImageMemory(descriptor, (byte*)pages);
                }
            }
        }

        var problem = Problem();
        _ = Libc.Close(descriptor);
        throw new PuppetUnavailableException($"the image of the test processes cannot be written ({problem})");
    }

    public void Dispose()
    {
        _ = Libc.Munmap((nint)_pages, PuppetImage.Bytes);
        _ = Libc.Close(Descriptor);
    }

    private static string Problem() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
}
