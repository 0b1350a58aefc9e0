using System.Text;

namespace Verso.Cli.Tests;

/// <summary>Every command says an error of a file in the kernel's words, with the path: never in a sentence of .NET.</summary>
public sealed class FileErrorTests : IDisposable
{
    private static readonly string[][] _readers =
    [
        ["info"], ["replay"], ["compare"], ["import"], ["verify", "--engine"], ["snapshot", "--from"], ["top", "--from"],
        ["explain", "1", "--from"], ["explain", "--rmap", "--from"], ["report", "-j"], ["step"],
    ];

    private static readonly string[] _sentences = ["Access to the path", "Could not find", "is denied", "fully qualified", " : '"];

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("none", "none: No such file or directory")]
    [InlineData("none/none", "none/none: No such file or directory")]
    [InlineData("loop", "loop: Too many levels of symbolic links")]
    [InlineData("LONG", ": File name too long")]
    public void WhatCannotBeRead(string name, string part)
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "loop"), Path.Combine(_folder, "loop"));
        string path = Path.Combine(_folder, name.Replace("LONG", new string('x', 300), StringComparison.Ordinal));
        foreach (string[] reader in _readers)
        {
            string[] output = reader[0] == "import" ? ["-o", Path.Combine(_folder, "out")] : [];
            AssertSaid(CommandLine.Run([.. reader, path, .. output]), part);
        }
    }

    [Fact]
    public void ADirectoryIsNoFile()
    {
        foreach (string[] reader in _readers.Where(reader => reader[0] != "verify"))
        {
            string[] output = reader[0] == "import" ? ["-o", Path.Combine(_folder, "out")] : [];
            Outcome outcome = CommandLine.Run([.. reader, _folder, .. output]);
            AssertSaid(outcome, _folder);
            Assert.Contains("directory", outcome.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("none/out", "none/out: No such file or directory")]
    [InlineData("LONG", ": File name too long")]
    [InlineData("/dev/full", "/dev/full: No space left on device")]
    [InlineData("/proc/none", "/proc/none: No such file or directory")]
    public void WhatCannotBeWritten(string name, string part)
    {
        string text = Path.Combine(CommandLine.Root, "tests/Verso.Traces.Tests/Fixtures/strace-f-o-y.txt");
        string path = Path.Combine(_folder, name.Replace("LONG", new string('x', 300), StringComparison.Ordinal));
        AssertSaid(CommandLine.Run("import", "strace", text, "-o", path), part);
    }

    /// <summary>As editors of other systems save text.</summary>
    [Fact]
    public void AByteOrderMarkIsNoText()
    {
        string scenario = Path.Combine(_folder, "s.txt");
        File.WriteAllText(scenario, "map A 4 3 rw\nwrite A 4 1\n", new UTF8Encoding(true));
        Outcome played = CommandLine.Run("verify", "--engine", scenario);
        Assert.True(played.Status == 0, played.ToString());

        string source = Path.Combine(CommandLine.Root, "tests/Verso.Traces.Tests/Fixtures/strace-f-o-y.txt");
        string marked = Path.Combine(_folder, "strace.txt");
        File.WriteAllText(marked, File.ReadAllText(source), new UTF8Encoding(true));
        string output = Path.Combine(_folder, "out.verso");
        Outcome imported = CommandLine.Run("import", marked, "-o", output);
        Assert.True(imported.Status == 0, imported.ToString());
        Assert.Contains("85 events", imported.Error, StringComparison.Ordinal);
    }

    private static void AssertSaid(Outcome outcome, string part)
    {
        outcome.AssertTrouble(part);
        Assert.All(_sentences, sentence => Assert.DoesNotContain(sentence, outcome.Error, StringComparison.Ordinal));
    }
}
