using Verso.Engine;
using Verso.Traces.Importers;

namespace Verso.Traces.Tests;

/// <summary>Real captures; the expected numbers are counted in the texts by hand.</summary>
public sealed class StraceFixtureTests
{
    [Theory]
    [InlineData("strace-f-o-y.txt")]
    [InlineData("strace-f-stderr.txt")]
    public void OneProgramIsTheSameInBothForms(string name)
    {
        Import import = Import.StraceFixture(name);
        Assert.Equal(0, import.Summary.UnknownLines);
        Assert.Equal(6, import.Count(TraceEventKind.Brk));
        Assert.Equal(32, import.Count(TraceEventKind.Mmap));
        Assert.Equal(11, import.Count(TraceEventKind.Mprotect));
        Assert.Equal(5, import.Count(TraceEventKind.Munmap));
        Assert.Equal(3, import.Count(TraceEventKind.Madvise));
        Assert.Equal(1, import.Count(TraceEventKind.Mremap));
        Assert.Equal(1, import.Count(TraceEventKind.Shmat));
        Assert.Equal(1, import.Count(TraceEventKind.Shmdt));
        Assert.Equal(60, import.Summary.Calls);

        // The program, two forks, a vfork and a posix_spawn that exec, a thread.
        Assert.Equal(6, import.Summary.Tasks);
        Assert.Equal(0, import.Summary.TasksOfUnknownOrigin);
        Assert.Equal(5, import.Count(TraceEventKind.TaskStart));
        Assert.Equal(2, import.Count(TraceEventKind.Fork));
        Assert.Equal(3, import.Count(TraceEventKind.Exec));
        Assert.Equal(6, import.Count(TraceEventKind.TaskExit));
        Assert.Equal(5, import.Count(TraceEventKind.MmExit));
        Assert.Equal("./t", import.Summary.Header.Command);
        Assert.Equal(1795218199, import.Summary.Header.StartUnixSeconds);
        Assert.Equal(
            TraceGrade.NoFaults | TraceGrade.NoInitialLayout | TraceGrade.NoCheckpoints, import.Summary.Header.Grade);
    }

    [Fact]
    public void ArgumentsAndResultsAreTheKernelsNumbers()
    {
        Import import = Import.StraceFixture("strace-f-o-y.txt");
        TraceEvent first = import.Of(TraceEventKind.Mmap).First();
        Assert.Equal((11887, 1, 0UL, 8192UL, 3UL, 0x22UL, 0UL, 0UL), Arguments(first));
        Assert.Equal(0x7faf957b1000, first.Result);
        Assert.Equal(869_000UL, first.Time);

        TraceEvent remap = import.Single(TraceEventKind.Mremap);
        Assert.Equal((11887, 1, 0x7faf957b0000UL, 4096UL, 1048576UL, 1UL, 0UL, 0UL), Arguments(remap));
        Assert.Equal(0x7faf954b2000, remap.Result);

        // 0x66 /* MADV_??? */
        Assert.Contains(import.Of(TraceEventKind.Madvise), e => e.Arg2 == (ulong)Advice.GuardInstall);
        TraceEvent protect = import.Of(TraceEventKind.Mprotect).First();
        Assert.Equal((11887, 1, 0x7faf95794000UL, 16384UL, 1UL, ulong.MaxValue, 0UL, 0UL), Arguments(protect));
    }

    [Fact]
    public void PathsAreFilesAndOneForAllProcesses()
    {
        Import import = Import.StraceFixture("strace-f-o-y.txt");
        FileIdentity[] files = [.. import.Of(TraceEventKind.FileDefined).Select(e => (FileIdentity)e.Payload!)];
        Assert.Equal(
            ["/etc/ld.so.cache", "/usr/lib/x86_64-linux-gnu/libc.so.6", "./t.c", "/SYSV (id 1)"],
            files.Select(file => file.Path));
        Assert.Equal(4, files.Select(file => file.Inode).Distinct().Count());
        ulong libc = (ulong)files[1].File.Value;
        Assert.Equal(12, import.Of(TraceEventKind.Mmap).Count(e => e.Arg4 == libc));
        Assert.All(import.Of(TraceEventKind.Mmap), e => Assert.Equal((e.Arg3 & 0x20) != 0, e.Arg4 == 0));
    }

