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
    /// <summary>Of all processes of the machine: every flag has letters on the kernels this was tried on.</summary>
    [Fact]
    public void TheFlagsAreThoseOfTheKernel()
    {
        using var reader = GraphReaderTests.Open();
        using var program = new DrivenProgram("traits");
        _ = program.ReadLine();
        var compared = 0;
        VmaFlags seen = 0;
        foreach (var process in SnapshotTaker.Take(reader, ProcessSelection.All).Processes)
        {
            if (TryRead(process.Pid) is not ProcSpace space || space.Process.Reading != GraphReading.Whole)
            {
                continue;
            }

            var told = space.Process.Image.Vmas.ToDictionary(vma => vma.Start);
            foreach (var vma in process.Image.Vmas)
            {
                if (told.TryGetValue(vma.Start, out var same) && same.End == vma.End && IsSteady(process, vma))
                {
                    Assert.True(same.Flags == (vma.Flags & FlagLetters.Told), $"{process.Pid}: {vma} {same.Flags}");
                    Assert.True(vma.File.IsNone == same.File.IsNone, $"{process.Pid}: {vma}");
                    Assert.True(vma.File.IsNone || vma.Pgoff == same.Pgoff, $"{process.Pid}: {vma}");
                    seen |= vma.Flags;
                    compared++;
                }
            }
        }

        output.WriteLine($"{compared} VMAs, {seen}");
        Assert.True(compared > 100);
        Assert.Equal(VmaFlags.None, seen & ~FlagLetters.Told);
    }

    /// <summary>Bits that few programs have; mseal first, for what it seals cannot be undone.</summary>
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

    // This process maps and unmaps while it reads, and so do its fellows.
    private static bool IsSteady(ProcessGraph process, VmaImage vma) =>
        process.Reading == GraphReading.Whole && process.Command != "dotnet" && process.Pid != Environment.ProcessId
        && vma.End <= Page.TaskSize;
}
