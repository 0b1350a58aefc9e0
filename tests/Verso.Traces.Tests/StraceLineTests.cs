using Verso.Engine;
using Verso.Traces.Importers;

namespace Verso.Traces.Tests;

/// <summary>The forms of lines that options and versions of strace make.</summary>
public sealed class StraceLineTests
{
    [Theory]
    [InlineData("munmap(0x1000, 8192) = 0")]
    [InlineData("1795218199.5 munmap(0x1000, 8192) = 0 <0.000021>")]
    [InlineData("12:34:56 munmap(0x1000, 8192)            = 0")]
    [InlineData("12:34:56.789012 munmap(0x1000, 8192) = 0")]
    [InlineData("     0.000123 munmap(0x1000, 8192) = 0")]
    [InlineData("12:34:56.789012 (+     0.000011) munmap(0x1000, 8192) = 0")]
    [InlineData("77 munmap(0x1000, 8192) = 0")]
    [InlineData("77    1795218199.560483 munmap(0x1000, 8192) = 0")]
    [InlineData("77<some comm> 1795218199.560483 munmap(0x1000, 8192) = 0")]
    [InlineData("[pid    77] 1795218199.560483 munmap(0x1000, 8192) = 0")]
    [InlineData("[pid 77<some comm>] munmap(0x1000, 8192) = 0")]
    [InlineData("munmap(addr=0x1000, length=8192) = 0")]
    [InlineData("munmap(0x1000, 0x2000 /* why not */) = 0")]
    [InlineData("\u001b[31mmunmap\u001b[0m(0x1000, 8192) = 0")]
    public void EveryPrefixAndDecorationIsRead(string line)
    {
        Import import = Import.Strace(line);
        TraceEvent e = import.Single(TraceEventKind.Munmap);
        Assert.Equal((0x1000UL, 8192UL, 0L), (e.Arg0, e.Arg1, e.Result));
        Assert.Equal(line.Contains("77", StringComparison.Ordinal) ? 77 : 1, e.Task);
        Assert.Equal(0, import.Summary.UnknownLines);
    }

    [Theory]
    [InlineData("mmap(NULL, 4096, PROT_READ|PROT_WRITE|0x40, MAP_PRIVATE|MAP_ANON|0x8000000, -1, 0)", 0x43, 0x8000022)]
    [InlineData("mmap(NULL, 4096, 0x3 /* PROT_READ|PROT_WRITE */, 0x22 /* MAP_X */, 0xffffffff, 0)", 3, 0x22)]
    [InlineData("mmap(NULL, 4096, PROT_NONE, MAP_SHARED|MAP_ANON|MAP_HUGETLB|21<<26, -1, 0)", 0, 0x54040021)]
    [InlineData("mmap(addr=NULL, length=4096, prot=PROT_READ, flags=MAP_PRIVATE|MAP_ANON, fd=-1, offset=0)", 1, 0x22)]
    public void FlagsAreNumbersAgain(string call, ulong protection, ulong flags)
    {
        TraceEvent e = Import.Strace($"{call} = 0x7f0000000000 <0.000001>").Single(TraceEventKind.Mmap);
        Assert.Equal((4096UL, protection, flags), (e.Arg1, e.Arg2, e.Arg3));
    }

    [Theory]
    [InlineData("munmap(0x1001, 1) = -1 EINVAL (Invalid argument) <0.000011>", -22)]
    [InlineData("munmap(0x1001, 1) = -1 ENOMEM (Cannot allocate memory)", -12)]
    [InlineData("munmap(0x1001, 1) = -1 EBRANDNEW (Unknown error 999)", -4095)]
    public void ErrorsAreNegatedNumbers(string line, long result) =>
        Assert.Equal(result, Import.Strace(line).Single(TraceEventKind.Munmap).Result);

    /// <summary>Refused at import: no reader would take the trace.</summary>
    [Theory]
    [InlineData("7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000123")]
    [InlineData("7 mremap(0x7f0000000000, 4096, 8192, MREMAP_MAYMOVE) = 0xffff800000000000")]
    public void AResultThatNoKernelReturnsIsNamedWithItsLine(string line)
    {
        ImportException refused = Assert.Throws<ImportException>(() => Import.Strace("7 brk(NULL) = 0x1000\n" + line));
        Assert.Contains("line 2: expected an address of user space as the result", refused.Message);
    }

    [Fact]
    public void CallsThatNeverRanAndCallsWithoutResultAreCounted()
    {
        Import import = Import.Strace("""
            7 munmap(0x1000, 4096) = -1 ENOMEM (Cannot allocate memory) (INJECTED)
            7 munmap(0x2000, 4096) = ?
            7 munmap(0x3000, 4096 <unfinished ...>
            8 getpid() = 8
            7 +++ killed by SIGKILL +++
            8 brk(NULL) = 0x5000
            8 madvise(0x1000, 4096, MADV_BRAND_NEW) = 0
            8 map_shadow_stack(0, 4096, 0) = 0x1000
            8 set_mempolicy_home_node(0x1000, 4096, 0, 0) = 0
            8 arch_prctl(0x1002 /* ARCH_SET_FS */, 0x7f0000000000) = 0
            """);
        Assert.Equal((1L, 2L, 3L), (import.Summary.Injected, import.Summary.WithoutResult, import.Summary.NotImported));
        Assert.Equal(1, import.Summary.Calls);
        Assert.Equal(2, import.Summary.OtherCalls);
        Assert.Equal(1, import.Summary.TasksOfUnknownOrigin);
    }

