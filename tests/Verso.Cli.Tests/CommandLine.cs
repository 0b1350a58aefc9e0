using System.Runtime.CompilerServices;

namespace Verso.Cli.Tests;

/// <summary>Runs the command line in this process, as people type it.</summary>
internal static class CommandLine
{
    public static string Root { get; } = FindRoot();

    public static string Example(string name) => Path.Combine(Root, "examples", name + ".verso");

    public static Outcome Run(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int status = VersoCommandLine.Run(arguments, output, error);
        return new Outcome(status, output.ToString(), error.ToString());
    }

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}

/// <summary>What a run gave.</summary>
internal sealed record Outcome(int Status, string Output, string Error)
{
    /// <summary>Trouble: status 2 and one line that says what; never a stack trace.</summary>
    public void AssertTrouble(string part, int status = 2)
    {
        Assert.Equal(status, Status);
        Assert.StartsWith("verso", Error);
        Assert.Contains(part, Error);
        Assert.True(Error.IndexOf('\n') == Error.Length - 1, Error);
        Assert.DoesNotContain("   at ", Error);
        Assert.Equal("", Output);
    }
}
