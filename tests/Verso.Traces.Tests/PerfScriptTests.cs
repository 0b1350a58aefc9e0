using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;

namespace Verso.Traces.Tests;

/// <summary>perf script text; the expected numbers are counted in the captures by hand.</summary>
public sealed class PerfScriptTests
{
    [Fact]
    public void CallsFaultsAndTasksAreImported()
    {
        Import import = Import.Perf(Import.Fixture("perf-script-syscalls.txt"));
        Assert.Equal((0L, 0L), (import.Summary.UnknownLines, import.Summary.WithoutResult));
        Assert.Equal(6, import.Count(TraceEventKind.Brk));
        Assert.Equal(32, import.Count(TraceEventKind.Mmap));
        Assert.Equal(11, import.Count(TraceEventKind.Mprotect));
        Assert.Equal(5, import.Count(TraceEventKind.Munmap));
        Assert.Equal(3, import.Count(TraceEventKind.Madvise));
        Assert.Equal(1, import.Count(TraceEventKind.Mremap));
        Assert.Equal(225, import.Count(TraceEventKind.Fault));
        Assert.Equal(5, import.Count(TraceEventKind.TaskStart));
        Assert.Equal(2, import.Count(TraceEventKind.Fork));
        Assert.Equal(3, import.Count(TraceEventKind.Exec));
        Assert.Equal(6, import.Count(TraceEventKind.TaskExit));
        Assert.Equal(5, import.Count(TraceEventKind.MmExit));
        Assert.Equal(TraceGrade.NoInitialLayout | TraceGrade.NoCheckpoints, import.Summary.Header.Grade);
        Assert.Equal("./t", import.Summary.Header.Command);
        Assert.Equal(
            [(12141, 2), (12142, 1), (12143, 1), (12144, 1)],
            import.Of(TraceEventKind.TaskStart).Take(4).Select(e => ((int)e.Arg0, e.Mm)));
    }

    [Fact]
    public void NumbersAreThoseOfTheText()
    {
        Import import = Import.Perf(Import.Fixture("perf-script-syscalls.txt"));
        TraceEvent map = import.Of(TraceEventKind.Mmap).First();
        Assert.Equal((12139, 1, 0UL), (map.Task, map.Mm, map.Arg4));
        Assert.Equal((0x2000UL, 3UL, 0x22UL), (map.Arg1, map.Arg2, map.Arg3));
        Assert.Equal(0x7fee400b0000, map.Result);
        Assert.Equal(356_000UL, map.Time);
        TraceAccess[] first =
            [.. import.Of(TraceEventKind.Fault).Take(3).Select(e => (TraceAccess)e.Arg1)];
        Assert.Equal([TraceAccess.Execute, TraceAccess.Write, TraceAccess.Write], first);
        Assert.Equal(0x7fee400d4b70UL, import.Of(TraceEventKind.Fault).First().Arg0);
        Assert.Contains(import.Of(TraceEventKind.Madvise), e => e.Arg2 == (ulong)Advice.GuardInstall);

        // The cache, libc and t.c of the first program, the cache and libc of its two children.
        Assert.Equal(7, import.Count(TraceEventKind.FileDefined));
    }

    /// <summary>A mapping in the middle of the stack leaves two parts; the image once counted one VMA for both.</summary>
    [Fact]
    public void AStackInTwoPartsIsCountedTwice()
    {
        string[] lines = Import.Fixture("perf-script-d-mmap2.txt").Split('\n');
        string inside = lines[3].Replace("0x7ffd82c4f000(0x21000)", "0x7ffd82c50000(0x1000)").Replace("[stack]", "//anon");
        string text = string.Join('\n', [.. lines[..4], inside, .. lines[4..]]);
        MmImage image = Assert.IsType<MmImage>(Import.Perf(text).Of(TraceEventKind.Exec).First().Payload);
        Assert.Equal(2, image.Vmas.Count(vma => vma.AnonVma != 0));
        Assert.Equal(2, Assert.Single(image.AnonVmas).ActiveVmaCount);
    }