    [Fact]
    public void LinesThatAreNothingAreCountedAndTheFirstIsNamed()
    {
        Import import = Import.Strace(
            "7 brk(NULL) = 0x1000\nwhat is this\n > /lib/libc.so.6(brk+0x1) [0x2]\n7 mmap(1, = 3\n");
        Assert.Equal((2L, 2L), (import.Summary.UnknownLines, import.Summary.FirstUnknownLine));
    }

    [Fact]
    public void AChildMayActBeforeItsParentsCloneReturns()
    {
        Import import = Import.Strace("""
            10 brk(NULL) = 0x1000
            10 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>
            11 munmap(0x1000, 4096) = 0
            10 <... clone resumed>, child_tidptr=0x7f0000000000) = 11 <0.000170>
            11 munmap(0x2000, 4096) = 0
            """);
        Assert.Equal([2, 2], import.Of(TraceEventKind.Munmap).Select(e => e.Mm));
        Assert.Equal(1, import.Count(TraceEventKind.TaskStart));
        Assert.Equal(0x1000000UL, import.Single(TraceEventKind.Fork).Arg1);
    }

    [Fact]
    public void WithTwoClonesUnderWayTheChildWaitsForItsParentsReturn()
    {
        Import import = Import.Strace("""
            10 brk(NULL) = 0x1000
            10 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 20
            10 fork( <unfinished ...>
            20 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0} <unfinished ...>
            21 munmap(0x1000, 4096) = 0
            22 munmap(0x2000, 4096) = 0
            20 <... clone3 resumed>, 88) = 22
            10 <... fork resumed>) = 21
            21 munmap(0x3000, 4096) = 0
            """);
        Assert.Equal([(22, 1), (21, 2), (21, 2)], import.Of(TraceEventKind.Munmap).Select(e => (e.Task, e.Mm)));
        Assert.Equal(0, import.Summary.TasksOfUnknownOrigin);
    }

    [Fact]
    public void AnUnmapThatHasNotReturnedCameBeforeWhoGotItsPlace()
    {
        Import import = Import.Strace("""
            10 brk(NULL) = 0x1000
            10 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 20
            20 munmap(0x7000, 8192 <unfinished ...>
            10 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x8000
            20 <... munmap resumed>) = 0
            """);
        Assert.Equal(
            [TraceEventKind.Munmap, TraceEventKind.Mmap],
            import.Events.Where(e => e.Kind is TraceEventKind.Mmap or TraceEventKind.Munmap).Select(e => e.Kind));
    }

    [Fact]
    public void PopulationFollowsItsCause()
    {
        Import import = Import.Strace("""
            7 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x10000
            7 mlock(0x20010, 4096) = 0
            7 mlock2(0x20010, 4096, MLOCK_ONFAULT) = 0
            7 mlock(0x20010, 4096) = -1 ENOMEM (Cannot allocate memory)
            7 mlockall(MCL_FUTURE) = 0
            7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000
            7 munlockall() = 0
            7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x40000
            7 madvise(0x50000, 4096, MADV_POPULATE_WRITE) = 0
            """);
        Assert.Equal(
            [
                (0x10000UL, 8192UL, TraceAccess.Write),
                (0x20000UL, 8192UL, TraceAccess.Write | TraceAccess.Kernel),
                (0x30000UL, 4096UL, TraceAccess.Read),
                (0x50000UL, 4096UL, TraceAccess.Write),
            ],
            import.Of(TraceEventKind.Populate).Select(e => (e.Arg0, e.Arg1, (TraceAccess)e.Arg2)));
    }

    [Fact]
    public void OpenFilesAreToldApartWhereTheirOpeningIsSeen()
    {
        Import import = Import.Strace("""
            7 openat(AT_FDCWD</home>, "a,(b", O_RDONLY|O_CLOEXEC) = 3</home/a,(b>
            7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</home/a,(b>, 0) = 0x10000
            7 dup(3</home/a,(b>) = 4</home/a,(b>
            7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 4</home/a,(b>, 0) = 0x11000
            7 close(3</home/a,(b>) = 0
            7 openat(AT_FDCWD</home>, "a,(b", O_RDWR) = 3</home/a,(b>
            7 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3</home/a,(b>, 0) = 0x12000
            7 memfd_create("m", 0) = 5</memfd:m (deleted)>
            7 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 5</memfd:m (deleted)>, 0) = 0x13000
            7 shmget(IPC_PRIVATE, 12288, IPC_CREAT|0600) = 9
            7 shmat(9, NULL, SHM_RDONLY) = 0x20000
            """);
        Assert.Equal([1, 1, 2, 3], import.Of(TraceEventKind.Mmap).Select(e => (int)e.Arg4));
        FileIdentity[] files = [.. import.Of(TraceEventKind.FileDefined).Select(e => (FileIdentity)e.Payload!)];
        Assert.Equal("/home/a,(b", files[0].Path);
        Assert.Equal(files[0].Inode, files[1].Inode);
        Assert.Equal(
            [FileModes.Read, FileModes.Read | FileModes.Write], files.Take(2).Select(file => file.Modes));
        Assert.Equal([FileKind.SharedMemory, FileKind.SharedMemory], files.Skip(2).Select(file => file.Kind));
        TraceEvent attach = import.Single(TraceEventKind.Shmat);
        Assert.Equal((9UL, 0x1000UL, 12288UL, 4UL), (attach.Arg0, attach.Arg2, attach.Arg3, attach.Arg4));
        Assert.Equal(0, import.Summary.Assumptions);
    }
}
