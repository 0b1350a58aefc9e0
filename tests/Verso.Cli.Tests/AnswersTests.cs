using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Verso.Cli.Tests;

/// <summary>
/// The pages of docs/answers, and what designs came to in docs/designs: below a command line in a block of code stands what
/// the command prints, byte for byte. VERSO_UPDATE_GOLDEN=1 writes the pages anew; look at the diff.
/// </summary>
public sealed class AnswersTests
{
    private const string Fence = "```";
    private const string Prompt = "$ ";

    private static string Folder { get; } = Path.Combine(CommandLine.Root, "docs/answers");

    public static TheoryData<string> Answers => [.. Directory.GetFiles(Folder, "*.md").Where(IsPage).Select(path => Path.GetFileName(path)).Order()];

    /// <summary>Paths from the root.</summary>
    public static TheoryData<string> Pages =>
    [
        .. Directory.GetFiles(Path.GetDirectoryName(Folder)!, "*.md", SearchOption.AllDirectories)
            .Where(path => File.ReadAllText(path).Contains("\n$ verso", StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(CommandLine.Root, path)).Order(),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryCommandPrintsWhatThePageSays(string page)
    {
        string path = Path.Combine(CommandLine.Root, page);
        string text = File.ReadAllText(path);
        StringBuilder anew = new();
        int commands = 0;
        bool isInside = false;
        bool isOutput = false;
        foreach (string line in text.Split('\n')[..^1])
        {
            isInside ^= line.StartsWith(Fence, StringComparison.Ordinal);
            isOutput &= isInside && !line.StartsWith(Prompt, StringComparison.Ordinal);
            if (isOutput)
            {
                continue;
            }

            anew.Append(line).Append('\n');
            if (isInside && line.StartsWith(Prompt, StringComparison.Ordinal))
            {
                commands++;
                isOutput = true;
                anew.Append(Run(line[Prompt.Length..]));
            }
        }

        Assert.True(commands > 0, $"{page} has no command");
        if (Environment.GetEnvironmentVariable("VERSO_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, anew.ToString());
            return;
        }

        Assert.Equal(text, anew.ToString());
    }

    /// <summary>What a page must have: where the question comes from, and what the answer does not show.</summary>
    [Theory]
    [MemberData(nameof(Answers))]
    public void EveryPageSaysWhoAsksAndWhatItDoesNotShow(string page)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Folder, page));
        Assert.StartsWith("# ", lines[0]);
        Assert.EndsWith("?", lines[0]);
        Assert.Contains(lines, line => line.StartsWith("**Asked by** ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("**Answer.** ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("**Not shown.** ", StringComparison.Ordinal));
        Assert.Contains($"({page})", File.ReadAllText(Path.Combine(Folder, "README.md")));
    }

    /// <summary>
    /// Each row of the page of claims has a verdict; each command in it prints something; and the page counts them right.
    /// </summary>
    [Fact]
    public void EveryClaimHasItsCommand()
    {
        string page = File.ReadAllText(Path.Combine(Folder, "claims.md"));
        string[][] rows =
        [
            .. page.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsDigit(line[2]))
                .Select(line => line.Trim('|').Replace("\\|", "\u0001", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries)),
        ];
        Assert.Equal(Enumerable.Range(1, rows.Length), rows.Select(row => int.Parse(row[0], CultureInfo.InvariantCulture)));
        int seen = rows.Count(row => row[3].Length > 0);
        Assert.Contains($"{seen} of {rows.Length} are seen from a command", page, StringComparison.Ordinal);
        string[] commands =
        [
            .. rows.SelectMany(row => row[3].Split('`').Where(part => part.StartsWith("verso ", StringComparison.Ordinal)))
                .Select(part => part.Replace('\u0001', '|')).Distinct(),
        ];
        foreach (string command in commands)
        {
            Assert.True(Run(command).Length > 1, $"{command}: prints nothing");
        }

        foreach (string link in rows.SelectMany(row => row[3].Split("](").Skip(1).Select(rest => rest.Split(')')[0].Split('#')[0])))
        {
            Assert.True(File.Exists(Path.Combine(Folder, link)), $"claims.md: no {link}");
        }
    }

    private static bool IsPage(string path) => Path.GetFileName(path) != "README.md";

    private static string Run(string command)
    {
        ProcessStartInfo start = new("bash", ["-c", "verso() { \"$PROGRAM\" \"$@\"; }; " + command])
        {
            WorkingDirectory = CommandLine.Root,
        };
        start.Environment["PROGRAM"] = CommandLine.Program;
        Outcome outcome = CommandLine.Run(start);
        Assert.True(outcome is { Status: 0, Error: "" }, $"{command}: status {outcome.Status}, {outcome.Error}");
        return string.Concat(outcome.Output.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd() + "\n"));
    }
}