    /// <summary>
    /// The first System V segment has inode 0, and a line with a build id no inode at all: shared memory without a file
    /// once ended in an internal error, and a program's text was taken for anonymous memory.
    /// </summary>
    [Theory]
    [InlineData("0 00:01 0 768802542", "rw-s", "/SYSV00000000 (deleted)", FileKind.SharedMemory)]
    [InlineData("0 <0123456789abcdef0123456789abcdef01234567>", "r-xp", "/usr/bin/t", FileKind.Regular)]
    [InlineData("0", "rw-s", "/dev/zero (deleted)", FileKind.SharedMemory)]
    public void AFileNeedsNoInode(string where, string access, string path, FileKind kind)
    {
        string[] lines = Import.Fixture("perf-script-d-mmap2.txt").Split('\n');
        string inside = lines[3][..lines[3].IndexOf("[0x", StringComparison.Ordinal)] + $"[0x7f0000000000(0x1000) @ {where}]: {access} {path}";
        Import import = Import.Perf(string.Join('\n', [.. lines[..4], inside, .. lines[4..]]));
        MmImage image = Assert.IsType<MmImage>(import.Of(TraceEventKind.Exec).First().Payload);
        FileId file = image.Vmas.Single(vma => vma.Start == 0x7f0000000000).File;
        FileIdentity identity = import.Of(TraceEventKind.FileDefined)
            .Select(defined => Assert.IsType<FileIdentity>(defined.Payload))
            .Single(identity => identity.File == file);
        Assert.Equal((path, kind), (identity.Path, identity.Kind));
    }

    /// <summary>Two lines torn into one have too many words for a mapping.</summary>
    [Fact]
    public void ATornMappingIsCountedAsUnknown()
    {
        string[] lines = Import.Fixture("perf-script-d-mmap2.txt").Split('\n');
        string torn = lines[4][..(lines[4].Length / 2)] + lines[5];
        Assert.Equal(1, Import.Perf(string.Join('\n', [.. lines[..4], torn, .. lines[6..]])).Summary.UnknownLines);
    }

    [Fact]
    public void ErrorsAreNegative()
    {
        Import import = Import.Perf(Import.Fixture("perf-script-errors.txt"));
        Assert.Equal(13, import.Summary.Calls);
        Assert.Equal(
            [-22L, -22L, -22L, -14L],
            import.Events.Where(e => e.Result is < 0 and > -4096).Select(e => e.Result));
        Assert.Equal(
            TraceGrade.NoFaults | TraceGrade.NoInitialLayout | TraceGrade.NoCheckpoints, import.Summary.Header.Grade);
    }

    [Fact]
    public void LayoutsAndFilesComeFromMmapRecords()
    {
        Import import = Import.Perf(Import.Fixture("perf-script-d-mmap2.txt"));
        Assert.Equal(0, import.Summary.UnknownLines);
        Assert.Equal(6 + 11, import.Summary.WithoutResult);
        Assert.Equal((32, 1), (import.Count(TraceEventKind.Mmap), import.Count(TraceEventKind.Mremap)));
        Assert.Equal(TraceGrade.NoFaults | TraceGrade.NoCheckpoints, import.Summary.Header.Grade);
        Assert.Equal(3, import.Count(TraceEventKind.Exec));
        Assert.Equal(6, import.Count(TraceEventKind.TaskExit));

        MmImage layout = (MmImage)import.Of(TraceEventKind.Exec).First().Payload!;
        VmaImage stack = layout.Vmas[^1];
        Assert.Equal((0x7ffd82c4f000UL, 0x7ffd82c70000UL), (stack.Start, stack.End));
        Assert.Equal(0x7ffffffdeUL, stack.Pgoff);
        Assert.True((stack.Flags & (VmaFlags.GrowsDown | VmaFlags.Write)) == (VmaFlags.GrowsDown | VmaFlags.Write));
        Assert.Equal(12, layout.Vmas.Count);
        Assert.All(layout.Vmas.Zip(layout.Vmas.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Start));

        // /usr/lib/x86_64-linux-gnu/libc.so.6 is inode 332096 of fe:00: four segments in each of three programs.
        TraceEvent libc = import.Of(TraceEventKind.FileDefined)
            .Single(e => ((FileIdentity)e.Payload!).Path.EndsWith("libc.so.6", StringComparison.Ordinal));
        FileIdentity file = (FileIdentity)libc.Payload!;
        Assert.Equal((0xfeUL << 20, 332096UL), (file.Device, file.Inode));
        Assert.Equal(12, import.Of(TraceEventKind.Mmap).Count(e => e.Arg4 == (ulong)file.File.Value));
    }

