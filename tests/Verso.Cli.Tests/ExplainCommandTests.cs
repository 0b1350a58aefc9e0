using System.Globalization;
using System.Text.Json;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Cli.Tests;

/// <summary>verso explain: of kept snapshots, of other kernels, and what makes no sense.</summary>
public sealed class ExplainCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("name a process")]
    [InlineData("PID", "0")]
    [InlineData("'xyz' is not an address", "1", "--at", "xyz")]
    [InlineData("it ends before it begins", "1", "--at", "2000-1000")]
    [InlineData("it ends before it begins", "1", "--at", "1000-2000-3000")]
    [InlineData("'7f2c40000000'; use --at for an address", "1", "7f2c40000000")]
    [InlineData("--at requires exactly one process", "1", "2", "--at", "1000")]
    [InlineData("none of 2 processes can be read; use --at for an address", "2147483646", "2147483647")]
    [InlineData("process 2147483647 does not exist", "2147483647")]
    [InlineData("process 2147483647 does not exist", "2147483647", "--source", "proc")]
    [InlineData("none.vsnap", "1", "--from", "none.vsnap")]
    public void WhatMakesNoSense(string message, params string[] arguments) =>
        CommandLine.Run(["explain", .. arguments]).AssertTrouble(message);

    [Fact]
    public void AProcessThatTheSnapshotHasNot() =>
        CommandLine.Run("explain", "1", "--from", Reasons.File).AssertTrouble("the snapshot has no process 1");

    /// <summary>6.12 refuses some merges that later kernels do not, and has no guard markers.</summary>
    [Fact]
    public void OfAnOlderKernelItSaysWhatALaterOneWouldDo()
    {
        string output = Explained("6.12.107-amd64");
        Assert.Contains("Linux 6.16 and later would have merged more: at best 43 VMAs", output);
        Assert.Contains("Linux 6.16 and later, this is 6.12.107-amd64)", string.Join(' ', Words(output)));
        Assert.Contains("Linux 6.13 and later, this is 6.12.107-amd64)", string.Join(' ', Words(output)));
        Assert.DoesNotContain("this is", Explained("6.18.44"));
    }

    /// <summary>A kernel is never told what kernels not newer than it would do.</summary>
    [Theory]
    [InlineData("6.16.12")]
    [InlineData("6.17.5")]
    public void OfAKernelThatHasAChangeNothingIsSaidOfLaterOnes(string kernel)
    {
        string output = Explained(kernel);
        Assert.DoesNotContain("and later would", output);
        Assert.DoesNotContain("Later kernels", output);
        Assert.DoesNotContain("this is", output);
    }

    [Theory]
    [InlineData("6.18.0", "that was verified: 6.18.0 may differ by stable fixes")]
    [InlineData("6.12.5-amd64", "that was verified: 6.12.5-amd64 may differ by stable fixes")]
    [InlineData("6.17.5", "using the rules of Linux 6.17, put together from the versions that changes came in, not verified:")]
    [InlineData("5.4.0", "using the rules of Linux 6.12.107: there are none for 5.4.0")]
    [InlineData("99.1.0", "there are none for 99.1.0")]
    public void ItSaysWhoseRulesAndHowSureThatIs(string kernel, string said) =>
        Assert.Contains(said, string.Join(' ', Words(Explained(kernel))));

    [Fact]
    public void OfAKernelItWasComparedWithItSaysNoMore() =>
        Assert.DoesNotContain(" rules ", Explained("6.18.44"));

    [Fact]
    public void AddressesOutsideOfAllVmas()
    {
        Assert.StartsWith("1000 is below the first VMA\n", At("1000"));
        Assert.StartsWith("0xfffffffffffff000"[2..] + " is above the last VMA\n", At("0xfffffffffffff000"));
        Assert.Equal(
            "100003200000-100003300000 is in no VMA: in a hole of 14M at 100003200000\n", At("100003200000-100003300000"));

        static string At(string address)
        {
            Outcome outcome = CommandLine.Run("explain", Reasons.Pid, "--at", address, "--from", Reasons.File);
            Assert.Equal((0, ""), (outcome.Status, outcome.Error));
            return outcome.Output;
        }
    }

    /// <summary>Of a process whose pairs are all parts of programs and the like, /proc leaves nothing open.</summary>
    [Fact]
    public void WhereNothingIsOpenNothingIsSaidToBe()
    {
        using Sleeper sleeper = new();
        using JsonDocument document = JsonDocument.Parse(
            CommandLine.Run("explain", sleeper.Id, "--source", "proc", "-j").Output);
        bool isOpen = document.RootElement.GetProperty("untold").GetArrayLength() > 0;
        string text = CommandLine.Run("explain", sleeper.Id, "--full", "--source", "proc").Output;
        Assert.Equal(isOpen, text.Contains("which does not show for every pair", StringComparison.Ordinal));
        Assert.Equal(!isOpen, text.Contains("read from /proc, which shows all that matters for these pairs\n", StringComparison.Ordinal));
    }

    /// <summary>One process by both ways: the same VMAs and the same pairs, unless it changed in between.</summary>
    [Fact]
    public void ProcTellsTheSameVmas()
    {
        if (GraphReader.Unavailable() is string reason)
        {
            Assert.Skip(reason);
        }

        using Sleeper sleeper = new();
        using JsonDocument full = Json("--source", "kernel");
        using JsonDocument partial = Json("--source", "proc");
        Assert.Equal("kernel", full.RootElement.GetProperty("source").GetString());
        Assert.Equal("proc", partial.RootElement.GetProperty("source").GetString());
        Assert.Empty(full.RootElement.GetProperty("untold").EnumerateArray());
        foreach (string key in (string[])["vmas", "pairs", "maxMapCount", "kernel", "rules", "rulesBasis"])
        {
            Assert.Equal(full.RootElement.GetProperty(key).GetRawText(), partial.RootElement.GetProperty(key).GetRawText());
        }

        JsonDocument Json(params string[] arguments)
        {
            Outcome outcome = CommandLine.Run(["explain", sleeper.Id, "-j", .. arguments]);
            Assert.Equal((0, ""), (outcome.Status, outcome.Error));
            return JsonDocument.Parse(outcome.Output);
        }
    }

    /// <summary>Who looks from outside gives the number that a container has inside.</summary>
    [Fact]
    public void ANumberOfAnotherNamespaceIsTranslated()
    {
        const string LastPid = "/proc/sys/kernel/ns_last_pid";
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists(LastPid), "needs root and ns_last_pid");
        int inner = Enumerable.Range(29_000, 1000).First(pid => !Directory.Exists($"/proc/{pid}"));
        using Shell shell = new($"exec unshare --pid --fork sh -c 'echo {inner - 1} > {LastPid}; sleep 60 & echo $!; wait'");
        Assert.Equal(inner.ToString(CultureInfo.InvariantCulture), shell.ReadLine());
        string outer = Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)!)
            .First(pid => int.TryParse(pid, CultureInfo.InvariantCulture, out _)
                && Status(pid).Contains($"\nNSpid:\t{pid}\t{inner}\n", StringComparison.Ordinal));
        CommandLine.Run("explain", $"{inner}").AssertTrouble(
            $"process {inner} does not exist (in this pid namespace); inside a container {outer} has this number");
        Assert.Equal(0, CommandLine.Run("explain", outer).Status);
    }

    private static string Status(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/status");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static string[] Words(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private string Explained(string kernel)
    {
        Snapshot snapshot;
        using (FileStream stream = File.OpenRead(Reasons.File))
        {
            snapshot = SnapshotFile.Read(stream);
        }

        string file = Path.Combine(_folder, kernel);
        using (FileStream stream = File.Create(file))
        {
            SnapshotFile.Write(stream, snapshot with { Header = snapshot.Header with { Kernel = kernel } });
        }

        Outcome outcome = CommandLine.Run("explain", Reasons.Pid, "--full", "--from", file);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return outcome.Output;
    }
}
