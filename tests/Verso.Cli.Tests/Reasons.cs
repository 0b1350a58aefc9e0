namespace Verso.Cli.Tests;

/// <summary>The snapshot of a process with a pair of VMAs for each reason: Fixtures/reasons.c.</summary>
internal static class Reasons
{
    public const string Pid = "19550";

    public static string File { get; } = Path.Combine(CommandLine.Root, "tests/Verso.Cli.Tests/Fixtures/reasons.vsnap");
}
