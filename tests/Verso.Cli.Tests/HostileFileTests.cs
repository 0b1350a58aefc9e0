namespace Verso.Cli.Tests;

/// <summary>Files that once reached an internal error, or blamed a design: one line, with the offset and why.</summary>
public sealed class HostileFileTests
{
    private static readonly string[][] TraceCommands =
        [["info"], ["replay"], ["replay", "--verify"], ["replay", "--merges"], ["compare"], ["verify", "--engine"]];

    private static readonly string[][] SnapshotCommands =
        [["snapshot", "--from"], ["explain", "1", "--from"], ["explain", "--rmap", "--from"], ["top", "--from"]];

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
}