    [Theory]
    [InlineData("t 12 [000]  1.000001: syscalls:sys_enter_munmap: addr: 0x1000, len: 0x2000")]
    [InlineData("t 11/12 [000]  1.000001: syscalls:sys_enter_munmap: addr: 0x1000, len: 0x2000")]
    [InlineData("12 [000]  1.000001: syscalls:sys_enter_munmap: addr: 0x1000, len: 0x2000")]
    [InlineData("a b: 1.5 12 [001] 1.000001234: syscalls:sys_enter_munmap: addr: 0x1000, len: 0x2000")]
    [InlineData("t 12 [000] d..1. 1.000001:  1 syscalls:sys_enter_munmap: addr: 0x1000, len: 0x2000")]
    [InlineData("t 12 1.000001: syscalls:sys_enter_munmap: __syscall_nr: 0x0b, addr: 0x1000, len: 0x2000")]
    public void EveryColumnLayoutIsRead(string line)
    {
        Import import = Import.Perf(
            line + "\n\t 7f7d654dc000 main (/bin/t)\n12 1.000002: syscalls:sys_exit_munmap: 0x0");
        TraceEvent e = import.Single(TraceEventKind.Munmap);
        Assert.Equal((12, 0x1000UL, 0x2000UL), (e.Task, e.Arg0, e.Arg1));
        Assert.Equal(0, import.Summary.UnknownLines);
    }

    [Fact]
    public void TheHeapBeginsWhereTheFirstBrkSays()
    {
        Import import = Import.Perf("""
            t 5 [000] 1.000000: PERF_RECORD_COMM exec: t:5/5
            t 5 [000] 1.000001: PERF_RECORD_MMAP2 5/5: [0x7ffd82c4f000(0x21000) @ 0x7ffffffde000 0:0 0 0]: rw-p [stack]
            t 5 [000] 1.000002: exceptions:page_fault_kernel: address=0x55ed74d400b8 ip=elf_load error_code=0x2
            t 5 [000] 1.000003: PERF_RECORD_MMAP2 5/5: [0x400000(0x3000) @ 0 fe:00 7 0]: r--p /bin/a b
            t 5 [000] 1.000004: PERF_RECORD_MMAP2 5/5: [0x401000(0x1000) @ 0x1000 fe:00 7 0]: r-xp /bin/a b
            t 5 [000] 1.000005: sched:sched_process_exec: filename=/bin/a b pid=5 old_pid=5
            t 5 [000] 1.000006: syscalls:sys_enter_brk: brk: 0x00000000
            t 5 [000] 1.000007: syscalls:sys_exit_brk: 0x55fcb8bc8000
            PERF_RECORD_WHAT
            t 5 [000] 1.000008: PERF_RECORD_LOST lost 3
            """);
        Assert.Equal(
            ["FileDefined", "Exec", "Fault", "Brk", "Lost"], import.Events.Select(e => e.Kind.ToString()));
        MmImage layout = (MmImage)import.Single(TraceEventKind.Exec).Payload!;
        Assert.Equal((0x55fcb8bc8000UL, 0x403000UL), (layout.StartBrk, layout.MmapBase));
        Assert.Equal(
            [(0x400000UL, 0UL), (0x401000UL, 1UL), (0x402000UL, 2UL)],
            layout.Vmas.Take(3).Select(vma => (vma.Start, vma.Pgoff)));
        Assert.Equal((ulong)(TraceAccess.Write | TraceAccess.Kernel), import.Single(TraceEventKind.Fault).Arg1);
        Assert.Equal((3L, 9L), (import.Summary.Lost, import.Summary.FirstUnknownLine));
        Assert.Equal("/bin/a b", import.Summary.Header.Command);
    }
}
