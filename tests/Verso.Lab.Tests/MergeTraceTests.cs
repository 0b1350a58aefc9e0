using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Comparison;
using Verso.Lab.Merging;
using Verso.Lab.Replay;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>
/// A page written at A, another at B; B is moved beside A. Linux refuses for anon_vma and page offset; whether it could
/// be repaired depends on who else maps the page.
/// </summary>
public sealed class MergeTraceTests
{
    private const ulong A = 0x10000000;
    private const ulong B = 0x10008000;
    private const ulong Length = 0x1000;
    private const MergeTests BothTests = MergeTests.AnonVma | MergeTests.PageOffset;

    [Fact]
    public void WhatNobodySharesIsRepaired()
    {
        (MergeTrace trace, MergeSummary summary) = Run(Map(A), Write(A), Map(B), Write(B), Move());
        MergeAttempt attempt = Assert.Single(trace.Attempts);
        Assert.Equal((5, TraceEventKind.Mremap, 1), (attempt.EventNumber, attempt.Kind, attempt.Mm));
        Assert.Equal((A + Length, A + (2 * Length)), (attempt.Trial.Start, attempt.Trial.End));
        Assert.Equal((MergeSide.Lower, MergedMemory.Anonymous), (attempt.Trial.Side, attempt.Trial.Memory));
        Assert.Equal(BothTests, attempt.Trial.Verdict.Failed);
        Assert.Equal(MergeTests.AnonVma, Assert.Single(summary.RefusedByFirst).Key);
        Assert.Equal(1, summary.Only(BothTests, MergeRepair.Passed));
    }

    [Fact]
    public void WhatAChildSharesIsNot()
    {
        (_, MergeSummary summary) = Run(Map(A), Write(A), Map(B), Write(B), Fork(), Move());
        Assert.Equal((1L, 1L), (summary.Attempts, summary.Refused));
        Assert.Equal(1, summary.Only(BothTests, MergeRepair.SharedPages));
        Assert.Equal(1, summary.RepairableThat(MergeRepair.SharedPages));
    }

    /// <summary>Where the two are one VMA already, mprotect of both has no boundary to test.</summary>
    [Fact]
    public void ABoundaryThatWentIsNotTriedAgain()
    {
        TraceEvent readOnly = new() { Kind = TraceEventKind.Mprotect, Mm = 1, Arg0 = A, Arg1 = 2 * Length, Arg2 = 1 };
        readOnly.Arg3 = ulong.MaxValue;
        (_, MergeSummary summary) = Run(Map(A), Write(A), Map(B), Write(B), Move(), readOnly);
        Assert.Equal(1, summary.Only(BothTests, MergeRepair.Passed));
        Assert.Equal(1, summary.Only(BothTests, MergeRepair.NotTried));
    }

    /// <summary>Where a fresh range closes a gap, each side is tried, and then both with each other.</summary>
    [Fact]
    public void AFilledGapIsThreeAttempts()
    {
        (MergeTrace trace, MergeSummary summary) = Run(
            Map(A), Write(A), Map(A + (2 * Length)), Write(A + (2 * Length)), Map(A + Length));
        Assert.Equal(
            [MergeSide.Lower, MergeSide.Upper, MergeSide.Bridge], trace.Attempts.Select(attempt => attempt.Trial.Side));
        Assert.Equal((2L, 1L), (summary.Passed, summary.Refused));
        Assert.Equal(1, summary.Only(MergeTests.AnonVma, MergeRepair.Passed));
    }

    /// <summary>
    /// 60,000 mappings of shared anonymous memory, each right below the one before: __mmap_region asks
    /// vma_merge_new_range for every one, and all but the first touch another. What a replay counts and what is traced
    /// of it agree.
    /// </summary>
    [Fact]
    public void SharedMappingsAreTriedAsTheKernelTriesThem()
    {
        const int Many = 60_000;
        (MergeTrace trace, MergeSummary summary, ReplayResult result) = RunWhole(
            [.. Enumerable.Range(1, Many).Select(at => Map(B - ((ulong)at * Length) + ((ulong)Many * Length)) with
            {
                Arg3 = (ulong)(MapFlags.Shared | MapFlags.Anonymous | MapFlags.Fixed),
            })]);
        Assert.Equal((Many - 1L, Many - 1L), (summary.Attempts, summary.Refused));
        Assert.Equal(MergeTests.File, Assert.Single(summary.RefusedByFirst).Key);
        Assert.Equal(summary.RefusedByFirst.ToDictionary(), result.Work.MergesRefused);
        Assert.All(trace.Attempts, attempt => Assert.Equal(MergeSide.Upper, attempt.Trial.Side));
        Assert.Equal(Many, result.VmasPeak);
    }

    private static (MergeTrace Trace, MergeSummary Summary) Run(params TraceEvent[] events)
    {
        (MergeTrace trace, MergeSummary summary, _) = RunWhole(events);
        return (trace, summary);
    }

    private static (MergeTrace Trace, MergeSummary Summary, ReplayResult Result) RunWhole(TraceEvent[] events)
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.Create(path))
            using (TraceWriter writer = new(file, new TraceHeader { Source = "test" }))
            {
                foreach (TraceEvent e in events)
                {
                    writer.Write(e);
                }
            }

            using TraceInput input = TraceInput.Open(path);
            ReplayOptions options = new() { Design = ReferenceDesign() };
            (ReplayResult result, MergeTrace trace) =
                MergeTrace.Run(input, options, progress: null, TestContext.Current.CancellationToken);
            return (trace, new MergeSummary(trace), result);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static DesignChoice ReferenceDesign() => DesignChoice.Parse("anon-vma-chain");

    private static TraceEvent Map(ulong address) => new()
    {
        Kind = TraceEventKind.Mmap,
        Mm = 1,
        Arg0 = address,
        Arg1 = Length,
        Arg2 = (ulong)(Protection.Read | Protection.Write),
        Arg3 = (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed),
        Result = (long)address,
    };

    private static TraceEvent Write(ulong address) => new()
    {
        Kind = TraceEventKind.Fault,
        Mm = 1,
        Arg0 = address,
        Arg1 = (ulong)TraceAccess.Write,
    };

    private static TraceEvent Fork() => new() { Kind = TraceEventKind.Fork, Mm = 1, Arg0 = 2 };

    private static TraceEvent Move() => new()
    {
        Kind = TraceEventKind.Mremap,
        Mm = 1,
        Arg0 = B,
        Arg1 = Length,
        Arg2 = Length,
        Arg3 = (ulong)(RemapFlags.MayMove | RemapFlags.Fixed),
        Arg4 = A + Length,
        Result = (long)(A + Length),
    };
}
