using System.Diagnostics;

namespace Verso.Cli.Tests;

/// <summary>A program whose children come and go as fast as they can: Programs/storm.c of Verso.Linux.Tests.</summary>
internal sealed class Storm : IDisposable
{
    private const string Children = "80";

    private readonly Process _process;

    /// <param name="folder">Where it is compiled to.</param>
    /// <param name="name">What its processes are called.</param>
    internal Storm(string folder, string name)
    {
        string program = Path.Combine(folder, name);
        Compile(program);
        _process = Process.Start(new ProcessStartInfo(program, [name, Children])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("ready", _process.StandardOutput.ReadLine());
    }

    // It ends with its input, and its children with it.
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static void Compile(string program)
    {
        string source = Path.Combine(CommandLine.Root, "tests/Verso.Linux.Tests/Programs/storm.c");
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Join(folder, "clang"))),
            "clang is missing");
        using Process compiler = Process.Start("clang", ["-O1", "-o", program, source]);
        compiler.WaitForExit();
        Assert.Equal(0, compiler.ExitCode);
    }
}
