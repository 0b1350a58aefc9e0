using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Verso.Cli;

/// <summary>Help that leads with examples; the rest is that of System.CommandLine.</summary>
internal sealed class ExampleHelp : SynchronousCommandLineAction
{
    private const int Width = 100;

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
        foreach (string example in ExamplesOf(command))
        {
            output.Write($"  {example}\n");
        }

        output.Write('\n');
        return new HelpAction { MaxWidth = Width }.Invoke(parseResult);
    }
}
