using Verso.Traces.Importers;

namespace Verso.Traces.Tests;

/// <summary>Whose a task is when its first line comes before what says so, or when nothing says so.</summary>
public sealed class UnknownTaskTests
{
    private const string Exec = "100 execve(\"/bin/x\", [\"x\"], 0x7ffd /* 1 vars */) = 0\n100 brk(NULL) = 0x1000\n";
    private const string Thread = "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM";

    /// <summary>How a call that makes a task is printed: its beginning, its end, whether memory is shared.</summary>
    public static TheoryData<string, string, bool> Halves { get; } = new()
    {
        { "clone(", $"clone resumed> child_stack=0x7ff0, flags={Thread}, tls=0x7ff1) = 101", true },
        { "clone(", "clone resumed> child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, x=0x7) = 101", false },
        { $"clone(child_stack=0x7ff0, flags={Thread}", "clone resumed>, tls=0x7ff1) = 101", true },
        { "clone(child_stack=NULL, flags=SIGCHLD", "clone resumed>, child_tidptr=0x7) = 101", false },
        { "clone(0x3d0f00, 0x7ff0, 0x1, 0x2", "clone resumed>, 0x3) = 101", true },
        { "clone(0x11, 0", "clone resumed>, 0) = 101", false },
        { "clone3(", $"clone3 resumed>{{flags={Thread}, exit_signal=0}}, 88) = 101", true },
        { "clone3(", "clone3 resumed>{flags=0, exit_signal=SIGCHLD}, 88) = 101", false },
        { $"clone3({{flags={Thread}}}", "clone3 resumed> => {parent_tid=[101]}, 88) = 101", true },
        { "clone3({flags=CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD}", "clone3 resumed>, 88) = 101", false },
        { "clone3(0x7ffd1, 0x58", "clone3 resumed>) = 101", true },
        { "fork(", "fork resumed>) = 101", false },
        { "vfork(", "vfork resumed>) = 101", true },
    };

    /// <summary>
    /// The child has the memory that the flags say, wherever the parent's call ends between the child's lines.
    /// </summary>
    [Theory]
    [MemberData(nameof(Halves))]
    public void WhereverTheParentsHalfStands(string head, string rest, bool shares)
    {
        string[] child =
        [
            "101 set_robust_list(0x7ff1, 24 <unfinished ...>", "101 <... set_robust_list resumed>) = 0",
            "101 munmap(0x4000, 4096 <unfinished ...>", "101 <... munmap resumed>) = 0",
            "101 exit(0) = ?", "101 +++ exited with 0 +++",
        ];
        for (int at = 0; at <= child.Length; at++)
        {
            IEnumerable<string> lines = child.Take(at).Append($"100 <... {rest}").Concat(child.Skip(at));
            Import import = Import.Strace($"{Exec}100 {head} <unfinished ...>\n{string.Join('\n', lines)}");
            Assert.Equal(shares ? 1 : 2, import.Single(TraceEventKind.Munmap).Mm);
            Assert.Equal((shares ? 0 : 1, 1), (import.Count(TraceEventKind.Fork), import.Count(TraceEventKind.TaskStart)));
            Assert.Equal((0L, 0L), (import.Summary.TasksOfUnknownOrigin, import.Summary.UnknownLines));
        }
    }

    /// <summary>24 threads made in two steps each are 24 threads, as the text of one shows.</summary>
    [Fact]
    public void TwentyFourThreadsAreOneProcess()
    {
        string one = Import.Fixture("strace-split-clone.txt");
        string[] lines = one.Split('\n');
        IEnumerable<string> all = lines[..3].Concat(Enumerable.Range(101, 24).SelectMany(
            tid => lines[3..10].Select(line => line.Replace("101", $"{tid}")))).Concat(lines[10..]);
        Import import = Import.Strace(string.Join('\n', all));
        Assert.Equal((24, 0), (import.Count(TraceEventKind.TaskStart), import.Count(TraceEventKind.Fork)));
        Assert.Equal(24, import.Of(TraceEventKind.Madvise).Count(e => e.Mm == 1));
        Assert.Equal((25L, 0L), (import.Summary.Tasks, import.Summary.TasksOfUnknownOrigin));
    }

    /// <summary>A child of a child that has to wait is a child of that one.</summary>
    [Fact]
    public void ChildrenOfWhatWaits()
    {
        Import import = Import.Strace($"""
            {Exec}100 clone( <unfinished ...>
            101 clone( <unfinished ...>
            102 munmap(0x5000, 4096) = 0
            101 <... clone resumed>child_stack=0x7, flags={Thread}) = 102
            100 <... clone resumed>child_stack=NULL, flags=SIGCHLD) = 101
            """);
        Assert.Equal([101, 102], import.Of(TraceEventKind.TaskStart).Select(e => (int)e.Arg0));
        Assert.Equal(2, import.Single(TraceEventKind.Munmap).Mm);
    }

