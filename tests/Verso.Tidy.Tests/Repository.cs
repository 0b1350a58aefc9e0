using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Verso.Tidy.Tests;

/// <summary>The files of this repository as git tracks them.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<string> Files { get; } = Git("ls-files", "-co", "--exclude-standard");

    /// <summary>Tracked files with this ending below these folders, relative to the root.</summary>
    public static IEnumerable<string> Under(string ending, params string[] folders) =>
        Files.Where(file => file.EndsWith(ending, StringComparison.Ordinal)
            && (folders.Length == 0 || folders.Any(folder => file.StartsWith(folder + "/", StringComparison.Ordinal)))
            && File.Exists(Path.Combine(Root, file)));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    private static string FindRoot([CallerFilePath] string here = "")
    {
        string? folder = Path.GetDirectoryName(here);
        while (folder is not null && !File.Exists(Path.Combine(folder, "Verso.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("no Verso.slnx above the tests");
    }

    private static string[] Git(params string[] arguments)
    {
        using Process git = Process.Start(new ProcessStartInfo("git", arguments)
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        })!;
        string output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
