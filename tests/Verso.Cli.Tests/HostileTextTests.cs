using System.Diagnostics;
using System.Text.Json;
using Verso.Engine;
using Verso.Engine.Images;
using Verso.Engine.Vmas;
using Verso.Traces;
using Verso.Traces.Snapshots;

namespace Verso.Cli.Tests;

/// <summary>
/// Whatever names and texts say, they move no cursor and change no direction on the terminal: every command, every
/// format. JSON stays JSON.
/// </summary>
public sealed class HostileTextTests : IDisposable
{
    private const string Evil = "a\e]0;pwned\a\e[31m\u009b2J\u202eb\u2066\u200f\u2028c\rd\td";

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("info", "{trace}")]
    [InlineData("info", "{trace}", "-j")]
    [InlineData("replay", "{trace}")]
    [InlineData("replay", "{trace}", "--differences")]
    [InlineData("replay", "{trace}", "--merges")]
    [InlineData("replay", "{trace}", "--locks")]
    [InlineData("replay", "{trace}", "--locks", "-j")]
    [InlineData("replay", "{trace}", "--format", "line")]
    [InlineData("explain", "1", "--from", "{trace}")]
    [InlineData("explain", "1", "--full", "--from", "{trace}")]
    [InlineData("explain", "1", "-j", "--from", "{trace}")]
    [InlineData("replay", "{trace}", "-j")]
    [InlineData("compare", "{trace}")]
    [InlineData("compare", "{trace}", "--format", "csv")]
    [InlineData("compare", "{trace}", "--format", "lkp")]
    [InlineData("compare", "{trace}", "-j")]
    [InlineData("compare", "{trace}", "--full")]
    [InlineData("compare", "{trace}", "--format", "markdown", "--label", "a={evil}")]
    [InlineData("report", "{trace}", "-o", "{out}")]
    [InlineData("report", "{trace}", "--format", "text")]
    [InlineData("report", "{trace}", "--format", "markdown")]
    [InlineData("report", "{trace}", "--format", "csv")]
    [InlineData("report", "{trace}", "-j")]
    [InlineData("report", "{snapshot}", "--format", "text")]
    [InlineData("report", "{snapshot}", "-j")]
    [InlineData("report", "{none}")]
    [InlineData("step", "{trace}")]
    [InlineData("step", "{trace}", "--at", "1", "-j")]
    [InlineData("step", "{scenario}")]
    [InlineData("verify", "--engine", "{scenario}")]
    [InlineData("verify", "--engine", "--draw", "{scenario}")]
    [InlineData("verify", "--engine", "-j", "{scenario}")]
    [InlineData("verify", "--engine", "--draw", "{trace}")]
    [InlineData("snapshot", "--from", "{snapshot}")]
    [InlineData("snapshot", "--from", "{snapshot}", "-j")]
    [InlineData("explain", "7", "--from", "{snapshot}")]
    [InlineData("explain", "7", "--full", "--from", "{snapshot}")]
    [InlineData("explain", "7", "--from", "{snapshot}", "-j")]
    [InlineData("explain", "--rmap", "--from", "{snapshot}")]
    [InlineData("explain", "--rmap", "--from", "{snapshot}", "-j")]
    [InlineData("top", "--from", "{snapshot}")]
    [InlineData("top", "--from", "{snapshot}", "-j")]
    [InlineData("import", "strace", "{text}", "-o", "{out}")]
    [InlineData("import", "strace", "{none}", "-o", "{out}")]
    [InlineData("info", "{none}")]
    [InlineData("replay", "{none}")]
    [InlineData("compare", "{none}")]
    [InlineData("verify", "--engine", "{none}")]
    [InlineData("snapshot", "--from", "{none}")]
    [InlineData("snapshot", "-p", "1", "-o", "{none}/x")]
    [InlineData("explain", "{evil}")]
    [InlineData("explain", "--rmap", "--cgroup", "{evil}")]
    [InlineData("top", "--cgroup", "{evil}")]
    [InlineData("record", "-o", "{none}/x", "--", "true")]
    [InlineData("compare", "{trace}", "--designs", "{evil}")]
    [InlineData("replay", "{trace}", "--design", "pte-chain:{evil}=1")]
    [InlineData("completion", "{evil}")]
    [InlineData("{evil}")]
    public void NothingOfItReachesTheTerminal(params string[] words)
    {
        Outcome outcome = CommandLine.Run([.. words.Select(Place)]);
        Assert.NotEqual(70, outcome.Status);
        AssertFit(outcome);
        if (words.Contains("-j"))
        {
            using JsonDocument document = JsonDocument.Parse(outcome.Output);
        }
    }

    [Fact]
    public void NamesOfLiveProcessesToo()
    {
        string program = Path.Combine(_folder, "e\e[31m\u202e");
        CommandLine.CopyProgram("/bin/sleep", program);
        using Process sleeper = Process.Start(program, ["60"]);
        try
        {
            string pid = $"{sleeper.Id}";
            foreach (string[] words in (string[][])
            [
                ["snapshot", "-p", pid], ["explain", pid], ["explain", pid, "--full", "--source", "proc"],
                ["explain", "--rmap", pid], ["top", "-p", pid, "--count", "1"],
            ])
            {
                AssertFit(CommandLine.Run(words));
            }
        }
        finally
        {
            sleeper.Kill();
        }
    }

    [Theory]
    [InlineData("plain ü 😀", "plain ü 😀")]
    [InlineData("\e[2J", "\\e[2J")]
    [InlineData("a\nb\tc\0", "a\\nb\\tc\\x00")]
    [InlineData("\u009b\u202e\u2069\u2028", "\\x9b\\u202e\\u2069\\u2028")]
    public void WhatIsUnfitIsShownEscaped(string text, string shown) =>
        Assert.Equal(shown, Reports.Text.Printable.Of(text));

    [Fact]
    public void AnUnpairedSurrogateIsShownEscaped() =>
        Assert.Equal("\\ud83dx\\ude00", Reports.Text.Printable.Of("\ud83dx\ude00"));

    private static void AssertFit(Outcome outcome) => Assert.DoesNotContain(
        outcome.Output + outcome.Error,
        letter => (char.IsControl(letter) && letter != '\n') || "\u200e\u200f\u2028\u2029\u061c".Contains(letter)
            || letter is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'));

    private string Place(string word)
    {
        foreach ((string name, Action<string> make) in ((string, Action<string>)[])
        [
            ("trace", MakeTrace), ("snapshot", MakeSnapshot), ("scenario", MakeScenario), ("text", MakeText),
        ])
        {
            if (word == $"{{{name}}}")
            {
                string path = Path.Combine(_folder, Evil + (name == "trace" ? ".verso" : ""));
                make(path);
                return path;
            }
        }

        return word.Replace("{none}", Path.Combine(_folder, "no" + Evil)).Replace("{out}", Path.Combine(_folder, "out" + Evil))
            .Replace("{evil}", Evil);
    }

    private static void MakeTrace(string path)
    {
        using FileStream file = File.Create(path);
        TraceHeader header = new() { Source = Evil, Command = Evil, Kernel = Evil, Machine = Evil };
        using TraceWriter writer = new(file, header);
        FileIdentity mapped = new(new FileId(1), FileKind.Regular, 1, 2, 8192, Evil);
        writer.Write(new() { Kind = TraceEventKind.FileDefined, Payload = mapped });
        writer.Write(new() { Kind = TraceEventKind.StackFrame, Mm = 1, Arg0 = 1, Arg2 = 1 });
        writer.Write(new() { Kind = TraceEventKind.StackFrame, Mm = 1, Arg0 = 2, Arg1 = 1, Arg2 = 1, Arg3 = 5 });
        writer.Write(new() { Kind = TraceEventKind.FrameName, Arg0 = 2, Payload = Evil });
        foreach ((ulong start, ulong protection) in ((ulong, ulong)[])[(0x7100_0000, 3), (0x7100_1000, 0), (0x7100_2000, 3)])
        {
            writer.Write(new() { Kind = TraceEventKind.CalledFrom, Mm = 1, Arg0 = 2 });
            writer.Write(new()
            {
                Kind = TraceEventKind.Mmap,
                Mm = 1,
                Arg1 = 4096,
                Arg2 = protection,
                Arg3 = 0x22,
                Result = (long)start,
            });
        }

        writer.Write(new()
        {
            Kind = TraceEventKind.Mmap,
            Mm = 1,
            Arg1 = 8192,
            Arg2 = 1,
            Arg3 = 2,
            Arg4 = 1,
            Result = 0x7000_0000,
        });
        VmaImage vma = new(0x7000_0000, 0x7000_1000, VmaFlags.Read, 0, new FileId(1), 0, []);
        writer.Write(new() { Kind = TraceEventKind.NotFollowed, Mm = 1, Payload = Evil });
        writer.Write(new() { Kind = TraceEventKind.Checkpoint, Mm = 1, Payload = new MmImage { Vmas = [vma], AnonVmas = [] } });
    }

    private static void MakeSnapshot(string path)
    {
        using FileStream file = File.Create(path);
        VmaTraits traits = VmaTraits.None with { Name = Evil };
        VmaFlags flags = VmaFlags.Read | VmaFlags.Write;
        AnonVmaImage node = new(5, 5, 5, 1, 2);
        VmaImage first = new(0x7000_0000, 0x7000_1000, flags, 0x70000, default, 5, [5]) { Traits = traits };
        VmaImage second = first with { Start = 0x7000_1000, End = 0x7000_2000, Pgoff = 0x70001, Traits = VmaTraits.None };
        VmaImage third = new(0x7000_2000, 0x7000_3000, VmaFlags.Read, 0, new FileId(1), 0, []);
        MmImage image = new() { Vmas = [first, second, third], AnonVmas = [node], Identity = 1 };
        SnapshotFile.Write(file, new Snapshot
        {
            Header = new SnapshotHeader { Kernel = Evil, Machine = Evil, Selection = Evil },
            Files = [new FileIdentity(new FileId(1), FileKind.Regular, 1, 2, 8192, Evil)],
            Processes =
            [
                new ProcessGraph(7, Evil, 1, image, GraphReading.Whole)
                {
                    Memory = new ResidentMemory(2, 1, 0, 0, 8192),
                    FilePages = new FilePages(FilePagesReading.Counted, [new MappedFilePages(2, 0, 1)]),
                },
                new ProcessGraph(8, Evil, 2, image with { Identity = 2, Vmas = [third], AnonVmas = [] }, GraphReading.Whole)
                {
                    Memory = new ResidentMemory(2, 1, 0, 0, 8192),
                    FilePages = new FilePages(FilePagesReading.Counted, []),
                },
            ],
        });
    }

    private static void MakeScenario(string path)
    {
        string line = Evil.Replace("\r", "");
        File.WriteAllText(path, $"# {line}\nmap A 4 2 rw  -> page 9{line}\n# {line}\nname A 4 1 {line}\nA: {line}\n");
    }

    private static void MakeText(string path) =>
        File.WriteAllText(path, $"7 execve(\"/bin/{Evil}\", [\"{Evil}\"], 0x7ffe /* 1 vars */) = 0\n7 brk(NULL) = 0x1000\n");
}
