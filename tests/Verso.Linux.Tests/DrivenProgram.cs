using System.Diagnostics;

namespace Verso.Linux.Tests;

/// <summary>One of Programs/*.c, which does its next thing at each line it is given, and tells a line then.</summary>
internal sealed class DrivenProgram : IDisposable
{
    private readonly Process _process;

    internal DrivenProgram(string name, params string[] arguments)
    {
        var start = new ProcessStartInfo(RecordedProgram.CompileFor(name), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
    }

    internal int Id => _process.Id;

    internal string ReadLine() =>
        _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the program has ended");

    internal void WriteLine()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
    }

    /// <summary>Waits until an exec is over.</summary>
    internal void WaitForCommand(string name)
    {
        var limit = Stopwatch.StartNew();
        while (File.ReadAllText($"/proc/{Id}/comm").TrimEnd() != name
            || !File.ReadAllText($"/proc/{Id}/stat").Contains(") S ", StringComparison.Ordinal))
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(10), $"{name} does not begin");
            Thread.Sleep(1);
        }
    }

    /// <summary>Ends its input, and waits until it ends by itself.</summary>
    internal void Finish()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
    }

    internal void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
