using System.Globalization;
using System.Text.Json;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Linux.Graph;
using Verso.Linux.Proc;
using Verso.Traces;
using Verso.Traces.Snapshots;

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

    /// <summary>Each reason of the format, on one line of the report and as a word of JSON; what is known goes on.</summary>
    [Theory]
    [InlineData(FilePagesReading.NoPagemap, "the kernel has no /proc/PID/pagemap", "no-pagemap")]
    [InlineData(FilePagesReading.Refused, "/proc/PID/pagemap may not be read", "refused")]
    [InlineData(FilePagesReading.Changed, "it ended or its file mappings changed", "changed")]
    public void WhatWasNotCountedIsNotKnown(FilePagesReading reading, string words, string reason)
    {
        VmaImage vma = new(0x10000, 0x14000, VmaFlags.Read, 0, new FileId(1), 0, []);
        MmImage image = new() { Vmas = [vma], AnonVmas = [] };
        ResidentMemory memory = new(1, 1, 0, 0, 4096);
        string file = Path.Combine(_folder, "made.vsnap");
        using (FileStream stream = File.Create(file))
        {
            SnapshotFile.Write(stream, new Snapshot
            {
                Header = new SnapshotHeader(),
                Files = [new FileIdentity(new FileId(1), FileKind.Regular, 1, 2, 16384, "/lib/x")],
                Processes =
                [
                    new ProcessGraph(1, "a", 0, image, GraphReading.Whole)
                    {
                        Memory = memory,
                        FilePages = new FilePages(reading, []),
                    },
                    new ProcessGraph(2, "b", 0, image, GraphReading.Whole)
                    {
                        Memory = memory,
                        FilePages = new FilePages(FilePagesReading.Counted, [new MappedFilePages(0, 1, 2)]),
                    },
                ],
            });
        }

        string text = CommandLine.Run("snapshot", "--from", file).Output.Replace("\n    ", " ");
        Assert.Contains($"private file mappings not known of 1 address space: {words}", text);
        Assert.Contains("1 private file mapping, 4 pages: 1 copied, 3 follow the file (2 mapped)", text);
        Assert.Contains("  /lib/x     1      4       1       2           1\n", text);
        JsonElement json = JsonDocument.Parse(CommandLine.Run("snapshot", "-j", "--from", file).Output).RootElement;
        Assert.Equal(reason, json.GetProperty("processes")[0].GetProperty("privateFilePagesNotKnown").GetString());
        Assert.Equal(1, json.GetProperty("privateFileMappings").GetProperty("pages").GetProperty("copied").GetInt64());
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
