using System.Globalization;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Graph;
using Verso.Linux.Proc;
using Verso.Traces.Snapshots;

namespace Verso.Linux.Tests;

/// <summary>Address spaces read from /proc, beside what the kernel's graph says of them.</summary>
public sealed class ProcSpaceReaderTests(ITestOutputHelper output)
{
    /// <summary>Of all processes of the machine that do not change meanwhile.</summary>
    [Fact]
    public void TheFlagsAreThoseOfTheKernel()
    {
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("traits");
        _ = program.ReadLine();
        var compared = 0;
        VmaFlags seen = 0;
        var before = SnapshotTaker.Take(reader, ProcessSelection.All).Processes;
        var spaces = before.ToDictionary(process => process.Pid, process => TryRead(process.Pid));
        var after = SnapshotTaker.Take(reader, ProcessSelection.All).Processes.ToDictionary(process => process.Pid);
        foreach (var process in before)
        {
            // Whoever maps meanwhile is no witness.
            if (spaces[process.Pid] is not ProcSpace space || space.Process.Reading != GraphReading.Whole
                || !after.TryGetValue(process.Pid, out var same) || !IsAlike(process.Image, same.Image))
            {
                continue;
            }

            Assert.Equal(process.Image.Vmas.Count, space.Process.Image.Vmas.Count(vma => vma.End <= Page.TaskSize));
            foreach (var (vma, told) in process.Image.Vmas.Zip(space.Process.Image.Vmas))
            {
                Assert.Equal((vma.Start, vma.End, vma.File.IsNone), (told.Start, told.End, told.File.IsNone));
                Assert.True(told.Flags == (vma.Flags & FlagLetters.Told), $"{process.Pid}: {vma} {told.Flags}");
                Assert.True(vma.File.IsNone || vma.Pgoff == told.Pgoff, $"{process.Pid}: {vma}");
                seen |= vma.Flags;
                compared++;
            }
        }

        output.WriteLine($"{compared} VMAs, {seen}");
        Assert.True(compared > 100);
        Assert.Equal(VmaFlags.None, seen & ~FlagLetters.Told);
    }

    /// <summary>
    /// A VMA for each flag that a program can set: the letters stand for the bits that the kernel has.
    /// </summary>
    [Fact]
    public void EveryFlagHasItsBit()
    {
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("letters");
        _ = program.ReadLine();
        var kernel = Assert.Single(reader.ReadProcesses([program.Id])).Image.Vmas;
        var told = ProcSpaceReader.Read(program.Id).Process.Image.Vmas;
        VmaFlags seen = 0;
        foreach (var (vma, same) in kernel.Zip(told))
        {
            Assert.Equal((vma.Start, vma.Flags), (same.Start, same.Flags));
            seen |= vma.Flags;
        }

        output.WriteLine($"{seen}; without letters {seen & ~FlagLetters.Told}; not met {FlagLetters.Told & ~seen}");
        const VmaFlags Everywhere = VmaFlags.SeqRead | VmaFlags.RandRead | VmaFlags.DontCopy | VmaFlags.DontDump
            | VmaFlags.WipeOnFork | VmaFlags.Locked | VmaFlags.LockOnFault | VmaFlags.NoReserve | VmaFlags.GrowsDown;
        Assert.Equal(Everywhere, seen & Everywhere);
        if (File.ReadAllText("/proc/sys/kernel/osrelease").StartsWith("6.18.", StringComparison.Ordinal))
        {
            const VmaFlags Since = VmaFlags.Droppable | VmaFlags.Sealed | VmaFlags.MaybeGuard;
            Assert.Equal(Since, seen & Since);
        }
    }

