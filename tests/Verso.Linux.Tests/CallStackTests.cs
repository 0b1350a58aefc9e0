using Verso.Engine;
using Verso.Linux.Recording;
using Verso.Linux.Stacks;
using Verso.Traces;

namespace Verso.Linux.Tests;

// Programs are compiled without frame pointers, as those of distributions are.
public sealed class CallStackTests
{
    [Fact]
    public void ACallNamesTheFunctionsItComesFrom()
    {
        var recorded = Record("guard", "3");
        var stacks = StacksOf(recorded, TraceEventKind.Mprotect)
            .Where(stack => stack.Contains("guard_buffer")).ToList();
        Assert.Equal(3, stacks.Count);
        Assert.All(stacks, stack => Assert.Equal(["guard_buffer", "guard_buffers", "main"], Own(stack)));
        Assert.Contains(StacksOf(recorded, TraceEventKind.Mmap), stack => Own(stack) is ["guard_buffers", ..]);
        Assert.Equal(0, recorded.Outcome.StacksUnknown);
    }

    [Fact]
    public void EachFrameIsToldOnceAndBeforeItIsUsed()
    {
        var recorded = Record("guard", "2000", "fork");
        HashSet<ulong> frames = [0];
        foreach (var e in recorded.Events)
        {
            switch (e.Kind)
            {
                case TraceEventKind.StackFrame:
                    Assert.Contains(e.Arg1, frames);
                    Assert.True(frames.Add(e.Arg0));
                    break;
                case TraceEventKind.FrameName or TraceEventKind.CalledFrom:
                    Assert.Contains(e.Arg0, frames);
                    break;
                default:
                    break;
            }
        }

        // One way to each call, however often it was gone.
        Assert.InRange(frames.Count, 10, 200);
    }

    [Fact]
    public void EveryCallSaysWhereItComesFrom()
    {
        var recorded = Record("guard", "20", "fork");
        HashSet<int> told = [];
        foreach (var e in recorded.Events)
        {
            if (e.Kind == TraceEventKind.CalledFrom)
            {
                Assert.NotEqual(0UL, e.Arg0);
                told.Add(e.Task);
            }
            else if (e.IsCall)
            {
                Assert.True(told.Remove(e.Task), $"{e.Kind} of task {e.Task} does not say where it comes from");
            }
        }
    }

    [Fact]
    public void AChildOfForkIsUnwoundToo()
    {
        var recorded = Record("fork");
        var child = (int)Assert.Single(recorded.Of(TraceEventKind.Fork)).Arg0;
        Assert.Contains(
            StacksOf(recorded, TraceEventKind.Mprotect, child),
            stack => Own(stack) is ["guard_buffer", "guard_buffers", "main"]);
    }

    [Fact]
    public void CodeThatAProgramMadeIsNamedByItsMap()
    {
        var recorded = Record("made", "Pool::MakeBuffer");
        File.Delete(recorded.Output.Trim());
        Assert.Contains(
            StacksOf(recorded, TraceEventKind.Mprotect),
            stack => Own(stack) is ["guard_buffer", "Pool::MakeBuffer", "run_made_code", "main"]);
    }

    [Fact]
    public void WhereStacksFindNoRoomCallsAreRecordedAllTheSame()
    {
        var recorded = RecordedProgram.Record(new RecorderOptions
        {
            Command = [RecordedProgram.Compile("callers"), "guard", "2000"],
            Stacks = StackRecording.On,
            StackRingBytes = 16384,
        });
        Assert.Equal(0, recorded.Outcome.Counts.Lost);
        Assert.InRange(recorded.Outcome.StacksUnknown, 1, long.MaxValue);
        Assert.Equal(
            recorded.Outcome.StacksUnknown, recorded.Of(TraceEventKind.CalledFrom).Count(e => e.Arg0 == 0));
        Assert.InRange(recorded.Of(TraceEventKind.Mprotect).Count(), 2000, 2100);
    }

    [Fact]
    public void WithoutStacksNothingIsSaidOfThem()
    {
        var recorded = RecordedProgram.Record(RecordedProgram.Compile("callers"), "guard", "3");
        Assert.DoesNotContain(recorded.Events, e => e.Kind >= TraceEventKind.StackFrame);
    }

