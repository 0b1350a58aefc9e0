namespace Verso.Cli.Tests;

/// <summary>What import says of what it had to assume.</summary>
public sealed class ImportCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("verso-import-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("", "taken for threads of one process; --unknown-tasks processes: for a process each")]
    [InlineData("threads", "taken for threads of one process; --unknown-tasks processes: for a process each")]
    [InlineData("processes", "taken for a process each; --unknown-tasks threads: for threads of one process")]
    public void WhatUnknownTasksWereTakenFor(string asked, string said)
    {
        string text = Path.Combine(CommandLine.Root, "tests/Verso.Traces.Tests/Fixtures/strace-attach-threads.txt");
        string[] option = asked.Length == 0 ? [] : ["--unknown-tasks", asked];
        Outcome outcome = CommandLine.Run(["import", text, "-o", Path.Combine(_folder, "t.verso"), .. option]);
        Assert.Equal(0, outcome.Status);
        Assert.Contains($"verso: 4 more tasks whose start is not in the text: {said}\n", outcome.Error);
    }

    [Fact]
    public void WhatIsReadIsNotReplaced()
    {
        string text = Path.Combine(_folder, "calls.txt");
        const string Calls = "7 brk(NULL) = 0x1000\n";
        File.WriteAllText(text, Calls);
        string link = Path.Combine(_folder, "link");
        _ = File.CreateSymbolicLink(link, text);
        foreach (string output in (string[])[text, link])
        {
            Outcome outcome = CommandLine.Run("import", text, "-o", output);
            Assert.Equal(2, outcome.Status);
            Assert.Contains($"'{output}' is the input; write to another file\n", outcome.Error);
            Assert.Equal(Calls, File.ReadAllText(text));
        }
    }

    [Fact]
    public void OneOfEachIsNotMany()
    {
        string text = Path.Combine(_folder, "calls.txt");
        File.WriteAllText(text, "7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000\n");
        Outcome outcome = CommandLine.Run("import", text, "-o", Path.Combine(_folder, "t.verso"));
        Assert.Equal(0, outcome.Status);
        Assert.Contains(", 1 memory call, 1 task: ", outcome.Error);
    }

    [Fact]
    public void ManyLinesWithoutAMemoryCall()
    {
        string text = Path.Combine(_folder, "reads.txt");
        File.WriteAllText(text, string.Concat(Enumerable.Repeat("7 read(3, \"\", 1) = 0\n", 1581)));
        Outcome outcome = CommandLine.Run("import", text, "-o", Path.Combine(_folder, "t.verso"));
        Assert.Equal(2, outcome.Status);
        Assert.Contains("nothing to import: no memory calls in 1,581 lines of strace\n", outcome.Error);
        Assert.False(File.Exists(Path.Combine(_folder, "t.verso")));
    }
}
