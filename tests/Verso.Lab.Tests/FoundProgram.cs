using System.Diagnostics;
using System.Globalization;
using Verso.Engine;
using Verso.Lab.Explain;
using Verso.Lab.LockStep;
using Verso.Linux.Graph;
using Verso.Traces.Snapshots;

namespace Verso.Lab.Tests;

/// <summary>A program of Programs/, which a public bug report describes; it stands where it is in its situation.</summary>
internal sealed class FoundProgram : IDisposable
{
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-found-").FullName;

    private FoundProgram(string name, string[] arguments)
    {
        string program = Path.Combine(_folder, name);
        using (Process compiler = Process.Start("/usr/bin/cc", ["-O1", "-w", "-o", program, PathOf(name), "-lpthread"]))
        {
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }

        _process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            WorkingDirectory = _folder,
        })!;
        using CancellationTokenSource late = new(_longest);
        string? line;
        do
        {
            line = _process.StandardOutput.ReadLineAsync(late.Token).AsTask().GetAwaiter().GetResult();
            Said.Add(line ?? throw new InvalidOperationException($"{name} ended"));
        }
        while (!line.StartsWith("READY", StringComparison.Ordinal));
    }

    /// <summary>What it printed.</summary>
    internal List<string> Said { get; } = [];

    /// <summary>The process that is in the situation: a child where the program says so.</summary>
    internal int Pid => Said[^1].Split(' ') is [_, string pid, ..] && int.TryParse(pid, CultureInfo.InvariantCulture, out int child)
        ? child : _process.Id;

    /// <summary>Compiles and starts it; skips the test where that, or looking at it, is not possible.</summary>
    internal static FoundProgram Start(string name, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/cc"), "needs a C compiler");
        string? missing = KernelStage.Unavailable();
        Assert.SkipWhen(missing is not null, missing ?? "");
        return new FoundProgram(name, arguments);
    }

    /// <summary>Its source, with where it was found and what is expected.</summary>
    internal static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Programs", name + ".c");

    internal Snapshot Look()
    {
        using GraphReader reader = GraphReader.Open();
        return SnapshotTaker.Take(reader, ProcessSelection.OfPids([Pid]), SnapshotDetail.Graph);
    }

    internal SpaceExplanation Explain()
    {
        Snapshot snapshot = Look();
        string kernel = snapshot.Header.Kernel;
        return SpaceExplanation.Of(
            snapshot.Processes.Single(),
            snapshot.Files,
            snapshot.Header.MaxMapCount,
            KernelRules.Nearest(kernel),
            kernel);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public override string ToString() => _process.Id.ToString(CultureInfo.InvariantCulture);
}
