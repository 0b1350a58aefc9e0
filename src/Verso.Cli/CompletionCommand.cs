using System.CommandLine;

namespace Verso.Cli;

/// <summary>verso completion: scripts that let a shell complete verso's commands, options and their values.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _verso() {
            local IFS=$'\n'
            COMPREPLY=($(verso "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2> /dev/null |
                grep -F -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _verso verso

        """;

    private const string Zsh = """
        #compdef verso
        _verso() {
            local -a found
            found=("${(@f)$(verso "[suggest:${CURSOR}]" "${BUFFER}" 2> /dev/null)}")
            compadd -a found || _files
        }
        compdef _verso verso

        """;

    private const string Fish = """
        complete -c verso -a '(verso "[suggest:"(commandline -C)"]" (commandline) 2> /dev/null)'

        """;

    internal static Command Create()
    {
        Argument<string> shell = new("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        DocumentedCommand command = new(
            "completion",
            "Prints a script that makes a shell complete verso's command lines.",
            "source <(verso completion bash)                                   # in ~/.bashrc",
            "verso completion fish > ~/.config/fish/completions/verso.fish")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            Surroundings.Of(parsed).Output.Write(parsed.GetRequiredValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return ExitStatus.Success;
        });
        return command;
    }
}
