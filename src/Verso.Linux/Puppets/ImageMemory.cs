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
    internal static ImageMemory Create(PuppetImage image, PuppetProgram? program)
    {
        const string Name = PuppetProgram.FileName;
        var descriptor = Libc.MemoryFile(Name, Libc.MemoryFileExecutable | Libc.MemoryFileCloseOnExec);
        if (descriptor < 0 && Marshal.GetLastPInvokeError() == Libc.ErrorInvalid)
        {
            // Before 6.3 there was no such flag and no need to ask.
            descriptor = Libc.MemoryFile(Name, Libc.MemoryFileCloseOnExec);
        }

        if (descriptor < 0)
        {
            throw new PuppetUnavailableException(
                $"cannot create an executable memfd ({Problem()}); sysctl vm.memfd_noexec=2 forbids it");
        }

        // All of a program's file is there before it is read: which pages of it are cached is then no question.
        var zeros = new byte[(program?.FileBytes ?? PuppetImage.Bytes) - PuppetImage.Bytes + 1];
        fixed (byte* rest = zeros)
        fixed (byte* bytes = program is null ? image.FirstPage : image.FirstPageWith(program))
        {
            var length = (nuint)image.FirstPage.Length;
            if (Libc.Truncate(descriptor, (nint)(program?.FileBytes ?? PuppetImage.Bytes)) == 0
                && Libc.Write(descriptor, bytes, length, 0) == (nint)length
                && Libc.Write(descriptor, rest, (nuint)zeros.Length - 1, PuppetImage.Bytes) == zeros.Length - 1)
            {
                var pages = Libc.Mmap(
                    0, PuppetImage.Bytes, Libc.ProtRead | Libc.ProtWrite, Libc.MapShared, descriptor, 0);
                if (pages != -1)
                {
                    var memory = new ImageMemory(descriptor, (byte*)pages);
                    memory.Block->StripBytes = (program?.Start ?? PuppetImage.UserEnd) - PuppetImage.End;
                    return memory;
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
