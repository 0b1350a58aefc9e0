using System.Diagnostics;
using System.Globalization;

namespace Verso.Cli.Tests;

/// <summary>A process that does nothing.</summary>
internal sealed class Sleeper : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    /// <param name="before">What runs it.</param>
    internal Sleeper(params string[] before)
    {
        string[] words = [.. before, "sleep", "60"];
        _process = Process.Start(new ProcessStartInfo(words[0], words[1..]))!;
        WaitFor(() => File.ReadAllText($"/proc/{Id}/comm") == "sleep\n"
            && File.ReadAllText($"/proc/{Id}/stat").Contains(") S ", StringComparison.Ordinal));
    }

    internal string Id => _process.Id.ToString(CultureInfo.InvariantCulture);

    internal static void WaitFor(Func<bool> condition)
    {
        var limit = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(limit.Elapsed < Longest, "it does not come");
            Thread.Sleep(1);
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}

/// <summary>A shell that tells lines and then waits; whatever it started ends with it.</summary>
internal sealed class Shell : IDisposable
{
    private readonly Process _process;

    internal Shell(string script) => _process = Process.Start(
        new ProcessStartInfo("sh", ["-c", script]) { RedirectStandardOutput = true })!;

    internal string ReadLine() =>
        _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the shell has ended");

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