    [Fact]
    public void PoliciesAndUserfaultAreSeen()
    {
        using var program = new DrivenProgram("traits");
        var pages = ulong.Parse(program.ReadLine().Split(' ')[0].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var space = ProcSpaceReader.Read(program.Id);
        Assert.Equal(GraphReading.Whole, space.Process.Reading);
        var at = Enumerable.Range(0, 6).Select(page => Find(space, pages + ((ulong)page << Page.Shift))).ToArray();
        Assert.Equal(0UL, at[0].Vma.Traits.PolicyMode);
        Assert.NotEqual(0UL, at[1].Vma.Traits.PolicyMode);
        Assert.NotEqual(0UL, at[3].Vma.Traits.PolicyMode);
        Assert.NotEqual(at[1].Vma.Traits.PolicyMode, at[3].Vma.Traits.PolicyMode);
        Assert.Equal(VmaDoubts.Policy, at[1].Evidence.Doubts);
        Assert.Equal(VmaDoubts.None, at[2].Evidence.Doubts);
        Assert.Equal((0UL, 1UL), (at[4].Vma.Traits.Userfault, at[5].Vma.Traits.Userfault));
        Assert.Contains(space.Evidence, evidence => evidence.AnonymousBytes > 0);
        Assert.Contains(space.Files, file => file.Path.StartsWith("/SYSV", StringComparison.Ordinal));
    }

    /// <summary>
    /// The kernel lets its lock go between two reads: files of such a process have VMAs that overlap.
    /// </summary>
    [Fact]
    public void WhatDoesNotRestIsReadAllTheSame()
    {
        const int Readings = 40;
        using var program = new DrivenProgram("restless");
        _ = program.ReadLine();
        for (var reading = 0; reading < Readings; reading++)
        {
            var space = ProcSpaceReader.Read(program.Id);
            var vmas = space.Process.Image.Vmas;
            Assert.Equal(vmas.Count, space.Evidence.Count);
            Assert.All(vmas.Zip(vmas.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Start));
        }
    }

    /// <summary>The words for memory that has no file are those of maps, with root and without.</summary>
    [Fact]
    public void HeapAndStackAreKnown()
    {
        using var program = new DrivenProgram("letters");
        _ = program.ReadLine();
        var image = ProcSpaceReader.Read(program.Id).Process.Image;
        var lines = File.ReadLines($"/proc/{program.Id}/maps").Select(line => MapsLine.Parse(line)).ToList();
        Assert.Contains(lines, line => line.Name == "[stack]" && IsIn(line, image.StartStack));
        Assert.Equal(lines.Where(line => line.Name == "[heap]").Select(line => line.Start).FirstOrDefault(), image.StartBrk);
        Assert.Equal(lines.Where(line => line.Name == "[heap]").Select(line => line.End).LastOrDefault(), image.Brk);

        static bool IsIn(MapsLine line, ulong address) => line.Start <= address && address < line.End;
    }

    [Fact]
    public void WhatHasNoAddressSpaceIsRefused() =>
        Assert.Contains(
            "does not exist",
            Assert.Throws<ProcessSelectionException>(() => ProcSpaceReader.Read(int.MaxValue)).Message);

    private static (VmaImage Vma, VmaEvidence Evidence) Find(ProcSpace space, ulong address)
    {
        var vmas = space.Process.Image.Vmas;
        var at = Enumerable.Range(0, vmas.Count).First(each => vmas[each].Start <= address && address < vmas[each].End);
        return (vmas[at], space.Evidence[at]);
    }

    private static ProcSpace? TryRead(int pid)
    {
        try
        {
            return ProcSpaceReader.Read(pid);
        }
        catch (ProcessSelectionException)
        {
            return null;
        }
    }

    private static bool IsAlike(MmImage one, MmImage other) => one.Vmas.Count == other.Vmas.Count
        && one.Vmas.Zip(other.Vmas).All(pair =>
            (pair.First.Start, pair.First.End, pair.First.Flags, pair.First.Pgoff, pair.First.File)
            == (pair.Second.Start, pair.Second.End, pair.Second.Flags, pair.Second.Pgoff, pair.Second.File));
}
