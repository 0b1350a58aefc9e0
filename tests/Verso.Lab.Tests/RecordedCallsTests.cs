using System.Diagnostics;
using Verso.Engine;
using Verso.Lab.Comparison;
using Verso.Lab.Fidelity;
using Verso.Lab.Replay;
using Verso.Linux.Recording;
using Verso.Traces;

namespace Verso.Lab.Tests;

/// <summary>
/// Small programs of one kind of call each, recorded and replayed: every VMA and every chain as the kernel had them.
/// </summary>
public sealed class RecordedCallsTests(ITestOutputHelper output) : IDisposable
{
    private const int DifferencesShown = 8;

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-lab-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("marks")]
    [InlineData("watch")]
    [InlineData("rings")]
    [InlineData("advice")]
    public void ReplayIsWhatTheKernelHad(string name, params string[] arguments) => Check(name, arguments);

    /// <summary>Each refusal has its reason in the address space, so the engine gives it by itself.</summary>
    [Theory]
    [InlineData("moves")]
    [InlineData("huge-moves")]
    [InlineData("limit", "0")]
    [InlineData("limit", "1")]
    [InlineData("limit", "2")]
    public void WhatWasRefusedFollowsFromTheState(string name, params string[] arguments) =>
        Assert.Empty(Check(name, arguments).Calls.Refused);

    /// <summary>A file that is mapped is as long as the kernel has it, whichever call has made it so.</summary>
    [Fact]
    public void NoFaultIsBeyondTheEndOfAFile()
    {
        ReplayResult replay = Check("sizes", [Path.Combine(_folder, "sized")]);
        Assert.Equal(0, replay.Tally.Faults[(int)FaultOutcome.Bus]);
        Assert.Equal(20, replay.EventsByKind[TraceEventKind.Truncate]);
        Assert.Equal(4, replay.EventsByKind[TraceEventKind.Fallocate]);
    }

    /// <summary>What a refused call had done when its driver had its say.</summary>
    [Fact]
    public void WhatADriverRefusesIsHalfDone() => Check("refusals", [Path.Combine(_folder, "refused")]);

    private ReplayResult Check(string name, string[] arguments)
    {
        ReplayResult replay = RecordAndReplay([Compile(name), .. arguments]);
        FidelityScore all = replay.Fidelity.All;
        output.WriteLine($"{name}: {replay.Events} events, {all.Checkpoints} checkpoints, {all.Vmas} VMAs, "
            + $"{replay.Calls.Compared} calls compared");
        foreach (Difference difference in replay.Fidelity.Differences)
        {
            output.WriteLine($"{difference.EventNumber}: {difference.Causes} at {difference.Start:x}: "
                + $"ours {difference.Ours?.Vma}, the kernel's {difference.Kernels?.Vma}");
        }

        Assert.Equal(TraceGrade.Complete, replay.Grade);
        Assert.True(all.Checkpoints > 1);
        Assert.True(all.Vmas.IsFull && all.GraphVmas.IsFull && all.GraphNodes.IsFull, "the replay differs");
        Assert.Empty(replay.Calls.FirstMismatches);
        Assert.Equal(0, replay.Calls.NotModelled);
        return replay;
    }

    private ReplayResult RecordAndReplay(string[] command)
    {
        string file = Path.Combine(_folder, "recording.verso");
        using (Recorder recorder = Prepare(command))
        using (FileStream stream = File.Create(file))
        using (TraceWriter writer = new(stream, recorder.Header))
        {
            RecordingOutcome outcome = recorder.Run(writer);
            Assert.Null(outcome.Problem);
            Assert.Equal(0, outcome.ExitStatus);
        }

        using TraceInput input = TraceInput.Open(file);
        ReplayOptions options = new() { Design = ReferenceDesign.Choice, DifferenceLimit = DifferencesShown };
        return DesignComparison.Run([input], [ReferenceDesign.Choice], options, 1).Traces[0].Reference;
    }

    private static Recorder Prepare(string[] command)
    {
        try
        {
            return Recorder.Prepare(new RecorderOptions { Command = command, CheckpointInterval = 8 });
        }
        catch (RecorderUnavailableException reason)
        {
            Assert.Skip(reason.Message);
            throw;
        }
    }

    private string Compile(string name)
    {
        string program = Path.Combine(_folder, name);
        string source = Path.Combine(AppContext.BaseDirectory, "Programs", $"{name}.c");
        try
        {
            using Process compiler = Process.Start("clang", ["-O1", "-Wall", "-pthread", "-o", program, source]);
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("clang is missing");
        }

        return program;
    }
}
