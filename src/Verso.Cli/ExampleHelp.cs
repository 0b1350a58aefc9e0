using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Verso.Cli;

/// <summary>Help that leads with examples; the rest is that of System.CommandLine.</summary>
internal sealed class ExampleHelp : SynchronousCommandLineAction
{
    private const int Width = 100;
    private const string Margin = "  ";

    private static readonly string[] s_rootExamples =
    [
        "verso demo                                # record a small program that forks, compare the designs",
        "verso record -o make.verso -- make -j2    # record a process tree (root)",
        "verso compare make.verso                  # what would each design have cost?",
        "verso replay make.verso --differences     # where does the replay differ from the kernel?",
    ];

    public override bool ClearsParseErrors => true;

    internal static IReadOnlyList<string> ExamplesOf(Command command) =>
        command is DocumentedCommand documented ? documented.Examples : s_rootExamples;

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        Command command = parseResult.CommandResult.Command;
        output.Write("Examples:\n");
        int width = Surroundings.Of(parseResult) is { IsTerminal: true } terminal
            ? Math.Min(terminal.Width, Width) : Width;
        foreach (string example in ExamplesOf(command))
        {
            output.Write(Fit(example, width));
        }

        output.Write('\n');
        return new HelpAction { MaxWidth = width }.Invoke(parseResult);
    }

    /// <summary>A remark behind an example that leaves no room for it stands above.</summary>
    private static string Fit(string example, int width)
    {
        int remark = example.IndexOf("  # ", StringComparison.Ordinal);
        return Margin.Length + example.Length <= width || remark < 0 ? $"{Margin}{example}\n"
            : $"{Margin}{example[(remark + 2)..]}\n{Margin}{example[..remark].TrimEnd()}\n";
    }
}
