using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Verso.Engine.Vmas;
using Verso.Linux.Graph;
using Verso.Linux.Proc;

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

    /// <summary>Text, JSON and a kept file say the same of the pages of private file mappings, beside smaps.</summary>
    [Fact]
    public void WhosePagesOfFilesAre()
    {
        RequireReader();
        using Sleeper sleeper = new();
        string file = Path.Combine(_folder, "now.vsnap");
        Outcome taken = CommandLine.Run("snapshot", "--pid", sleeper.Id, "-o", file);
        Assert.Matches(@"private file mappings, [\d,]+ pages: [\d,]+ copied, [\d,]+ follow the file", taken.Output);
        Assert.Contains("/sleep ", taken.Output);
        string[][] commands = [["snapshot", "-j", "--from", file], ["explain", "--rmap", "--designs", "none", "-j", "--from", file]];
        foreach (string[] command in commands)
        {
            JsonElement json = JsonDocument.Parse(CommandLine.Run(command).Output).RootElement;
            JsonElement all = json.GetProperty("privateFileMappings");
            Assert.Empty(all.GetProperty("notKnown").EnumerateArray());
            JsonElement pages = all.GetProperty("pages");
            Assert.Equal(
                pages.GetRawText().Replace(" ", ""),
                json.GetProperty("processes")[0].GetProperty("privateFilePages").GetRawText().Replace(" ", ""));
            long copied = pages.GetProperty("copied").GetInt64();
            long mapped = pages.GetProperty("mapped").GetInt64();
            Assert.Equal(
                pages.GetProperty("pages").GetInt64(), copied + mapped + pages.GetProperty("notMapped").GetInt64());
            Assert.Equal(SumOf(sleeper.Id), (copied, copied + mapped));
        }
    }

    /// <summary>Somebody who may load BPF programs, and not look into the processes of others.</summary>
    [Fact]
    public void WhatMayNotBeReadIsNotKnown()
    {
        RequireReader();
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv"), "needs setpriv");
        using Sleeper sleeper = new();
        Outcome outcome = CommandLine.Run(new ProcessStartInfo(
            "setpriv", ["--bounding-set", "-sys_ptrace", CommandLine.Program, "snapshot", "--pid", sleeper.Id]));
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        Assert.Contains("not known of 1 address space: /proc/PID/pagemap may not be read", outcome.Output.Replace("\n    ", " "));
        Assert.DoesNotContain(" copied, ", outcome.Output);
    }

    /// <summary>Nor what an earlier version kept: the example is of one.</summary>
    [Theory]
    [InlineData("snapshot")]
    [InlineData("explain", "--rmap", "--designs", "none")]
    public void WhatAnEarlierVersionKeptIsNotKnown(params string[] command)
    {
        string kept = Path.Combine(CommandLine.Root, "examples", "redis-fork.vsnap");
        string text = CommandLine.Run([.. command, "--from", kept]).Output;
        Assert.Contains("not known of 2 address spaces: the snapshot does not say", text.Replace("\n    ", " "));
        Assert.DoesNotContain("follow the file", text);
        JsonElement json = JsonDocument.Parse(CommandLine.Run([.. command, "--from", kept, "-j"]).Output).RootElement;
        JsonElement all = json.GetProperty("privateFileMappings");
        Assert.False(all.TryGetProperty("pages", out _));
        JsonElement gap = Assert.Single(all.GetProperty("notKnown").EnumerateArray());
        Assert.Equal(("not-kept", 2), (gap.GetProperty("reason").GetString(), gap.GetProperty("addressSpaces").GetInt32()));
        JsonElement process = json.GetProperty("processes")[0];
        Assert.Equal("not-kept", process.GetProperty("privateFilePagesNotKnown").GetString());
        Assert.False(process.TryGetProperty("privateFilePages", out _));
    }

    // Copied, and all that is mapped, of the VMAs that maps shows as private with an inode.
    private static (long Copied, long All) SumOf(string pid)
    {
        using StreamReader smaps = new($"/proc/{pid}/smaps");
        SmapsEntry[] files = [.. Smaps.Read(smaps)
            .Where(entry => entry.Line.HasFile && (entry.Line.Permissions & VmaFlags.MayShare) == 0)];
        return (
            files.Sum(entry => entry.AnonymousBytes + entry.SwapBytes) / 4096,
            files.Sum(entry => entry.ResidentBytes + entry.SwapBytes) / 4096);
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
