using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Verso.Cli.Tests;

/// <summary>
/// Runs the command line as people do: what ./verso starts, where ./test names it, else the program built beside the
/// tests.
/// </summary>
internal static class CommandLine
{
    private const string ProgramVariable = "VERSO_PROGRAM";

    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(3);

    public static string Root { get; } = FindRoot();

    /// <summary>The file that is run.</summary>
    public static string Program { get; } =
        Environment.GetEnvironmentVariable(ProgramVariable) ?? Path.Combine(AppContext.BaseDirectory, "verso");

    public static string Example(string name) => Path.Combine(Root, "examples", name + ".verso");

    public static Outcome Run(params string[] arguments) => Run(new ProcessStartInfo(Program, arguments));

    /// <summary>The script that people start; skips where that is not what is tested.</summary>
    public static string RequireLauncher()
    {
        Assert.SkipWhen(
            Environment.GetEnvironmentVariable(ProgramVariable) is null, $"{ProgramVariable} is not set, as ./test does");
        return Path.Combine(Root, "verso");
    }

    /// <summary>Runs a program to its end, with nothing to read.</summary>
    public static Outcome Run(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(_longest))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{start.FileName} {string.Join(' ', start.ArgumentList)} does not end");
        }

        return new Outcome(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>
    /// Copies a program that is to be started. What this process writes itself is ETXTBSY while another test starts
    /// something: between its fork and its exec the child has the file open for writing.
    /// </summary>
    public static void CopyProgram(string from, string to) =>
        Assert.Equal(0, Run(new ProcessStartInfo("cp", ["--preserve=mode", "--", from, to])).Status);

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}

/// <summary>What a run gave.</summary>
internal sealed record Outcome(int Status, string Output, string Error)
{
    /// <summary>Trouble: status 2 and one line that says what; never a stack trace.</summary>
    public void AssertTrouble(string part, int status = 2)
    {
        Assert.True(status == Status, $"status {Status}: {Error}");
        Assert.StartsWith("verso", Error);
        Assert.Contains(part, Error);
        Assert.True(Error.IndexOf('\n') == Error.Length - 1, Error);
        Assert.DoesNotContain("   at ", Error);
        Assert.Equal("", Output);
    }
}
