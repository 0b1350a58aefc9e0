using System.CommandLine;

namespace Verso.Cli;

/// <summary>
/// What may stand at the end of a command line. An option is offered only for a word that begins with a dash; what a
/// value is follows from the name that help gives it.
/// </summary>
internal sealed class Completion
{
    private const string Separator = "--";

    /// <summary>Names of values that are files.</summary>
    private static readonly string[] s_files = ["DIR", "FILE", "IMAGE", "SCENARIO", "TEXT", "TRACE"];

    private readonly List<Candidate> _candidates = [];

    private Completion()
    {
    }

    /// <summary>Words that begin as the last one does.</summary>
    internal IReadOnlyList<Candidate> Candidates => _candidates;

    /// <summary>Whether a name of a file may stand there too.</summary>
    internal bool TakesFile { get; private set; }

    /// <summary>Whether a candidate may go on: no blank follows it.</summary>
    internal bool GoesOn { get; private set; }

    /// <summary>Which of the words begins a command line of its own that holds the last one; -1 if none does.</summary>
    internal int CommandAt { get; private set; } = -1;

    /// <param name="root">The commands.</param>
    /// <param name="words">What follows verso; the last one is being written, and may be empty.</param>
    internal static Completion Of(Command root, IReadOnlyList<string> words)
    {
        Completion completion = new();
        Command command = root;
        Option? open = null;
        int firstArgument = -1;
        bool afterSeparator = false;
        for (int at = 0; at < words.Count - 1; at++)
        {
            string word = words[at];
            if (open is not null)
            {
                open = null;
            }
            else if (!afterSeparator && IsOption(word))
            {
                afterSeparator = word == Separator;
                open = Options(root, command).FirstOrDefault(
                    option => TakesNext(option) && Names(option).Contains(word));
            }
            else if (command != root)
            {
                firstArgument = firstArgument < 0 ? at : firstArgument;
            }
            else if (root.Subcommands.FirstOrDefault(each => each.Name == word) is Command chosen)
            {
                command = chosen;
            }
            else
            {
                return completion;
            }
        }

        string current = words.Count > 0 ? words[^1] : "";
        if (open is not null)
        {
            completion.AddValues(open, open.HelpName, "", current);
        }
        else if (!afterSeparator && current.StartsWith('-'))
        {
            completion.AddOptions(Options(root, command), current);
        }
        else if (command == root)
        {
            IEnumerable<Command> commands = root.Subcommands.Where(each => !each.Hidden);
            completion.Add(current, commands.Select(each => new Candidate(each.Name, Summary(each))));
        }
        else
        {
            completion.AddArgument(command, afterSeparator, firstArgument, words.Count - 1, current);
        }

        return completion;
    }

    /// <summary>The first sentence of what a command says of itself.</summary>
    internal static string Summary(Command command)
    {
        string text = command.Description ?? "";
        int end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd('.');
    }

    /// <summary>The options of a command, with those that all commands have.</summary>
    internal static IEnumerable<Option> Options(Command root, Command command) => command == root
        ? root.Options
        : command.Options.Concat(root.Options.Where(option => option.Recursive && !command.Options.Contains(option)));

    /// <summary>As they are written, short ones first.</summary>
    internal static IEnumerable<string> Names(Option option) => option.Aliases.Append(option.Name)
        .Where(name => name.StartsWith('-') && name != "-?")
        .OrderBy(name => name.StartsWith(Separator, StringComparison.Ordinal));

    /// <summary>Whether a value has to follow.</summary>
    internal static bool TakesNext(Option option) => option.Arity.MinimumNumberOfValues > 0;

    private static bool IsOption(string word) => word.StartsWith('-') && word.Length > 1;

    private void AddOptions(IEnumerable<Option> options, string current)
    {
        int sign = current.IndexOf('=', StringComparison.Ordinal);
        if (sign < 0)
        {
            Add(current, options.SelectMany(
                option => Names(option).Select(name => new Candidate(name, option.Description ?? ""))));
        }
        else if (options.FirstOrDefault(option => Names(option).Contains(current[..sign])) is Option option)
        {
            AddValues(option, option.HelpName, current[..(sign + 1)], current[(sign + 1)..]);
        }
    }

    private void AddArgument(Command command, bool afterSeparator, int first, int at, string current)
    {
        if (command.Arguments.FirstOrDefault() is not Argument argument)
        {
            return;
        }

        if (argument.Name == "COMMAND" || (afterSeparator && command is DocumentedCommand { RunsCommand: true }))
        {
            CommandAt = first < 0 ? at : first;
        }
        else if (first < 0 || argument.Arity.MaximumNumberOfValues > 1)
        {
            AddValues(argument, argument.HelpName ?? argument.Name, "", current);
        }
    }

    private void AddValues(Symbol symbol, string? name, string before, string current)
    {
        TakesFile = s_files.Contains(name);
        GoesOn = name is "DESIGN" or "LIST";
        IEnumerable<string> words = name?.Contains('|', StringComparison.Ordinal) == true ? name.Split('|')
            : symbol is Option<string> or Argument<string> or Argument<string[]> ? Listed(symbol)
            : [];
        Add(before + current, words.Select(word => new Candidate(before + word, "")));
        if (name == "LIST")
        {
            Add(before + current, [new Candidate(before + "all", "every design")]);
            int comma = current.LastIndexOf(',') + 1;
            (before, current) = (before + current[..comma], current[comma..]);
        }

        if (GoesOn)
        {
            IEnumerable<Candidate> designs = DesignWords.For(current);
            Add(before + current, designs.Select(design => design with { Word = before + design.Word }));
        }
    }

    private static IEnumerable<string> Listed(Symbol symbol) =>
        symbol.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Select(item => item.Label);

    private void Add(string current, IEnumerable<Candidate> candidates) => _candidates.AddRange(
        candidates.Where(candidate => candidate.Word.StartsWith(current, StringComparison.Ordinal)));

    /// <summary>A word, and what it means.</summary>
    internal sealed record Candidate(string Word, string Meaning);
}
