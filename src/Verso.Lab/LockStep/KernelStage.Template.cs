using System.Runtime.InteropServices;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Lab.Scenarios;
using Verso.Linux.Puppets;
using Verso.Linux.Puppets.X64;

namespace Verso.Lab.LockStep;

// What is made once: the template of all processes, the program that they execute, the files that they have open.
public sealed partial class KernelStage
{
    private const ulong ResourceStack = 3;
    private const ulong HugePage = 2UL << 20;

    private static PuppetProgram Program(Window window) => new(
    [
        .. ProgramImage.Segments.Select(segment => new PuppetSegment(
            window.Address(segment.Page),
            PuppetProgram.FirstOffset + window.Bytes(segment.FilePage),
            segment.Pages > segment.FilePages
                ? window.Bytes(segment.FilePages) - Window.Half
                : window.Bytes(segment.FilePages),
            window.Bytes(segment.Pages),
            segment.Protection)),
    ]);

    /// <summary>mmap_base follows the stack limit, from the next exec on.</summary>
    private static void LimitStack(Puppet puppet)
    {
        Span<ulong> limit = MemoryMarshal.Cast<byte, ulong>(puppet.Operands);
        limit[0] = Window.StackLimit;
        limit[1] = Window.StackLimit;
        PuppetOutcome limited = puppet.Call(
            SystemCallNumber.Prlimit64, 0, ResourceStack, Puppet.OperandsAddress);
        PuppetOutcome executed = puppet.Exec();
        if (limited.Error != 0 || executed.Error != 0)
        {
            throw new PuppetUnavailableException(limited.Error == 0
                ? $"a test process cannot be executed again: {executed}"
                : "the hard limit of the stack is smaller than verify needs: ulimit -Hs unlimited");
        }
    }

    /// <summary>
    /// What open file stands for which letter, and where its file system places large mappings: each is mapped once,
    /// and looked at.
    /// </summary>
    private FilePlacement LearnFiles(IReadOnlyList<WindowFile> files)
    {
        _ = _template.Fork(out Puppet? probe);
        Puppet mapper = probe ?? throw new KernelStageException("the template does not fork");
        FilePlacement placement = FilePlacement.HugePages;
        foreach (WindowFile file in files)
        {
            int place = _files.PlaceOf(file.Letter);
            ulong address = _window.Address(2 * place);
            _ = mapper.Call(
                SystemCallNumber.Mmap,
                address,
                Page.Size,
                (ulong)Protection.Read,
                (ulong)(MapFlags.Private | MapFlags.Fixed),
                (ulong)(TheatreOptions.FirstFile + place));
            MmImage image = _graph.Read(mapper.Pid) ?? throw new KernelStageException("a mapping is not seen");
            _letters[image.Vmas.First(vma => vma.Start == address).File] = $"{file.Letter}";
            if (file.Kind == FileKind.Regular)
            {
                PuppetOutcome placed = mapper.Call(
                    SystemCallNumber.Mmap,
                    0,
                    HugePage,
                    (ulong)Protection.None,
                    (ulong)MapFlags.Private,
                    (ulong)(TheatreOptions.FirstFile + place));
                placement = (ulong)placed.Result % HugePage == 0 ? FilePlacement.HugePages : FilePlacement.Anywhere;
            }
        }

        _ = mapper.Exit();
        return placement;
    }
}