    [Fact]
    public void SharedAndCopiedAddressSpacesAreToldApart()
    {
        Import import = Import.StraceFixture("strace-f-o-y.txt");
        (int Tid, int Mm)[] starts = [.. import.Of(TraceEventKind.TaskStart).Select(e => ((int)e.Arg0, e.Mm))];
        Assert.Equal([(11888, 2), (11889, 1), (11890, 1), (11891, 1), (11892, 5)], starts);
        Assert.Equal([(2UL, 0x1200000UL), (5UL, 0UL)], import.Of(TraceEventKind.Fork).Select(e => (e.Arg0, e.Arg1)));
        Assert.Equal([(1, 0UL), (3, 1UL), (4, 1UL)], import.Of(TraceEventKind.Exec).Select(e => (e.Mm, e.Arg0)));
        Assert.Equal([2, 3, 4, 5, 1], import.Of(TraceEventKind.MmExit).Select(e => e.Mm));
        Assert.Equal(11UL, import.Of(TraceEventKind.TaskExit).Single(e => e.Task == 11888).Arg0);
    }

    [Fact]
    public void ExecByAThreadGoesOnUnderTheLeadersId()
    {
        Import import = Import.StraceFixture("strace-threads-threadexec.txt");
        Assert.Equal(0, import.Summary.UnknownLines);
        Assert.Equal(4, import.Count(TraceEventKind.Brk));
        Assert.Equal(32, import.Count(TraceEventKind.Mmap));
        Assert.Equal(10, import.Count(TraceEventKind.Mprotect));
        Assert.Equal(14, import.Count(TraceEventKind.Munmap));
        Assert.Equal(16, import.Count(TraceEventKind.Madvise));
        Assert.Equal(5, import.Count(TraceEventKind.TaskStart));
        Assert.Equal(0, import.Count(TraceEventKind.Fork));
        Assert.Equal([(19880, 1, 0UL), (19880, 2, 1UL)],
            import.Of(TraceEventKind.Exec).Select(e => (e.Task, e.Mm, e.Arg0)));
        Assert.Equal([1, 2], import.Of(TraceEventKind.MmExit).Select(e => e.Mm));
        Assert.Equal(
            [19881, 19883, 19884, 19882, 19885, 19880], import.Of(TraceEventKind.TaskExit).Select(e => e.Task));

        // Without -y: the cache and libc of each program, and each of libc's segments is of the same file.
        Assert.Equal(4, import.Count(TraceEventKind.FileDefined));
        Assert.Equal([1, 2, 2, 2, 2, 3, 4, 4, 4, 4],
            import.Of(TraceEventKind.Mmap).Where(e => e.Arg4 != 0).Select(e => (int)e.Arg4));
    }

    [Fact]
    public void AnExecveThatCameBackToAnotherCallIsNoCall()
    {
        Import import = Import.Strace(
            """
            7 1.000000 brk(NULL) = 0x5579bce56000 <0.000008>
            7 1.100000 execve("/a", ["a"], NULL <pid changed to 7 ...>
            7 1.200000 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>
            7 1.300000 <... execve resumed>) = 0 <0.000008>
            """);
        Assert.Equal(1, import.Summary.UnknownLines);
        Assert.Equal(0, import.Count(TraceEventKind.Exec));
    }

    [Fact]
    public void AnImportIsATrace()
    {
        MemoryStream stream = new();
        TraceWriter? writer = null;
        ImportSummary summary = StraceImporter.Import(
            new StringReader(Import.Fixture("strace-f-o-y.txt")), header => writer = new TraceWriter(stream, header));
        writer!.Dispose();
        using TraceReader reader = TraceReader.Open(new MemoryStream(stream.ToArray()));
        Assert.Equal(summary.Events, Samples.ReadAll(reader));
        Assert.Equal("strace", reader.Header.Source);
        Assert.Equal(summary.Header.Grade, reader.Grade);
    }

    private static (int, int, ulong, ulong, ulong, ulong, ulong, ulong) Arguments(in TraceEvent e) =>
        (e.Task, e.Mm, e.Arg0, e.Arg1, e.Arg2, e.Arg3, e.Arg4, e.Arg5);
}
