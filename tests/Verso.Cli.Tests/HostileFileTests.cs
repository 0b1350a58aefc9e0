using System.Diagnostics;
using Verso.Lab.Scenarios;

namespace Verso.Cli.Tests;

/// <summary>Files that once reached an internal error, or blamed a design: one line, with the offset and why.</summary>
public sealed class HostileFileTests
{
    private static readonly string[][] TraceCommands =
        [["info"], ["replay"], ["replay", "--verify"], ["replay", "--merges"], ["replay", "--locks=20"], ["compare"], ["verify", "--engine"],
            ["report", "-j"], ["step", "--at", "1000000"]];

    private static readonly string[][] SnapshotCommands =
        [["snapshot", "--from"], ["explain", "1", "--from"], ["explain", "--rmap", "--from"], ["top", "--from"],
            ["report", "-j"]];

    public static string Fixture(string name) =>
        Path.Combine(CommandLine.Root, "tests/Verso.Cli.Tests/Fixtures/hostile", name);

    [Theory]
    [InlineData("fork-itself.verso", "at byte 225, expected a fork whose child is another address space in event 2 (Fork)")]
    [InlineData("hdrmissing.verso", "at byte 32, expected a JSON object with the key 'command'")]
    [InlineData("perf-violation-relocate-anon-1867.verso", "at byte 196, expected anon_vmas that count the children and")]
    [InlineData("trace-bytes-replay-InvariantException-3394.verso", "at byte 309, expected an address space in event 118 (Madvise)")]
    [InlineData("trace-bytes-replay-NullReferenceException-7598.verso", "at byte 32, expected a JSON object with the key 'command'")]
    public void TracesAreRefusedByEveryCommand(string name, string part)
    {
        foreach (string[] command in TraceCommands)
        {
            CommandLine.Run([.. command, Fixture(name)]).AssertTrouble(part);
        }
    }

    [Theory]
    [InlineData("null.vsnap", "at byte 32, expected a JSON object with the key 'selection'")]
    [InlineData("bomb-missing.vsnap", "at byte 226, expected a JSON object with the key 'ended'")]
    [InlineData("snap-bytes-rmap-NullReferenceException-9241.vsnap", "at byte 6608, expected a JSON object with the key 'ended'")]
    public void SnapshotsAreRefusedByEveryCommand(string name, string part)
    {
        foreach (string[] command in SnapshotCommands)
        {
            CommandLine.Run([.. command, Fixture(name)]).AssertTrouble(part);
        }
    }

    /// <summary>338 bytes that populate 128 TiB, and three lines that write 23 GiB.</summary>
    [Theory]
    [InlineData("replay", "bomb-populate.verso")]
    [InlineData("replay", "bomb-populate.verso", "--merges")]
    [InlineData("compare", "bomb-populate.verso", "--jobs", "1")]
    public void ATraceThatAsksForMoreMemoryThanItMayIsRefused(string command, string name, params string[] options) =>
        CommandLine.Run([command, Fixture(name), .. options, "--memory-limit", "64MiB"]).AssertTrouble(
            "bomb-populate.verso: the machine would need more than 64 MiB of memory: raise that with --memory-limit");