    [Theory]
    [InlineData("_ZN4Pool10MakeBufferEi", "Pool::MakeBuffer")]
    [InlineData("_ZN12_GLOBAL__N_14growEPv", "(anonymous namespace)::grow")]
    [InlineData("_ZN4PoolclEi", "Pool::operator()")]
    [InlineData("main", "main")]
    [InlineData("_Znonsense", "_Znonsense")]
    public void NamesOfCppAreInWords(string mangled, string expected) => Assert.Equal(expected, Demangling.Of(mangled));

    [Theory]
    [InlineData(0x1000, "a b")]
    [InlineData(0x100f, "a b")]
    [InlineData(0x1010, null)]
    [InlineData(0x2001, "later")]
    [InlineData(0x500, null)]
    [InlineData(ulong.MaxValue, null)]
    public void AMapNamesAddresses(ulong address, string? expected)
    {
        var map = PerfMap.Parse(["1000 10 a b", "", "zz 10 none", "2000 8 earlier", "0x2000 0x8 later", "3000"]);
        Assert.Equal(expected, map.Find(address));
    }

    [Fact]
    public void CodeIsWhereItWasMappedLast()
    {
        FileIdentity program = Identity("/bin/one", 1);
        FileIdentity library = Identity("/lib/two", 2);
        CodeMap map = new();
        map.Add(0x400000, 0x401000, program, 0, isExecutable: false);
        map.Add(0x401000, 0x409000, program, 0x1000, isExecutable: true);
        map.Add(0x403000, 0x405000, library, 0x3000, isExecutable: true);
        Assert.Equal((0x401000UL, 0x403000UL, 0x400000UL), Range(map.Find(0x402fff)));
        Assert.Equal((0x403000UL, 0x405000UL, 0x400000UL), Range(map.Find(0x403000)));
        Assert.Equal(library, map.Find(0x404fff)?.File);
        Assert.Equal((0x405000UL, 0x409000UL, 0x400000UL), Range(map.Find(0x405000)));
        Assert.Null(map.Find(0x409000));
        Assert.Null(map.Find(0x400fff));
        var copy = map.Copy();
        copy.Add(0x401000, 0x409000, library, 0, isExecutable: true);
        Assert.Equal(program, map.Find(0x401000)?.File);
        Assert.Equal(3, map.Mappings.Count);
        Assert.Single(copy.Mappings);
    }

    private static FileIdentity Identity(string path, ulong inode) => new(new((int)inode), FileKind.Regular, 1, inode, 0, path);

    private static (ulong Start, ulong End, ulong Base) Range(CodeMapping? found) =>
        (found!.Value.Start, found.Value.End, found.Value.Base);

    private static RecordedProgram Record(params string[] words) => RecordedProgram.Record(new RecorderOptions
    {
        Command = [RecordedProgram.Compile("callers"), .. words],
        Stacks = StackRecording.On,
    });

    /// <summary>The functions of the program's own.</summary>
    private static IReadOnlyList<string> Own(IReadOnlyList<string> stack) =>
        [.. stack.SkipWhile(name => name is "mprotect" or "__mprotect" or "mmap" or "__mmap" or "mmap64")
            .TakeWhile(name => !name.StartsWith("__libc_start", StringComparison.Ordinal))];

    /// <summary>The functions that successful calls of a kind come from, the innermost first.</summary>
    private static IEnumerable<IReadOnlyList<string>> StacksOf(RecordedProgram recorded, TraceEventKind kind, int? mm = null)
    {
        Dictionary<ulong, TraceEvent> frames = recorded.Of(TraceEventKind.StackFrame).ToDictionary(e => e.Arg0);
        Dictionary<(ulong, ulong), string> names = recorded.Of(TraceEventKind.FrameName)
            .ToDictionary(e => (frames[e.Arg0].Arg2, frames[e.Arg0].Arg3), e => ((string)e.Payload!).Split(" (")[0]);
        Dictionary<int, ulong> from = [];
        foreach (var e in recorded.Events)
        {
            if (e.Kind == TraceEventKind.CalledFrom)
            {
                from[e.Task] = e.Arg0;
            }
            else if (e.Kind == kind && e.Mm == (mm ?? e.Mm))
            {
                List<string> stack = [];
                for (var frame = from[e.Task]; frame != 0; frame = frames[frame].Arg1)
                {
                    stack.Add(names.GetValueOrDefault((frames[frame].Arg2, frames[frame].Arg3), "?"));
                }

                yield return stack;
            }
        }
    }
}
