using System.Globalization;
using System.Text.Json;
using Verso.Linux.Graph;

namespace Verso.Cli.Tests;

/// <summary>verso snapshot: what it keeps it loads, and what cannot be read it says on one line.</summary>
public sealed class SnapshotCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void WhatIsKeptIsShownAgain()
    {
        RequireReader();
        string file = Path.Combine(_folder, "now.vsnap");
        string self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        Outcome taken = CommandLine.Run("snapshot", "--pid", self, "-o", file);
        Assert.Equal((0, ""), (taken.Status, taken.Error));
        Assert.StartsWith($"process {self}, Linux ", taken.Output);
        Assert.Contains("anon_vma_chains: ", taken.Output);
        Assert.Equal(taken.Output, CommandLine.Run("snapshot", "--from", file).Output);

        JsonElement json = JsonDocument.Parse(CommandLine.Run("snapshot", "--from", file, "-j").Output).RootElement;
        Assert.Equal("verso-snapshot/1", json.GetProperty("schema").GetString());
        JsonElement process = Assert.Single(json.GetProperty("processes").EnumerateArray());
        Assert.Equal(self, process.GetProperty("pid").GetRawText());
        Assert.Equal(
            json.GetProperty("objects").GetProperty("anon_vma_chain").GetProperty("count").GetInt64(),
            process.GetProperty("chainEntries").GetInt64());
        Assert.True(process.GetProperty("vmas").GetInt32() > 10);
    }

    [Fact]
    public void AllIsTheDefault()
    {
        RequireReader();
        Outcome outcome = CommandLine.Run("snapshot");
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.StartsWith("all processes, Linux ", outcome.Output);
    }

    [Theory]
    [InlineData("'x'", "--pid", "x")]
    [InlineData("'0'", "--pid", "0")]
    [InlineData("choose one of", "--pid", "1", "--all")]
    [InlineData("choose one of", "--cgroup", "/", "--from", "x")]
    [InlineData("process 2147483647 does not exist", "--pid", "2147483647")]
    [InlineData("'no/such' is not a control group", "--cgroup", "no/such")]
    [InlineData("none.vsnap", "--from", "none.vsnap")]
    public void WhatMakesNoSense(string message, params string[] arguments) =>
        CommandLine.Run(["snapshot", .. arguments]).AssertTrouble(message);

    [Fact]
    public void AFileOfAnotherKind()
    {
        CommandLine.Run("snapshot", "--from", CommandLine.Example("make-gcc")).AssertTrouble(
            "not a readable Verso snapshot: at byte 0");
        CommandLine.Run("snapshot", "--from", _folder).AssertTrouble("is a directory");
        CommandLine.Run("snapshot", "-o", _folder).AssertTrouble("is a directory");
    }

    private static void RequireReader()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }
    }
}
