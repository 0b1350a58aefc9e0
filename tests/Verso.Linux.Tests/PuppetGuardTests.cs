using System.Diagnostics;
using Verso.Linux.Puppets;
using static Verso.Linux.Tests.PuppetStage;

namespace Verso.Linux.Tests;

// A tool that is killed leaves no puppet.
/// <remarks>
/// Strategy: the tool is killed after a random pause of up to 30 ms, so that it is met as it starts puppets too. The
/// seed is fixed, the moments are the machine's.
/// </remarks>
public sealed class PuppetGuardTests
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(8);

    [Theory]
    [InlineData("killed")]
    [InlineData("terminated")]
    [InlineData("crashed")]
    public async Task PuppetsEndWithTheirTool(string how)
    {
        SkipUnlessAvailable();
        var marker = Path.GetTempFileName();
        using var tool = PuppetVictim.StartStanding(marker);
        var line = await tool.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.Equal(4, line!.Split(' ').Length);

        // And the one that the others are forked from.
        Assert.Equal(5, PuppetVictim.Alive(marker).Length);
        if (how == "crashed")
        {
            await tool.StandardInput.WriteLineAsync("crash");
            await tool.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        }
        else
        {
            Signal(tool.Id, how == "killed" ? 9 : 15);
        }

        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        await AssertNoneLeft(marker);
        File.Delete(marker);
    }

    // One that stands still would run into a trap if it were only let go; one that sleeps has to be killed.
    [Fact]
    public async Task PuppetInACallEndsWithItsTool()
    {
        SkipUnlessAvailable();
        var marker = Path.GetTempFileName();
        using var tool = PuppetVictim.StartWaiting(marker);
        var line = await tool.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        await AwaitSleep(line!.Split(' ')[0]);
        Signal(tool.Id, 9);
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        await AssertNoneLeft(marker);
        File.Delete(marker);
    }

    [Fact]
    public async Task NoMomentIsUnguarded()
    {
        SkipUnlessAvailable();
        var marker = Path.GetTempFileName();
        var random = new Random(11);
        for (var i = 0; i < 10; i++)
        {
            using var tool = PuppetVictim.StartBusy(marker);
            Assert.NotNull(await tool.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
            await Task.Delay(random.Next(30), TestContext.Current.CancellationToken);
            Signal(tool.Id, 9);
            await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await AssertNoneLeft(marker);
        File.Delete(marker);
    }

    [Fact]
    public async Task ToolThatWasStartedDeafToItsChildrenHearsOfPuppets()
    {
        SkipUnlessAvailable();
        using var tool = PuppetVictim.StartDeaf();
        Assert.Equal("exited 0\n", await tool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    private static async Task AwaitSleep(string pid)
    {
        while (!(await File.ReadAllTextAsync($"/proc/{pid}/stat", TestContext.Current.CancellationToken)).Contains(
            ") S ", StringComparison.Ordinal))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private static async Task AssertNoneLeft(string marker)
    {
        var watch = Stopwatch.StartNew();
        while (PuppetVictim.Alive(marker) is { Length: > 0 } left)
        {
            Assert.True(watch.Elapsed < _longest, $"left: {string.Join(' ', left)}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static void SkipUnlessAvailable()
    {
        if (PuppetTheatre.Unavailable() is { } reason)
        {
            Assert.Skip(reason);
        }
    }
}
