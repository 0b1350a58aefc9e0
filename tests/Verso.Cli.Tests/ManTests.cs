using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Verso.Cli.Tests;

/// <summary>The manual says what help says: every command has its page, every option its place there.</summary>
public sealed partial class ManTests : IDisposable
{
    private const string Man = "/usr/bin/man";

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    public ManTests()
    {
        ProcessStartInfo start = new(CommandLine.Program, ["man", _folder]);
        start.Environment["SOURCE_DATE_EPOCH"] = "86400";
        Assert.Equal(new Outcome(0, "", ""), CommandLine.Run(start));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void EveryCommandAndOptionIsThere()
    {
        string[] commands = [.. Command().Matches(Help("").Split("\nCommands:\n")[1]).Select(match => match.Groups[1].Value)];
        Assert.True(commands.Length >= 12);
        Assert.Equal(
            commands.Select(name => $"verso-{name}.1").Append("verso.1").Order(StringComparer.Ordinal),
            Directory.GetFiles(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        string root = Page("verso");
        foreach (string name in commands)
        {
            Assert.Contains($"\n\\fB{name}\\fR\n", root);
            AssertSameOptions(Help(name), Page($"verso-{name}"));
        }

        AssertSameOptions(Help(""), root);
    }

    [Fact]
    public void EveryExitStatusIsThere()
    {
        string source = File.ReadAllText(Path.Combine(CommandLine.Root, "src/Verso.Cli/ExitStatus.cs"));
        MatchCollection statuses = Status().Matches(source);
        Assert.True(statuses.Count >= 7);
        Assert.All(statuses, status => Assert.Contains($"\n\\fB{status.Groups[1]}\\fR\n", Page("verso")));
    }

    [Fact]
    public void SaysNothingOfTheMachine()
    {
        Assert.StartsWith(".TH VERSO 1 1970-01-02 \"verso ", Page("verso"));
        Assert.DoesNotContain($"default: {Environment.ProcessorCount}\n", Page("verso-compare"));
    }

    [Fact]
    public void FormatsWithoutAWarning()
    {
        Assert.SkipUnless(File.Exists(Man), "man is missing: apt install man-db");
        foreach (string file in Directory.GetFiles(_folder))
        {
            ProcessStartInfo start = new(Man, ["--warnings", "-E", "UTF-8", "-l", file]);
            (start.Environment["MANWIDTH"], start.Environment["LC_ALL"]) = ("80", "C.UTF-8");
            Outcome outcome = CommandLine.Run(start);
            Assert.Equal((0, ""), (outcome.Status, outcome.Error));
            Assert.Contains("EXIT STATUS", outcome.Output);
        }
    }

    private static string Help(string command) =>
        CommandLine.Run(command.Length == 0 ? ["--help"] : [command, "--help"]).Output;

    private static void AssertSameOptions(string help, string page)
    {
        MatchCollection options = Option().Matches(help.Split("\nOptions:\n")[1].Split("\nCommands:\n")[0]);
        Assert.NotEmpty(options);
        foreach (string name in options.SelectMany(match => match.Groups[1].Value.Split(", ")).Where(name => name != "-?"))
        {
            Assert.Contains($"\\fB{name.Replace("-", "\\-", StringComparison.Ordinal)}\\fR", page);
        }
    }

    private string Page(string name) => File.ReadAllText(Path.Combine(_folder, name + ".1"));

    [GeneratedRegex(@"^  ([a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"^  (-[^ ,]+(?:, -[^ ,]+)*)", RegexOptions.Multiline)]
    private static partial Regex Option();

    [GeneratedRegex(@"const int \w+ = (\d+);")]
    private static partial Regex Status();
}
