using Verso.Engine;
using Verso.Lab.LockStep;
using Verso.Lab.Scenarios;
using Verso.Linux.Proc;

namespace Verso.Lab.Tests;

/// <summary>Heuristic overcommit where it depends on how much memory this machine has.</summary>
public sealed class OvercommitTests
{
    private const ulong Tebibyte = 1UL << 28;

    /// <summary>Two mappings that may be committed merge into one that may not: fork, and what copies it whole, refuse.</summary>
    [Fact]
    public void WhatGrewBeyondMemoryIsNotCopied()
    {
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        Assert.SkipWhen(KernelRules.Find(KernelStage.Release) is null, $"no rules of kernel {KernelStage.Release}");
        Assert.SkipWhen(MachineSettings.OvercommitMode() != 0, "vm.overcommit_memory is not 0");
        ulong memory = CommittableMemory.Pages();
        Assert.SkipWhen(memory > 8 * Tebibyte, "more memory than two mappings in the window can exceed");
        Scenario scenario = Beyond((long)memory);
        Failure? failure = null;
        KernelStage.Use(worker: 0, kernel =>
            failure = new Verifier(kernel, KernelRules.Find(KernelStage.Release)!).Play(scenario));
        Assert.Null(failure?.Difference);
    }

    [Fact]
    public void WithoutHeuristicsEverythingIsCommitted()
    {
        HostTraits host = new(AnonymousNames.Kept, ProtectionKeys.None) { OvercommitMode = 1 };
        Assert.True(host.Commits(long.MaxValue));
        Assert.False((host with { OvercommitMode = 0 }).Commits(long.MaxValue));
        Scenario scenario = Scenario.Parse("map A -26843545600 26843545600 rw  -> ENOMEM\n");
        Assert.StartsWith("this machine has a different commit limit", scenario.WhyOtherwise(host), StringComparison.Ordinal);
        Assert.Null(scenario.WhyOtherwise(host with { OvercommitMode = 0 }));
    }

    [Fact]
    public void MemoryAndSwapAreCommittable()
    {
        Assert.Equal(3UL, CommittableMemory.PagesOf(["MemTotal:  8 kB", "MemFree:  4 kB", "SwapTotal:   4 kB"]));
        Assert.Equal(ulong.MaxValue, CommittableMemory.PagesOf(["Active: 8 kB"]));
    }

    /// <summary>Ranges of 60 % of memory; nothing is touched.</summary>
    private static Scenario Beyond(long memory)
    {
        long part = memory * 6 / 10;
        long start = -4 * part;
        return Scenario.Parse(
            $"""
            map A {start} {memory + 1} rw  -> ENOMEM
            map A {start} {part} rw  -> page {start}
            map A {start + part} {part} rw  -> page {start + part}
            fork A B  -> ENOMEM
            remap A {start} {2 * part} {2 * part} maymove dontunmap  -> ENOMEM
            remap A {start} {part} {part} maymove fixed {start + (3 * part)}  -> page {start + (3 * part)}
            fork A B
            remap B {start + part} {part} {2 * part} maymove  -> page {start + part}
            map B {start + part} {2 * part} rw  -> page {start + part}
            protect B {start + part} {2 * part} r-
            protect B {start + part} {2 * part} rw  -> ENOMEM
            fork B C
            """);
    }
}
