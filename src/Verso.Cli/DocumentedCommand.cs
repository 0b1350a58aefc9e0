using System.CommandLine;

namespace Verso.Cli;

/// <summary>A command whose help begins with examples.</summary>
internal sealed class DocumentedCommand(string name, string description, params string[] examples)
    : Command(name, description)
{
    /// <summary>Command lines, each with what it does after two blanks and a #.</summary>
    internal IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>Whether what follows -- is a command line of its own.</summary>
    internal bool RunsCommand { get; set; }
}
