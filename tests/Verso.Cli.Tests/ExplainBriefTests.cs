using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Verso.Traces.Snapshots;

namespace Verso.Cli.Tests;

/// <summary>verso explain without --full: an answer that stays on the screen, whatever the process.</summary>
public sealed class ExplainBriefTests : IDisposable
{
    private const int MostLines = 8;
    private const int MostColumns = 80;

    /// <summary>What less shows below a page when it waits for a key.</summary>
    private const string Prompt = ":\e[K";

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    /// <summary>Every process of every snapshot that is kept.</summary>
    public static TheoryData<string, int> Processes
    {
        get
        {
            TheoryData<string, int> all = [];
            foreach (string file in (string[])[Reasons.File, Path.Combine(CommandLine.Root, "examples/redis-fork.vsnap")])
            {
                Load(file).Processes.ToList().ForEach(process => all.Add(file, process.Pid));
            }

            return all;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Processes))]
    public void AFewLinesThatFit(string file, int pid)
    {
        string output = Explained(file, pid);
        AssertFits(output, MostLines);
        Assert.StartsWith($"{pid} ", output, StringComparison.Ordinal);
        Assert.EndsWith("\n--full: all pairs by reason, with addresses and remedies\n", output, StringComparison.Ordinal);
    }

    /// <summary>What a script reads is what the lines say.</summary>
    [Theory]
    [MemberData(nameof(Processes))]
    public void JsonSaysTheSame(string file, int pid)
    {
        string output = string.Join(' ', Words(Explained(file, pid)));
        using JsonDocument document = JsonDocument.Parse(
            CommandLine.Run("explain", $"{pid}", "-j", "--from", file).Output);
        if (!document.RootElement.TryGetProperty("main", out JsonElement main))
        {
            Assert.DoesNotContain("to do: ", output);
            return;
        }

        Assert.Contains($"cause: {main.GetProperty("plain").GetString()}, {main.GetProperty("pairs").GetInt32():N0} ", output);
        Assert.Contains(
            $"where: {main.GetProperty("start").GetString()![2..]}-{main.GetProperty("end").GetString()![2..]} ", output);
        Assert.Contains($"after: {main.GetProperty("vmasAtMost").GetInt32():N0} VMA", output);
        string full = CommandLine.Run("explain", $"{pid}", "--full", "--from", file).Output;
        Assert.Contains(main.GetProperty("remedy").GetString()!, string.Join(' ', Words(full)));
    }

    [Fact]
    public void ASnapshotOfOneProcessIsItself()
    {
        string pid = Reasons.Pid;
        Snapshot snapshot = Load(Reasons.File);
        Assert.Single(snapshot.Processes);
        string named = Explained(Reasons.File, int.Parse(pid, CultureInfo.InvariantCulture));
        Assert.Equal(named, CommandLine.Run("explain", "--from", Reasons.File).Output);

        // Standard input can be read once only.
        Assert.Equal(named, CommandLine.Run(new ProcessStartInfo(
            "sh", ["-c", $"exec {CommandLine.Program} explain --from - < {Reasons.File}"])).Output);
        string many = Path.Combine(CommandLine.Root, "examples/redis-fork.vsnap");
        CommandLine.Run("explain", "--from", many).AssertTrouble("processes: name one, for example ");
    }

    /// <summary>What makes figures doubtful, and what fails at the limit, is said in the few lines too.</summary>
    [Fact]
    public void DoubtsAndTheLimitAreSaid()
    {
        Snapshot snapshot = Load(Reasons.File);
        string file = Path.Combine(_folder, "full.vsnap");
        using (FileStream stream = File.Create(file))
        {
            SnapshotFile.Write(
                stream, snapshot with { Header = snapshot.Header with { Kernel = "6.12.5-amd64", MaxMapCount = 44 } });
        }

        string output = Explained(file, int.Parse(Reasons.Pid, CultureInfo.InvariantCulture));
        AssertFits(output, MostLines + 3);
        Assert.Contains("\nat the limit, calls fail: mremap, mprotect, mlock, mbind, madvise, munmap, mmap\n", output);
        Assert.Contains("\nby the rules of Linux 6.12.107 (series), this is 6.12.5-amd64\n", output);
    }

    [Fact]
    public void OfAProcessWithLittleItSaysSo()
    {
        using Sleeper sleeper = new();
        Outcome outcome = CommandLine.Run("explain", sleeper.Id, "--source", "proc");
        Assert.Equal(0, outcome.Status);
        Assert.Contains("\nnothing to gain: none of ", outcome.Output);
        AssertFits(outcome.Output, 3);
    }

    /// <summary>On a narrow terminal lines are shorter, and addresses whole.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("--full")]
    public void LinesFitTheTerminal(string option)
    {
        using Terminal terminal = new();
        terminal.Resize(200, 64);
        string shown = Shown(terminal, $"{Command} {option}; echo $? ended", "0 ended\r\n");
        Assert.Contains(option.Length == 0 ? "100007000000-100007003000" : "100007001000,", shown);
        Assert.All(Plain(shown).Split("\r\n")[1..], line => Assert.True(line.Length <= 64, line));
    }

    /// <summary>What is longer than the terminal goes through the pager, whole; the answer itself does not.</summary>
    [Fact]
    public void AllOfItGoesThroughThePager()
    {
        using Terminal terminal = new();
        string shown = Shown(terminal, $"PAGER='tr a-z A-Z' {Command} --full; echo $? ended", "0 ended\r\n");
        Assert.Contains("MAIN CAUSE: ", shown);
        Assert.Contains("NEVER ONE", shown);
        Assert.DoesNotContain("MAIN CAUSE: ", Shown(
            terminal, $"PAGER='tr a-z A-Z' NO_PAGER=1 {Command} --full; echo $? ended", "0 ended\r\n"));
        Assert.Contains("to do: ", Plain(Shown(terminal, $"PAGER='tr a-z A-Z' {Command}; echo $? ended", "0 ended\r\n")));
        Assert.Contains("main cause: ", Shown(
            terminal, $"PAGER=false {Command} --full | cat; echo $? ended", "0 ended\r\n"));
    }

    [Theory]
    [InlineData("no-such-pager", "main cause: ")]
    [InlineData("/", "main cause: ")]
    [InlineData("", "main cause: ")]
    [InlineData("head -1", "44 VMAs")]
    [InlineData("echo instead", "instead")]
    public void APagerThatIsMissingOrEndsIsNoError(string pager, string seen)
    {
        using Terminal terminal = new();
        Assert.Contains(seen, Shown(terminal, $"PAGER='{pager}' {Command} --full; echo $? ended", "0 ended\r\n"));
        terminal.Type("echo still here | tr a-z A-Z\n");
        _ = terminal.Await("STILL HERE");
        Assert.True(terminal.Echoes);
    }

    /// <summary>Keys are the pager's, Ctrl-C too; q ends both, and the shell has its terminal back.</summary>
    [Fact]
    public void LessIsLeftByItsKey()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/less"), "needs less");
        using Terminal terminal = new();
        terminal.Type($"unset PAGER LESS; {Command} --full; echo $? ended\n");
        string page = Plain(terminal.Await(Prompt));
        Assert.Contains("  pairs  only this  VMAs if undone now  if never so", page);
        terminal.Type("\u0003");
        _ = terminal.Await("\a");

        // Between its prompt and its read, less takes Ctrl-C with the next key.
        terminal.Type("GG");
        _ = terminal.Await("never one");
        terminal.Type("q");
        _ = terminal.Await("0 ended\r\n");
        Assert.True(terminal.Echoes);
    }

    private static string Command =>
        $"{CommandLine.Program} explain {Reasons.Pid} --from {Reasons.File}";

    private static string Shown(Terminal terminal, string command, string end)
    {
        terminal.Type(command + "\n");
        _ = terminal.Await("ended\r\n");
        return terminal.Await(end);
    }

    private static string Plain(string shown) =>
        string.Concat(shown.Split('\e').Select((part, at) => at == 0 ? part : part[(part.IndexOf('m', StringComparison.Ordinal) + 1)..]));

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static void AssertFits(string output, int lines)
    {
        string[] all = output.TrimEnd('\n').Split('\n');
        Assert.True(all.Length <= lines, output);
        Assert.All(all, line => Assert.True(line.Length <= MostColumns, line));
    }

    private static string Explained(string file, int pid)
    {
        Outcome outcome = CommandLine.Run("explain", $"{pid}", "--from", file);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return outcome.Output;
    }

    private static Snapshot Load(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return SnapshotFile.Read(stream);
    }
}
