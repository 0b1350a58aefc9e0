using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Verso.Cli.Tests;

/// <summary>What shells complete: asked of verso, and typed into each shell with a tab.</summary>
public sealed partial class CompletionTests : IDisposable
{
    /// <summary>What is typed, each with the words that verso is then given.</summary>
    private static readonly (string Keys, string[] Words)[] _typed =
    [
        ("exp\t", ["explain"]),
        ("compare e\t", ["compare", "early.verso"]),
        ("compare sp\t", ["compare", "sp ace.verso"]),
        ("compare x\t", ["compare", "x"]),
        ("replay ear\t --verify", ["replay", "early.verso", "--verify"]),
        ("compare --des\t", ["compare", "--designs"]),
        ("compare --designs pte-chain,refl\t", ["compare", "--designs", "pte-chain,reflink"]),
        ("compare --designs=pte-chain,relo\t", ["compare", "--designs=pte-chain,relocate-anon"]),
        ("replay --design reflink:f\t", ["replay", "--design", "reflink:free="]),
        ("replay --design reflink:\t", ["replay", "--design", "reflink:"]),
        ("replay --design reflink:step=6:free=w\t ear\t", ["replay", "--design", "reflink:step=6:free=whole", "early.verso"]),
        ("replay --design=anon-vma:lookup=p\t", ["replay", "--design=anon-vma:lookup=prio-tree"]),
        ("verify --mix every\t", ["verify", "--mix", "everything"]),
        ("verify --seed e\t", ["verify", "--seed", "e"]),
        ("record -o ear\t", ["record", "-o", "early.verso"]),
        ("record --output=ear\t", ["record", "--output=early.verso"]),
        ("record -- only-h\t", ["record", "--", "only-here"]),
        ("record -- only-here ear\t", ["record", "--", "only-here", "early.verso"]),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("verso-cli-tests-").FullName;

    /// <summary>In a home without this folder fish reads all man pages, and goes on when it has ended.</summary>
    public CompletionTests() => Directory.CreateDirectory(Path.Combine(_folder, ".local/share/fish/generated_completions"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void NoOptionForALetter()
    {
        foreach (string command in Commands().Append(""))
        {
            foreach (char letter in command.Length == 0 ? "abcdefghijklmnopqrstuvwxyz-/0." : "adrsv-/0")
            {
                string[] words = command.Length == 0 ? [] : [command];
                string[] candidates = [.. Ask([.. words, letter.ToString()]).Skip(1)];
                Assert.All(candidates, word => Assert.Equal(letter, word[0]));
                Assert.True(letter != '-' || candidates.Contains("--help"), $"{command} -: {string.Join(' ', candidates)}");
            }
        }
    }

    /// <summary>Each value is a file, one of a list, or one of those that nothing can be said of.</summary>
    [Fact]
    public void EveryValueIsKnown()
    {
        string[] free =
        [
            "ADDR", "ADDRESS:PORT", "COMMAND", "KEY=VALUE", "N", "NAMES", "PATH", "PERCENT", "PID", "PREFIXES", "RELEASE", "ROUNDS", "SECONDS",
            "SIZE", "WORD",
        ];
        foreach (string command in Commands())
        {
            foreach (Match option in ValueOption().Matches(CommandLine.Run(command, "--help").Output))
            {
                string[] answer = Ask(command, option.Groups[1].Value + "=");
                Assert.True(answer[0] == "file" || answer.Length > 1 || free.Contains(option.Groups[2].Value),
                    $"{command} {option.Value}: {string.Join(' ', answer)}");
            }
        }
    }

    [Theory]
    [InlineData("file", "compare", "")]
    [InlineData("file", "compare", "--verify", "")]
    [InlineData("file", "replay", "--locks", "")]
    [InlineData("file", "info", "--", "-")]
    [InlineData("word", "replay", "a.verso", "")]
    [InlineData("word", "no-such-command", "")]
    [InlineData("word|64|32", "compare", "--word", "")]
    [InlineData("word|lkp", "compare", "--format", "l")]
    [InlineData("word open|none", "explain", "--designs", "n")]
    [InlineData("word open|all", "compare", "--designs", "al")]
    [InlineData("word open|reflink:step=6|reflink:step=5|reflink:step=4|reflink:step=3|reflink:step=2|reflink:step=1",
        "compare", "--designs", "reflink:step=")]
    [InlineData("word open|reflink:step=1:free=exact|reflink:step=1:free=whole", "compare", "--designs", "reflink:step=1:")]
    [InlineData("word open|all,reflink", "compare", "--designs", "all,refl")]
    [InlineData("file|strace", "import", "s")]
    [InlineData("command=1", "record", "")]
    [InlineData("command=4", "record", "-o", "x", "--", "make", "-")]
    public void WhatMayFollow(string answer, params string[] words) => Assert.Equal(answer, string.Join('|', Ask(words)));

    [Theory]
    [InlineData("/bin/bash", "bash --norc -i", "source <(verso completion bash)")]
    [InlineData("/usr/bin/zsh", "zsh -f", "autoload -Uz compinit && compinit -u -D; source <(verso completion zsh)")]
    [InlineData("/usr/bin/fish", "fish --private", "verso completion fish | source")]
    public void Typed(string shell, string start, string setUp)
    {
        Assert.SkipUnless(File.Exists(shell), $"{shell} is missing: apt install {Path.GetFileName(shell)}");
        File.WriteAllText(Path.Combine(_folder, "early.verso"), "");
        File.WriteAllText(Path.Combine(_folder, "sp ace.verso"), "");
        string given = Path.Combine(_folder, ".given");
        Script("verso", $"case $1 in complete | completion) exec {CommandLine.Program} \"$@\" ;; esac\n"
            + $"printf '%s\\n' \"$@\" > {given}; printf '%s\\n' ++''+\n");
        Script("only-here", "");
        using Terminal terminal = new();
        terminal.Type($"cd {_folder}; export PATH=$PWD/.bin:$PATH HOME=$PWD XDG_CONFIG_HOME=$PWD/.fish HISTFILE= LC_ALL=C.UTF-8; exec {start}\n");
        terminal.Type($"{setUp}\nverso ready\n");
        _ = terminal.Await("+++");
        foreach ((string keys, string[] words) in _typed)
        {
            File.Delete(given);
            terminal.Type($"verso {keys}\n");
            string shown = terminal.Await("+++");
            Assert.True(words.SequenceEqual(File.ReadAllLines(given)),
                $"{shell}: verso {keys} gave {string.Join('|', File.ReadAllLines(given))}: {shown}");
        }
    }

    private static string[] Ask(params string[] words)
    {
        Outcome outcome = CommandLine.Run(["complete", "--", .. words]);
        Assert.Equal((0, ""), (outcome.Status, outcome.Error));
        return [.. outcome.Output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t')[0])];
    }

    private static string[] Commands() => [.. Ask("").Skip(1)];

    private void Script(string name, string text)
    {
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, ".bin")).FullName, name);
        string written = Path.Combine(_folder, ".script");
        File.WriteAllText(written, "#!/bin/bash\n" + text);
        Assert.Equal(0, CommandLine.Run(new ProcessStartInfo("install", ["-m", "755", written, path])).Status);
    }

    [GeneratedRegex(@"^ +(?:-\w, )?(--[\w-]+) <([^>]+)>", RegexOptions.Multiline)]
    private static partial Regex ValueOption();
}