    /// <summary>Without a limit of the user's either, and for all designs, which share it.</summary>
    [Theory]
    [InlineData("replay")]
    [InlineData("compare", "--designs", "all")]
    public void ATraceThatAsksForMoreMemoryThanAMachineHasByDefaultIsRefused(string command, params string[] options)
    {
        Stopwatch clock = Stopwatch.StartNew();
        CommandLine.Run([command, Fixture("bomb-populate.verso"), .. options]).AssertTrouble(
            "bomb-populate.verso: the machine would need more than 512 MiB of memory: raise that with --memory-limit");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"refused after the work: {clock.Elapsed}");
    }

    [Theory]
    [InlineData("b1.txt", "step 2: advise A 0 23 populatewrite: the machine would need more than 64 MiB")]
    [InlineData("scenario-HANG-play-60432", "step 2: advise A 4 4 populatewrite: the machine would need more than 64 MiB")]
    public void AScenarioThatAsksForMoreMemoryThanItMayIsNotPlayed(string name, string part)
    {
        Outcome outcome = CommandLine.Run("verify", "--engine", Fixture(name), "--memory-limit=64MiB");
        Assert.Equal(2, outcome.Status);
        Assert.Contains(part, outcome.Output);
        Assert.Contains("1 cannot be played", outcome.Output);
    }

    [Theory]
    [InlineData("compare")]
    [InlineData("report")]
    public void AScenarioThatAsksForMoreMemoryThanItMayIsRefused(string command) =>
        CommandLine.Run(command, Fixture("b1.txt"), "--memory-limit=64MiB").AssertTrouble(
            "b1.txt: the machine would need more than 64 MiB of memory: raise that with --memory-limit");

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("4 GB")]
    [InlineData("99999999TiB")]
    public void ASizeThatIsNone(string size) => CommandLine
        .Run("replay", Fixture("bomb-populate.verso"), $"--memory-limit={size}")
        .AssertTrouble($"--memory-limit takes a size such as 512MiB or 4GiB, not '{size}'");

    /// <summary>The signal is seen inside one operation over a large range.</summary>
    [Theory]
    [InlineData("replay", "bomb-populate.verso", "--memory-limit=999GiB")]
    [InlineData("verify", "--engine", "b1.txt", "--memory-limit=99GiB")]
    public async Task TheFirstSignalEndsAnOperationOverALargeRange(params string[] words)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "verso.dll");
        string[] arguments = [.. words.Select(word => word.Contains('.') ? Fixture(word) : word)];
        using Process verso = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardError = true,
        })!;
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Stopwatch clock = Stopwatch.StartNew();
        using Process kill = Process.Start("kill", ["-TERM", $"{verso.Id}"]);
        await verso.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Contains("interrupted", await verso.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(143, verso.ExitCode);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    /// <summary>Found by scripts/fuzz: a special mapping is smaller than a page of a scenario with large units.</summary>
    [Fact]
    public void AMappingOfLessThanAUnitIsDrawn()
    {
        Outcome outcome = CommandLine.Run("verify", "--engine", "--draw", Fixture("fuzz-draw-less-than-a-unit.txt"));
        Assert.InRange(outcome.Status, 0, 2);
        Assert.Equal("", outcome.Error);
    }

    /// <summary>Found by scripts/fuzz: an image said that a userfaultfd watches [vvar], which has no file.</summary>
    [Theory]
    [InlineData("anon-vma-chain")]
    [InlineData("anon-vma-lazy")]
    public void ASpecialMappingIsNotWatched(string design)
    {
        Outcome outcome = CommandLine.Run("replay", Fixture("fuzz-watched-special-mapping.verso"), "--verify", "--design", design);
        Assert.InRange(outcome.Status, 0, 1);
        Assert.Equal("", outcome.Error);
    }

    /// <summary>Found by scripts/fuzz: flags of a driver made anonymous memory shared, and no file was behind it.</summary>
    [Theory]
    [InlineData("anon-vma")]
    [InlineData("anon-vma-chain")]
    public void ADriverOfAnonymousMemoryIsIgnored(string design)
    {
        string file = Fixture("fuzz-driver-of-anonymous-memory.verso");
        Outcome outcome = CommandLine.Run("replay", file, "--verify", "--design", design);
        Assert.InRange(outcome.Status, 0, 1);
        Assert.Contains("no violation", outcome.Output);
    }

    /// <summary>Text that was printed as another scenario, and an outcome with an escape sequence in it.</summary>
    [Theory]
    [InlineData("scenario-reprint-72632")]
    [InlineData("scenario-unclean-verify-130")]
    [InlineData("evil.txt")]
    public void ScenariosPrintAsWhatTheyAre(string name)
    {
        Scenario scenario = Scenario.Parse(File.ReadAllText(Fixture(name)));
        Scenario again = Scenario.Parse(scenario.ToString());
        Assert.Equal(scenario.Ops, again.Ops);
        Assert.Equal(scenario.Remarks, again.Remarks);
        Assert.Equal(scenario.Purpose, again.Purpose);
        Assert.Equal(scenario.Outcomes, again.Outcomes);
        Assert.Equal(scenario.ToString(), again.ToString());
        Outcome outcome = CommandLine.Run("verify", "--engine", Fixture(name));
        Assert.DoesNotContain(outcome.Output, letter => char.IsControl(letter) && letter != '\n');
    }
}
