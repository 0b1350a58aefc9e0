using System.Diagnostics;
using System.Globalization;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>Of several processes those that have ended are reported and left out; if all have, that is trouble.</summary>
public sealed class EndedProcessTests
{
    private const string Nobody = "2147483647";

    public static TheoryData<string> Commands { get; } =
    [
        "snapshot --pid", "explain --designs none --rmap", "explain", "top --count 1 --pid", "explain --source proc",
    ];

    [Theory]
    [MemberData(nameof(Commands))]
    public void TheOthersAreRead(string command)
    {
        RequireGraph();
        using Sleeper sleeper = new();
        using Zombie zombie = new();
        Outcome outcome = CommandLine.Run([.. command.Split(' '), zombie.Id, sleeper.Id, Nobody]);
        Assert.Equal(0, outcome.Status);
        Assert.Contains($"process {zombie.Id} has ended: its address space is gone; left out\n", outcome.Error);
        Assert.Contains($"process {Nobody} does not exist", outcome.Error);
        Assert.Contains(sleeper.Id, outcome.Output);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void AllHaveEnded(string command)
    {
        RequireGraph();
        using Zombie zombie = new();
        Outcome outcome = CommandLine.Run([.. command.Split(' '), zombie.Id, Nobody]);
        Assert.Equal((2, ""), (outcome.Status, outcome.Output));
        Assert.Contains("none of 2 processes can be read", outcome.Error);
    }

    /// <summary>Several processes are explained one after another.</summary>
    [Fact]
    public void SeveralAreAList()
    {
        using Sleeper one = new();
        using Sleeper other = new();
        Outcome outcome = CommandLine.Run("explain", one.Id, other.Id, "--source", "proc");
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.StartsWith($"{one.Id} sleep: ", outcome.Output, StringComparison.Ordinal);
        Assert.Contains($"\n\n{other.Id} sleep: ", outcome.Output);
    }

    [Fact]
    public void OfASnapshotToo()
    {
        Outcome outcome = CommandLine.Run("explain", "--rmap", Reasons.Pid, Nobody, "--from", Reasons.File, "--designs", "none");
        Assert.Equal((0, $"verso: the snapshot has no process {Nobody}; left out\n"), (outcome.Status, outcome.Error));
    }

    private static void RequireGraph()
    {
        try
        {
            using GraphReader reader = GraphReader.Open();
        }
        catch (GraphUnavailableException reason)
        {
            Assert.Skip(reason.Message);
        }
    }

    /// <summary>A process that has ended and that its parent has not waited for.</summary>
    private sealed class Zombie : IDisposable
    {
        private readonly Process _parent;

        internal Zombie()
        {
            _parent = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "sleep 0.1 & echo $!; exec sleep 1000"])
            {
                RedirectStandardOutput = true,
            })!;
            Id = _parent.StandardOutput.ReadLine()!;
            while (!File.ReadAllText($"/proc/{Id}/stat").Contains(") Z ", StringComparison.Ordinal))
            {
                Thread.Sleep(1);
            }

            Assert.True(int.TryParse(Id, CultureInfo.InvariantCulture, out _));
        }

        internal string Id { get; }

        public void Dispose()
        {
            _parent.Kill();
            _parent.WaitForExit();
            _parent.Dispose();
        }
    }
}
