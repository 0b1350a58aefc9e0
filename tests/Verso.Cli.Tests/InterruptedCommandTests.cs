using System.Diagnostics;

namespace Verso.Cli.Tests;

/// <summary>A command that is asked to end says so in one line, and returns what a shell gives for the signal.</summary>
public sealed class InterruptedCommandTests
{
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public Task VerifyOfRandomScenarios(string signal, int status) =>
        Check(signal, status, "verify", "--count", "10000000");

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public Task Compare(string signal, int status) =>
        Check(signal, status, "compare", CommandLine.Example("git-repack"), "--measure=1000000");

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public Task Replay(string signal, int status) =>
        Check(signal, status, "replay", CommandLine.Example("git-repack"), "--measure=1000000");

    private static async Task Check(string signal, int status, params string[] words)
    {
        ProcessStartInfo start = new(CommandLine.Program, words) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process verso = Process.Start(start)!;
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        string ending = verso.HasExited ? await verso.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) : "";
        Assert.SkipWhen(verso.HasExited && words[0] == "verify" && verso.ExitCode == 2, ending);
        Assert.False(verso.HasExited, ending);
        Stopwatch clock = Stopwatch.StartNew();
        using Process kill = Process.Start("kill", [$"-{signal}", $"{verso.Id}"]);
        await EndOf(verso);
        Assert.Equal($"verso {words[0]}: interrupted\n", await verso.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal("", await verso.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(status, verso.ExitCode);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    private static async Task EndOf(Process verso)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            await verso.WaitForExitAsync(limit.Token);
        }
        finally
        {
            verso.Kill();
        }
    }
}
