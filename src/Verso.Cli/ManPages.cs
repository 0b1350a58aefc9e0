using System.CommandLine;
using System.Globalization;
using System.Reflection;
using Verso.Engine.ReverseMaps;

namespace Verso.Cli;

/// <summary>The manual, made of what help is made of: verso(1), and a page for each command.</summary>
internal static class ManPages
{
    private const string DesignsPage = "verso-designs";

    /// <summary>What commands look at; of PATH and TMPDIR what is said here.</summary>
    private static readonly (string Name, string Meaning)[] s_environment =
    [
        ("NO_COLOR", "If set and not empty, --color auto uses no colours."),
        ("TERM", "If unset or dumb, --color auto uses no colours."),
        ("TMPDIR", "Where standard input and pipes are copied to that are read several times; default: /tmp."),
        ("VERSO_BPF_LOG", "If set, libbpf says on standard error what it does, and why the kernel refuses a program."),
    ];

    /// <summary>Each page by the name of its file.</summary>
    internal static IEnumerable<(string File, string Text)> Of(Command root)
    {
        Command[] commands = [.. root.Subcommands.Where(command => !command.Hidden)];
        string[] names = ["verso", .. commands.Select(PageName)];
        yield return ("verso.1", Page(root, root, names, roff => Commands(roff, commands)));
        foreach (Command command in commands)
        {
            string page = PageName(command);
            yield return ($"{page}.1", Page(root, command, names, roff => Designs(roff, page)));
        }
    }

    private static string PageName(Command command) => $"verso-{command.Name}";

    private static string Page(Command root, Command command, string[] names, Action<Roff> own)
    {
        bool isRoot = command == root;
        string name = isRoot ? "verso" : PageName(command);
        string summary = isRoot
            ? "who maps this page, why, and what it costs to know"
            : Lower(Completion.Summary(command));
        Roff roff = new();
        roff.Title(name.ToUpperInvariant(), Date(), $"verso {Version()}");
        roff.Section("NAME").Text($"{name} - {summary}");
        Synopsis(roff, command, isRoot);
        roff.Section("DESCRIPTION").Text((command.Description ?? "").Replace('\n', ' '));
        own(roff);
        Arguments(roff, command);
        Options(roff, root, command);
        Statuses(roff, command);
        roff.Section("ENVIRONMENT");
        foreach ((string variable, string meaning) in s_environment)
        {
            roff.Item(Roff.Bold(variable), meaning);
        }

        roff.Section("EXAMPLES").Literal(ExampleHelp.ExamplesOf(command));
        roff.Section("SEE ALSO").References([.. names.Where(each => each != name)]);
        return roff.ToString();
    }

    private static void Synopsis(Roff roff, Command command, bool isRoot)
    {
        roff.Section("SYNOPSIS");
        if (isRoot)
        {
            string rest = $"[{Roff.Italic("OPTION")} ...] [{Roff.Italic("ARGUMENT")} ...]";
            roff.Raw($"{Roff.Bold("verso")} {Roff.Italic("COMMAND")} {rest}");
            return;
        }

        IEnumerable<string> arguments = command.Arguments.Select(argument =>
        {
            string value = Roff.Italic(argument.Name) + (argument.Arity.MaximumNumberOfValues > 1 ? " ..." : "");
            return argument.Arity.MinimumNumberOfValues == 0 ? $" [{value}]" : $" {value}";
        });
        roff.Raw($"{Roff.Bold($"verso {command.Name}")} [{Roff.Italic("OPTION")} ...]{string.Concat(arguments)}");
    }

    private static void Commands(Roff roff, Command[] commands)
    {
        roff.Section("COMMANDS");
        foreach (Command command in commands)
        {
            roff.Item(Roff.Bold(command.Name), $"{Completion.Summary(command)}: {PageName(command)}(1).");
        }
    }

    private static void Designs(Roff roff, string page)
    {
        if (page != DesignsPage)
        {
            return;
        }

        roff.Section("DESIGNS");
        roff.Text("A design is named as name:option=value:option=value; an option left out has its first value.");
        foreach (Catalogue.Entry entry in Catalogue.Designs)
        {
            DesignFacts facts = entry.Facts;
            roff.Item(Roff.Bold(facts.Name), $"{facts.Summary}. {facts.Source}.");
            foreach (DesignOption option in facts.Options)
            {
                string values = string.Join("; ", option.Values.Select(value => $"{value.Name}: {value.Meaning}"
                    + (value.Soundness == Soundness.Broken ? " (breaks the specification)" : "")));
                roff.SubItem(Roff.Bold(option.Name), $"{option.Meaning}. {values}.");
            }
        }
    }

    private static void Arguments(Roff roff, Command command)
    {
        if (command.Arguments.Count > 0)
        {
            roff.Section("ARGUMENTS");
        }

        foreach (Argument argument in command.Arguments)
        {
            roff.Item(Roff.Italic(argument.Name), argument.Description ?? "");
        }
    }

    private static void Options(Roff roff, Command root, Command command)
    {
        roff.Section("OPTIONS");
        foreach (Option option in Completion.Options(root, command))
        {
            string names = string.Join(", ", Completion.Names(option).Select(Roff.Bold));
            string value = option.HelpName is null ? ""
                : Completion.TakesNext(option) ? $" {Roff.Italic(option.HelpName)}"
                : $" [{Roff.Italic(option.HelpName)}]";
            object? otherwise = option.HelpName is not null && option.HasDefaultValue ? option.GetDefaultValue() : null;
            string ending = otherwise is null ? ""
                : string.Create(CultureInfo.InvariantCulture, $"; default: {otherwise}");
            roff.Item(names + value, option.Description + ending);
        }
    }

    private static void Statuses(Roff roff, Command command)
    {
        roff.Section("EXIT STATUS");
        roff.Text(command.Description?.Contains("eturns ", StringComparison.Ordinal) == true
            ? "As said above, and in general:"
            : "In general:");
        foreach ((int status, string meaning) in ExitStatus.All)
        {
            roff.Item(Roff.Bold(status.ToString(CultureInfo.InvariantCulture)), meaning);
        }
    }

    private static string Lower(string sentence) => char.ToLowerInvariant(sentence[0]) + sentence[1..];

    /// <summary>As --version says it, without the commit.</summary>
    internal static string Version() => Assembly.GetExecutingAssembly()
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Of the source where a package is made, so that it comes out the same each time.</summary>
    private static string Date()
    {
        DateTimeOffset date = long.TryParse(
            Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH"), CultureInfo.InvariantCulture, out long seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.UtcNow;
        return date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
