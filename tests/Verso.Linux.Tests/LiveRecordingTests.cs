using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Linux.Tests;

// These record real programs, which takes root and a kernel with BTF; elsewhere they are skipped with the reason.
public sealed class LiveRecordingTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(300)]
    [InlineData(4000)]
    public void LastCheckpointIsWhatProcMapsSaid(int holes)
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("maps"), $"{holes}");
        AssertClean(recorded);
        var files = recorded.Of(TraceEventKind.FileDefined).Select(e => (FileIdentity)e.Payload!)
            .ToDictionary(file => file.File);
        var (_, image) = recorded.Images().Last(i => IsCheckpoint(i.Event, CheckpointReason.ProcessExit));
        var expected = recorded.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.EndsWith("[vsyscall]", StringComparison.Ordinal))
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(5)));
        var actual = image.Vmas.Select(vma => Line(vma, files.GetValueOrDefault(vma.File)));
        if (!IsOverlaid)
        {
            Assert.Equal(expected, actual);
            return;
        }

        Assert.Equal(expected.Select(WithoutFile), actual.Select(WithoutFile));
        Assert.Skip("all but devices and inodes was compared, and agreed; overlayfs shows those of its own files, and "
            + "VMAs have those of the files below");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(12)]
    public void ChainsGrowByOneAGeneration(int depth)
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("generations"), $"{depth}");
        AssertClean(recorded);
        Assert.Equal(7, recorded.Outcome.ExitStatus);
        Assert.Equal(depth, recorded.Of(TraceEventKind.Fork).Count());
        var page = ParseHex(recorded.Output);
        var chains = recorded.Images()
            .Where(i => IsCheckpoint(i.Event, CheckpointReason.ProcessExit))
            .Select(i => i.Image.Vmas.Single(vma => vma.Start == page).Chain.Count);

        // The last generation ends first; its chain holds its own anon_vma and every ancestor's.
        Assert.Equal(Enumerable.Range(1, depth + 1).Reverse(), chains);
        var (_, leaf) = recorded.Images().First(i => IsCheckpoint(i.Event, CheckpointReason.ProcessExit));
        var chain = leaf.Vmas.Single(vma => vma.Start == page).Chain;
        var nodes = leaf.AnonVmas.ToDictionary(node => node.Id);
        for (var i = 0; i + 1 < chain.Count; i++)
        {
            Assert.Equal(chain[i + 1], nodes[chain[i]].Parent);
            Assert.Equal(1, nodes[chain[i]].ActiveVmaCount);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void ThreadsShareOneAddressSpaceAndEveryCallHasItsResult(int threads)
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("threads"), $"{threads}", "200");
        AssertClean(recorded);
        Assert.Equal(threads, recorded.Of(TraceEventKind.TaskStart).Count());
        var mm = recorded.Of(TraceEventKind.Exec).Last().Mm;
        Assert.All(recorded.Of(TraceEventKind.TaskStart), start => Assert.Equal(mm, start.Mm));
        Assert.Equal(threads * 200, recorded.Of(TraceEventKind.Munmap).Count(e => e.Arg1 == 16384 && e.Result == 0));
        Assert.Equal(threads * 100, recorded.Of(TraceEventKind.Madvise)
            .Count(e => e.Arg2 == (ulong)Advice.DontNeed && e.Arg1 == 16384));

        // Lock order: no two mappings that are alive at once overlap, whoever made them.
        var alive = new SortedSet<ulong>();
        foreach (var e in recorded.Events.Where(e => e.Arg1 == 16384))
        {
            var ok = e.Kind switch
            {
                TraceEventKind.Mmap => alive.Add((ulong)e.Result),
                TraceEventKind.Munmap => alive.Remove(e.Arg0),
                _ => true,
            };
            Assert.True(ok, $"{e.Kind} {e.Arg0:x} = {e.Result:x} is out of order");
        }
    }

    [Fact]
    public void RacesOfPreparationsEndAsTheKernelEndedThem()
    {
        const int Pairs = 3000;
        var recorded = RecordedProgram.Record(new RecorderOptions
        {
            Command = [RecordedProgram.Compile("neighbours"), $"{Pairs}"],
            CheckpointMaxVmas = 60_000,
        });
        AssertClean(recorded);
        var area = ParseHex(recorded.Output);
        var (_, image) = recorded.Images().Last(i => IsCheckpoint(i.Event, CheckpointReason.ProcessExit));
        var made = image.Vmas.ToDictionary(vma => vma.Start, vma => vma.AnonVma);
        var prepared = recorded.Of(TraceEventKind.Fault)
            .Where(e => e.Arg2 != (ulong)PrepareOutcome.Derive && made.ContainsKey(Page.AlignDown(e.Arg0)))
            .Select((e, place) => (Start: Page.AlignDown(e.Arg0), Outcome: (PrepareOutcome)e.Arg2, Place: place))
            .ToDictionary(fault => fault.Start);
        var shared = 0;
        for (var left = area; left < area + (Pairs * 3 * Page.Size); left += 3 * Page.Size)
        {
            var (first, second) = (prepared[left], prepared[left + Page.Size]);
            var outcomes = first.Place < second.Place
                ? (first.Outcome, second.Outcome)
                : (second.Outcome, first.Outcome);
            var together = made[left] == made[left + Page.Size];
            shared += together ? 1 : 0;
            Assert.Equal(
                (PrepareOutcome.Allocated, together ? PrepareOutcome.Reused : PrepareOutcome.Allocated), outcomes);
        }

        Assert.InRange(shared, 1, Pairs);
    }

    [Fact]
    public void PopulationThatNoFaultShowsIsSeen()
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("population"));
        AssertClean(recorded);
        foreach (var line in recorded.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ');
            var page = ParseHex(words[1]);
            var prepared = recorded.Of(TraceEventKind.Prepare).Count(e => e.Arg0 == page);
            var populated = recorded.Of(TraceEventKind.Populate).Count(e => e.Arg0 == page);
            var faults = recorded.Of(TraceEventKind.Fault).Where(e => Page.AlignDown(e.Arg0) == page).ToList();
            Assert.Equal(words[0] is "populate" or "mlock" or "advise" ? 1 : 0, populated);
            if (words[0] == "fault")
            {
                var fault = Assert.Single(faults);
                Assert.Equal((ulong)PrepareOutcome.Allocated, fault.Arg2);
                Assert.Equal((ulong)TraceAccess.Write, fault.Arg1);
                Assert.Equal(0, prepared);
            }
            else
            {
                Assert.Equal((words[0], 0), (words[0], faults.Count));
                Assert.True(prepared == 1 || words[0] == "populate", line);
            }
        }
    }

    [Fact]
    public void StackGrowsByFaultsThatStandWhereTheyTookEffect()
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("stack"));
        AssertClean(recorded);
        var bounds = recorded.Output.Trim().Split(' ').Select(ParseHex).ToArray();
        var faults = recorded.Of(TraceEventKind.Fault)
            .Count(e => e.Arg0 >= Page.AlignDown(bounds[0]) && e.Arg0 < bounds[1]);
        Assert.InRange(faults, 490, 510);
        Assert.True(recorded.Outcome.Counts.MovedFaults > 400);
        Assert.Empty(recorded.Of(TraceEventKind.StackGrow));
        var (_, image) = recorded.Images().Last(i => IsCheckpoint(i.Event, CheckpointReason.ProcessExit));
        Assert.Contains(image.Vmas, vma => vma.Start <= bounds[0] && (vma.Flags & VmaFlags.GrowsDown) != 0);
    }

    [Fact]
    public void WithoutFaultsAStackThatGrowsIsAnEvent()
    {
        var recorded = RecordedProgram.Record(new RecorderOptions
        {
            Command = [RecordedProgram.Compile("stack")],
            Faults = FaultRecording.Off,
        });
        AssertClean(recorded);
        var deepest = ParseHex(recorded.Output.Split(' ')[0]);
        var grown = recorded.Of(TraceEventKind.StackGrow).Select(e => e.Arg0).ToList();
        Assert.InRange(grown.Count, 400, 510);
        Assert.Equal(grown.OrderDescending(), grown);
        Assert.InRange(deepest, grown[^1], grown[^1] + (2 * Page.Size));
    }

    [Fact]
    public void EveryCallIsRecordedWithItsArguments()
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("calls"));
        AssertClean(recorded);
        const ulong P = 0x10000000;
        AssertCall(recorded, TraceEventKind.Mmap, (long)P, P, 16 * 4096, 3, 0x32, 0, 0);
        AssertCall(recorded, TraceEventKind.Munmap, 0, P + (15 * 4096), 4096);
        AssertCall(recorded, TraceEventKind.Munmap, -22, P + 1, 4096);
        AssertCall(recorded, TraceEventKind.Mprotect, 0, P + (14 * 4096), 4096, 1, ulong.MaxValue);
        AssertCall(recorded, TraceEventKind.Mprotect, 0, P + (13 * 4096), 4096, 1, ulong.MaxValue);
        AssertCall(recorded, TraceEventKind.Mremap, 0x20000000, P + (12 * 4096), 4096, 4096, 3, 0x20000000);
        AssertCall(recorded, TraceEventKind.Madvise, 0, P, 4096, (ulong)Advice.DontNeed);
        AssertCall(recorded, TraceEventKind.Madvise, 0, P, 4096, (ulong)Advice.DontFork);
        AssertCall(recorded, TraceEventKind.Madvise, 0, P, 4096, (ulong)Advice.Cold);
        AssertCall(recorded, TraceEventKind.Madvise, 0, P + 8192, 8192, (ulong)Advice.Cold);
        AssertCall(recorded, TraceEventKind.Mlock, 0, P, 4096);
        AssertCall(recorded, TraceEventKind.Mlock, 0, P + 4096, 4096, 1);
        AssertCall(recorded, TraceEventKind.Munlock, 0, P, 8192);
        AssertCall(recorded, TraceEventKind.Mlockall, 0, 6);
        AssertCall(recorded, TraceEventKind.Munlockall, 0);
        AssertCall(recorded, TraceEventKind.Prctl, 0, 41, 1);
        var key = Assert.Single(recorded.Of(TraceEventKind.PkeyAlloc));
        int told = (int)Math.Max(key.Result, -1); // libc, where there are no keys
        Assert.Single(recorded.Of(TraceEventKind.PkeyFree), e => (int)e.Arg0 == told);
        Assert.Single(recorded.Of(TraceEventKind.Mbind), e => e.Arg0 == P && e.Arg2 == 1 && e.Arg3 == 1);
        Assert.Single(recorded.Of(TraceEventKind.Mseal), e => e.Arg0 == 0x20000000);
        var attach = Assert.Single(recorded.Of(TraceEventKind.Shmat));
        Assert.Equal(3UL * 4096, attach.Arg3);
        Assert.Single(recorded.Of(TraceEventKind.Shmdt), e => e.Arg0 == (ulong)attach.Result && e.Result == 0);
        var truncated = Assert.Single(recorded.Of(TraceEventKind.Truncate));
        Assert.Equal(4096UL, truncated.Arg1);
        var mapped = recorded.Of(TraceEventKind.Mmap).Single(e => e.Arg4 == truncated.Arg0);
        Assert.Equal(8192UL, mapped.Arg1);
        var kinds = recorded.Of(TraceEventKind.FileDefined).Select(e => (FileIdentity)e.Payload!)
            .ToDictionary(file => (ulong)file.File.Value);
        Assert.Equal(FileKind.SharedMemory, kinds[attach.Arg4].Kind);
        Assert.Equal("/memfd:sized", kinds[mapped.Arg4].Path);
    }

    [Fact]
    public void WholeTreeIsRecordedAndNothingElse()
    {
        using var other = System.Diagnostics.Process.Start("/bin/sh", ["-c", "while :; do /bin/true; done"]);
        var recorded = RecordedProgram.Record(
            "/bin/bash",
            "-c",
            "for i in 1 2 3; do seq 100 | sort -n | tail -1; done; (sleep 0.05; (exit 4)) & wait $!");
        other.Kill();
        other.WaitForExit();
        AssertClean(recorded);
        Assert.Equal(4, recorded.Outcome.ExitStatus);
        Assert.Equal("100\n100\n100\n", recorded.Output);
        var executed = recorded.Of(TraceEventKind.Exec).Count();
        Assert.Equal(1 + 1 + 9 + 1, executed);
        Assert.Equal(
            recorded.Of(TraceEventKind.TaskStart).Count() + 1, recorded.Of(TraceEventKind.TaskExit).Count());
        Assert.Equal(
            recorded.Of(TraceEventKind.Fork).Count() + executed, recorded.Of(TraceEventKind.MmExit).Count());
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    public void ExitStatusIsTheCommands(string script, int status)
    {
        var recorded = RecordedProgram.Record("/bin/sh", "-c", script);
        Assert.Equal(status, recorded.Outcome.ExitStatus);
        Assert.Equal(RecordingEnding.Finished, recorded.Outcome.Ending);
    }

    /// <summary>Its stop was once taken for its end, and then its end waited for.</summary>
    [Fact]
    public void ACommandThatWaitsForItsTracerGoesOn() =>
        Assert.Equal(7, RecordedProgram.Record(RecordedProgram.Compile("traceme")).Outcome.ExitStatus);

    [Fact]
    public void WithoutFaultsThereAreNoneAndPreparationsRemain()
    {
        var recorded = RecordedProgram.Record(new RecorderOptions
        {
            Command = [RecordedProgram.Compile("population")],
            Faults = FaultRecording.Off,
        });
        AssertClean(recorded);
        Assert.Empty(recorded.Of(TraceEventKind.Fault));
        Assert.True(recorded.Of(TraceEventKind.Prepare).Count() >= 6);
    }

    [Fact]
    public void LossesAreDeclared()
    {
        var sink = new LossSink();
        var options = new RecorderOptions
        {
            Command = [RecordedProgram.Compile("threads"), "8", "4000"],
            RingBytes = 4096,
        };
        var (_, outcome) = RecordedProgram.Record(options, sink);
        Assert.Equal(0, outcome.ExitStatus);
        Assert.True(outcome.Counts.Lost > 0);
        Assert.Equal(outcome.Counts.Lost, sink.Lost);
    }

    [Fact]
    public void TheProgramOutlivesATraceThatCannotBeWritten()
    {
        var options = new RecorderOptions { Command = ["/bin/sh", "-c", "seq 2000 | sort | tail -1; exit 5"] };
        var (output, outcome) = RecordedProgram.Record(options, new FullSink());
        Assert.Equal("999\n", output);
        Assert.Equal((RecordingEnding.Failed, 5), (outcome.Ending, outcome.ExitStatus));
        Assert.Equal("full", outcome.Problem!.Message);
    }

    private sealed class LossSink : ITraceSink
    {
        internal long Lost { get; private set; }

        public void Write(in TraceEvent e) => Lost += e.Kind == TraceEventKind.Lost ? (long)e.Arg0 : 0;
    }

    private sealed class FullSink : ITraceSink
    {
        private int _room = 50;

        public void Write(in TraceEvent e)
        {
            if (_room-- == 0)
            {
                throw new IOException("full");
            }
        }
    }

    private static void AssertClean(RecordedProgram recorded)
    {
        var counts = recorded.Outcome.Counts;
        Assert.Equal(0, counts.Lost);
        Assert.Equal(0, counts.BrokenDumps);
        Assert.Equal(0, counts.AbandonedCalls);
        Assert.Empty(counts.NotFollowed.Rows);
        Assert.Equal(0, counts.UnknownRecords);
        Assert.Equal(counts.Events, recorded.Events.Count);
    }

    private static void AssertCall(
        RecordedProgram recorded, TraceEventKind kind, long result, params ulong[] arguments) =>
        Assert.Single(recorded.Of(kind), e =>
        {
            ulong[] actual = [e.Arg0, e.Arg1, e.Arg2, e.Arg3, e.Arg4, e.Arg5];
            return e.Result == result && actual.Zip(arguments).All(pair => pair.First == pair.Second)
                && actual.Skip(arguments.Length).All(rest => rest == 0);
        });

    private static ulong ParseHex(string text) =>
        ulong.Parse(text.Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static bool IsCheckpoint(in TraceEvent e, CheckpointReason reason) =>
        e.Kind == TraceEventKind.Checkpoint && e.Arg0 == (ulong)reason;

    private static bool IsOverlaid =>
        new[] { "/", Path.GetTempPath() }.Any(path => FormatOf(path) is null or "overlay" or "overlayfs");

    /// <summary>Null where it cannot be told: in a chroot whose mounts have other names.</summary>
    private static string? FormatOf(string path)
    {
        try
        {
            return new DriveInfo(path).DriveFormat;
        }
        catch (DriveNotFoundException)
        {
            return null;
        }
    }

    private static string WithoutFile(string line) => string.Join(' ', line.Split(' ')[..3]);

    // As /proc/PID/maps has it: range, permissions, offset, device, inode.
    private static string Line(VmaImage vma, FileIdentity? file)
    {
        var flags = vma.Flags;
        var permissions = string.Concat(
            (flags & VmaFlags.Read) != 0 ? 'r' : '-',
            (flags & VmaFlags.Write) != 0 ? 'w' : '-',
            (flags & VmaFlags.Exec) != 0 ? 'x' : '-',
            (flags & VmaFlags.MayShare) != 0 ? 's' : 'p');
        var offset = file is null ? 0 : vma.Pgoff << 12;
        var device = file?.Device ?? 0;
        return $"{vma.Start:x8}-{vma.End:x8} {permissions} {offset:x8} "
            + $"{device >> 20:x2}:{device & 0xfffff:x2} {file?.Inode ?? 0}";
    }
}