    /// <summary>A clone that fails has no child: who waited for it was there before, and its lines are read.</summary>
    [Fact]
    public void WhatWaitedForNothingIsRead()
    {
        Import import = Import.Strace($"""
            {Exec}100 clone( <unfinished ...>
            101 munmap(0x5000, 4096) = 0
            100 <... clone resumed>child_stack=NULL, flags=SIGCHLD) = -1 EAGAIN (Resource temporarily unavailable)
            101 munmap(0x6000, 4096) = 0
            """);
        Assert.Equal([0x5000UL, 0x6000UL], import.Of(TraceEventKind.Munmap).Select(e => e.Arg0));
        Assert.Equal((1L, UnknownTasks.Processes), (import.Summary.TasksOfUnknownOrigin, import.Summary.TakenFor));
    }

    /// <summary>Five threads of a server, four of which make memory calls.</summary>
    [Theory]
    [InlineData(UnknownTasks.Detect, UnknownTasks.Threads, 1)]
    [InlineData(UnknownTasks.Threads, UnknownTasks.Threads, 1)]
    [InlineData(UnknownTasks.Processes, UnknownTasks.Processes, 4)]
    public void OfAnAttach(UnknownTasks asked, UnknownTasks taken, int spaces)
    {
        Import import = Import.Strace(Import.Fixture("strace-attach-threads.txt"), asked);
        Assert.Equal(taken, import.Summary.TakenFor);
        Assert.Equal(4, import.Summary.TasksOfUnknownOrigin);
        Assert.Equal(spaces, import.Events.Where(e => e.Mm > 0).Select(e => e.Mm).Distinct().Count());
    }

    /// <summary>An attach to a server that goes on making threads: those who were there are not their children.</summary>
    [Fact]
    public void ThreadsThatWereThereAreNoChildren()
    {
        Import import = Import.Strace($"""
            10 <... futex resumed>) = 0
            10 clone3({"{"}flags={Thread}{"}"} <unfinished ...>
            12 munmap(0x5000, 4096) = 0
            13 <... epoll_wait resumed>) = 1
            13 munmap(0x6000, 4096) = 0
            14 munmap(0x7000, 4096) = 0
            10 <... clone3 resumed>, 88) = 14
            12 fork() = 15
            15 munmap(0x8000, 4096) = 0
            """);
        Assert.Equal([13, 14, 12, 15], import.Of(TraceEventKind.Munmap).Select(e => e.Task));
        Assert.Equal([1, 1, 1, 2], import.Of(TraceEventKind.Munmap).Select(e => e.Mm));
        Assert.Equal([14, 15], import.Of(TraceEventKind.TaskStart).Select(e => (int)e.Arg0));
    }

    /// <summary>Threads come and go; the process stays until exit_group or a signal ends it.</summary>
    [Theory]
    [InlineData("11 exit_group(0) = ?\n11 +++ exited with 0 +++", 1)]
    [InlineData("11 +++ killed by SIGKILL +++", 1)]
    [InlineData("11 +++ exited with 0 +++\n12 munmap(0x6000, 4096) = 0", 0)]
    public void TheProcessEndsAsAWhole(string end, int ended)
    {
        Import import = Import.Strace($"10 munmap(0x5000, 4096) = 0\n10 +++ exited with 0 +++\n11 munmap(0x5000, 4096) = 0\n{end}");
        Assert.Equal(ended, import.Count(TraceEventKind.MmExit));
        Assert.All(import.Of(TraceEventKind.Munmap), e => Assert.Equal(1, e.Mm));
    }

    /// <summary>A loader's first call is that of a program: what is unknown then are its children.</summary>
    [Fact]
    public void WithoutProcessCallsAProgramIsToldFromItsLoader()
    {
        Import import = Import.Strace("10 brk(NULL) = 0x1000\n11 munmap(0x5000, 4096) = 0\n");
        Assert.Equal(UnknownTasks.Processes, import.Summary.TakenFor);
        Assert.Equal(2, import.Single(TraceEventKind.Munmap).Mm);
    }

