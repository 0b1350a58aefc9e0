using Verso.Engine;
using Verso.Engine.Vmas;
using Verso.Lab.Explain;
using Verso.Linux.Proc;

namespace Verso.Lab.Tests;

/// <summary>
/// The figure beside each remedy is what Programs/divided.c has that did so from the start, on the running kernel; and
/// what gives most comes first.
/// </summary>
public sealed class DividedMemoryTests(ITestOutputHelper output)
{
    private const string Program = "divided";

    [Theory]
    [InlineData("forked", "whole-before", "Before fork, make all of it accessible")]
    [InlineData("forked", "alike-before", "Fork gives each VMA an anon_vma of its own")]
    [InlineData("fork-holes", "alike-before", "Fork gives each VMA an anon_vma of its own")]
    [InlineData("fork-holes", "map-anew", "Forked VMAs keep their anon_vma chain")]
    [InlineData("private-file", "file-protection", "One protection for the whole mapping of the file")]
    [InlineData("private-file-written", "file-protection", "One protection for the whole mapping of the file")]
    [InlineData("shared-file", "file-protection", "One protection for the whole mapping of the file")]
    [InlineData("program-file", "file-protection", "One protection for the whole mapping of the file")]
    [InlineData("execute-only", "execute-only-apart", "Keep execute-only memory")]
    [InlineData("execute-only", "one-arena", "Code that is generated: one protection for the whole arena")]
    [InlineData("execute-only-code", "readable-code", "Allow code to be read too")]
    [InlineData("arena", "one-arena", "Code that is generated: one protection for the whole arena")]
    [InlineData("arena", "two-views", "Code that is generated: a memfd mapped twice")]
    [InlineData("registered", "all-registered", "Register the whole range with the userfaultfd")]
    [InlineData("device", "no-device", "MAP_ANONYMOUS in place of a private mapping of /dev/zero")]
    [InlineData("segments", "one-segment", "One larger segment of System V shared memory")]
    [InlineData("segment-parts", "segment-whole", "Change protection or advice of all of it in one call")]
    [InlineData("huge-pages", "huge-once", "Map huge pages in one call")]
    [InlineData("over-file", "read-in", "Read the file into that memory")]
    [InlineData("moved", "moved-back", "What mremap moved after it was written")]
    [InlineData("moved", "moved-before", "Move it before it is written")]
    [InlineData("gathered", "moved-before", "Move it before it is written")]
    [InlineData("file-order", "in-order", "Map the file whole and use slices of that, or its parts side by side through one descriptor")]
    [InlineData("file-order-opens", "in-order", "Map the file whole and use slices of that, or its parts side by side through one descriptor")]
    [InlineData("sealed", "all-sealed", "Seal the whole range")]
    public void WhatARemedyGives(string situation, string argument, string text)
    {
        Assert.SkipWhen(
            argument is "readable-code" or "execute-only-apart"
                && ProcessorFlags.ProtectionKeys() == ProtectionKeys.None,
            "this processor has no protection keys: execute-only memory is like any other");
        using FoundProgram found = FoundProgram.Start(Program, situation);
        SpaceExplanation explanation = found.Explain();
        using FoundProgram better = FoundProgram.Start(Program, situation, argument);
        int measured = better.Explain().VmaCount;

        RemedyOffer[] offers =
        [
            .. explanation.Groups.SelectMany(explanation.Offers),
            .. explanation.Lasting.SelectMany(explanation.Offers),
        ];
        output.WriteLine($"{explanation.VmaCount} VMAs, {measured} with {argument}:");
        output.WriteLine(string.Join('\n', offers.Select(each => $"{each.Vmas}: {each.Remedy.Text}")));
        RemedyOffer offer = offers.Single(each => each.Remedy.Text.StartsWith(text, StringComparison.Ordinal));
        Assert.Equal(new CountRange(measured, measured), offer.Vmas);
        Assert.True(measured < explanation.VmaCount);
    }

    /// <summary>Registered or not is one reason, though flags and context differ: undone, all of it is.</summary>
    [Fact]
    public void RegistrationIsOneReason()
    {
        using FoundProgram found = FoundProgram.Start(Program, "registered");
        SpaceExplanation explanation = found.Explain();
        ReasonGroup group = explanation.Groups.Single(each => each.Boundaries.Count > 0);
        Assert.Equal(MergeTests.Flags, group.First);
        Assert.Equal(group.Boundaries.Count, group.OnlyThis);
        Assert.Equal(explanation.VmaCount - group.Boundaries.Count, explanation.VmasWithoutEver(MergeTests.Flags).Most);
    }

    /// <summary>A seal is for good: to undo it now is nothing that could be done.</summary>
    [Fact]
    public void ASealIsNotUndone()
    {
        using FoundProgram found = FoundProgram.Start(Program, "sealed");
        SpaceExplanation explanation = found.Explain();
        Assert.Equal(explanation.VmaCount, explanation.VmasWithout(MergeTests.Flags).Most);
        Assert.True(explanation.VmasWithoutEver(MergeTests.Flags).Most < explanation.VmaCount - 190);
    }
}