    /// <summary>perf without task_newtask: what a record, the process column or the call under way say.</summary>
    [Theory]
    [InlineData("t 10/10 [0] 1.000002: PERF_RECORD_FORK(10:11):(10:10)", "", 1)]
    [InlineData("t 10/10 [0] 1.000002: PERF_RECORD_FORK(11:11):(10:10)", "clone: clone_flags: 0x11, x: 0x0", 2)]
    [InlineData("t 10/10 [0] 1.000002: sched:sched_process_fork: comm=t pid=10 child_comm=t child_pid=11", "fork: ", 2)]
    [InlineData("", "clone: clone_flags: 0x3d0f00, newsp: 0x00000000", 1)]
    [InlineData("", "clone: clone_flags: 0x01200011, newsp: 0x00000000", 2)]
    [InlineData("", "vfork: ", 1)]
    [InlineData("", "fork: ", 2)]
    [InlineData("", "clone3: uargs: 0x7ffd82c6eac0, size: 0x00000058", 1)]
    public void OfPerf(string record, string call, int mm)
    {
        string name = call.Length == 0 ? "" : call[..call.IndexOf(':')];
        string enter = call.Length == 0 ? "" : $"t 10 [0] 1.000001: syscalls:sys_enter_{call}";
        string leave = call.Length == 0 ? "" : $"t 10 [0] 1.000003: syscalls:sys_exit_{name}: 0xb";
        string[] child =
        [
            "t 11 [1] 1.000003: syscalls:sys_enter_munmap: addr: 0x00005000, len: 0x00001000",
            "t 11 [1] 1.000003: syscalls:sys_exit_munmap: 0x0",
        ];
        for (int at = 0; at <= child.Length; at++)
        {
            Import import = Import.Perf(string.Join('\n', (string[])
            [
                "t 10 [0] 1.000000: syscalls:sys_enter_brk: brk: 0x0", "t 10 [0] 1.000000: syscalls:sys_exit_brk: 0x1000",
                enter, record, .. child[..at], leave, .. child[at..],
            ]));
            Assert.Equal((mm, 11), (import.Single(TraceEventKind.Munmap).Mm, import.Single(TraceEventKind.Munmap).Task));
            Assert.Equal(0, import.Summary.TasksOfUnknownOrigin);
        }
    }

    /// <summary>Of which process a task is says a column; else that perf was attached to one.</summary>
    [Theory]
    [InlineData("", "9/10", "9/11", 1)]
    [InlineData("", "10/10", "11/11", 2)]
    [InlineData("", "10", "11", 2)]
    [InlineData("# cmdline : /usr/bin/perf record -p 9 \n", "10", "11", 1)]
    [InlineData("t 10 [0] 1.000000: PERF_RECORD_COMM: t:9/10\nt 11 [0] 1.000000: PERF_RECORD_COMM: t:9/11\n", "10", "11", 1)]
    public void TheProcessOfATaskOfPerf(string head, string first, string second, int spaces)
    {
        string text = head + string.Join('\n', ((string[])[first, second]).SelectMany(task => (string[])
        [
            $"t {task} [0] 1.000001: syscalls:sys_enter_munmap: addr: 0x00005000, len: 0x00001000",
            $"t {task} [0] 1.000002: syscalls:sys_exit_munmap: 0x0",
        ]));
        Assert.Equal(spaces, Import.Perf(text).Events.Select(e => e.Mm).Distinct().Count());
    }

    private const string Wanted = "lines of strace -f -o FILE -ttt -T -y, such as";

    /// <summary>What is missing is said: the tool's lines, or memory calls in them.</summary>
    [Theory]
    [InlineData("", $"the text is empty; expected {Wanted}")]
    [InlineData("\n\n", $"line 1: expected {Wanted}")]
    [InlineData("hello\n", $"line 1: expected {Wanted}")]
    [InlineData("7 getpid() = 7\n", "no memory calls in 1 line of strace")]
    [InlineData("7 getpid() = 7\nhello\n", "no memory calls in 2 lines of strace; 1 not understood, the first is line 2")]
    [InlineData("7 munmap(0x2000, 4096) = ?\n", "no usable memory calls in 1 line of strace; 1 without a result")]
    public void NothingToImport(string text, string message)
    {
        ImportException e = Assert.Throws<ImportException>(() => Import.Strace(text));
        Assert.StartsWith($"nothing to import: {message}", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void ThousandsOfLinesWithoutAMemoryCall() => Assert.Equal(
        "nothing to import: no memory calls in 1,581 lines of strace",
        Assert.Throws<ImportException>(() => Import.Strace(
            string.Concat(Enumerable.Repeat("7 read(3, \"\", 1) = 0\n", 1581)))).Message);

    [Theory]
    [InlineData("", "the text is empty; expected lines of perf script")]
    [InlineData("# comment\nnothing\n", "line 2: expected lines of perf script")]
    [InlineData(
        "t 12 [000] 1.000001: sched:sched_switch: x\n",
        "no memory calls, page faults, forks or execs in 1 line of perf script")]
    public void NothingToImportOfPerf(string text, string message) => Assert.StartsWith(
        $"nothing to import: {message}",
        Assert.Throws<ImportException>(() => Import.Perf(text)).Message,
        StringComparison.Ordinal);
}
