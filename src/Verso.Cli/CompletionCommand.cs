using System.CommandLine;

namespace Verso.Cli;

/// <summary>verso completion: scripts that let a shell complete verso's commands, options and their values.</summary>
internal static class CompletionCommand
{
    /// <summary>
    /// Each script asks verso complete. Bash divides words at : and = too, which designs hold: what is before the last
    /// one has been written, and readline replaces the rest.
    /// </summary>
    private const string Bash = """
        _verso() {
            local line=${COMP_LINE:0:COMP_POINT} program=${1/#\~\//$HOME/} current breaks at
            local -a words answer
            read -ra words <<< "$line"
            [[ $line != *[[:blank:]] ]] || words+=("")
            current=${words[-1]}
            mapfile -t answer < <("$program" complete -- "${words[@]:1}" 2> /dev/null)
            COMPREPLY=()
            if [[ ${answer[0]} == command=* ]]; then
                for ((at = 1; at < COMP_CWORD; at++)); do
                    [[ ${COMP_WORDS[at]} != -- ]] || break
                done
                if ((at < COMP_CWORD)) && declare -F _command_offset > /dev/null; then
                    _command_offset $((at + 1))
                elif [[ ${answer[0]} == command=$((${#words[@]} - 2)) ]]; then
                    mapfile -t COMPREPLY < <(compgen -c -- "$current")
                fi
                return
            fi
            [[ ${answer[0]} == *file* ]] || compopt +o default
            [[ ${answer[0]} != *open* ]] || compopt -o nospace
            COMPREPLY=("${answer[@]:1}")
            COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
            if [[ ${answer[0]} == *file* && ${#COMPREPLY[@]} -gt 0 ]]; then
                compopt -o filenames
                mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$current")
            fi
            breaks=${COMP_WORDBREAKS//[^:=]/}
            if [[ $breaks && $current == *[$breaks]* ]]; then
                COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*[$breaks]}"}"}")
            fi
        }
        complete -o default -F _verso verso

        """;

    private const string Zsh = """
        #compdef verso
        _verso() {
            local program=${(Q)words[1]} at
            local -a answer found shown space
            answer=("${(@f)$("${program/#\~\//$HOME/}" complete -- \
                "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null)}")
            if [[ $answer[1] == command=* ]]; then
                at=$((${answer[1]#command=} + 1))
                shift $at words
                ((CURRENT -= at))
                _normal
                return
            fi
            found=("${(@)${(@)answer[2,-1]}%%$'\t'*}")
            shown=("${(@)${(@)answer[2,-1]}/$'\t'/  -- }")
            [[ $answer[1] != *open* ]] || space=(-S '')
            at=1
            ((${#answer} < 2)) || { compadd "${space[@]}" -l -d shown -a found && at=0; }
            if [[ $answer[1] == *file* ]]; then
                [[ $PREFIX != --*=* ]] || compset -P '*='
                _files && at=0
            fi
            return at
        }
        if [[ $funcstack[1] == _verso ]]; then
            _verso "$@"
        else
            compdef _verso verso
        fi

        """;

    private const string Fish = """
        function __verso_complete
            set -l words (commandline -opc)
            set -l current (commandline -ct)
            set -l program $words[1]
            set -e words[1]
            set -l answer ($program complete -- $words "$current" 2> /dev/null)
            if string match -q 'command=*' -- "$answer[1]"
                set -l at (math (string replace command= '' -- $answer[1]) + 1)
                set -a words "$current"
                complete -C (string join ' ' -- (string escape -- $words[$at..-2]) $words[-1])
                return
            end
            for line in $answer[2..-1]
                echo $line
            end
            if string match -q '*file*' -- "$answer[1]"
                set -l before (string match -r '^--[^=]*=' -- "$current")
                for name in (__fish_complete_path (string replace -- "$before" '' "$current"))
                    echo "$before$name"
                end
            end
        end
        complete -c verso -f -a '(__verso_complete)'

        """;

    internal static Command Create()
    {
        Argument<string> shell = new("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        DocumentedCommand command = new(
            "completion",
            "Prints a script that makes a shell complete verso's command lines.",
            "source <(verso completion bash)               # in ~/.bashrc; zsh: in ~/.zshrc, after compinit",
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

    /// <summary>
    /// What the scripts ask. The first line says what may stand there: file, open (a word goes on), command=N (from the
    /// Nth word on, counted from 0, it is a command line of its own), or word. Then each candidate, a tab, its meaning.
    /// </summary>
    internal static Command CreateAnswer()
    {
        Argument<string[]> words = new("WORD") { Arity = ArgumentArity.ZeroOrMore };
        Command command = new("complete", "Says what may stand at the end of a command line.") { words };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            Completion completion = Completion.Of(
                parsed.RootCommandResult.Command, parsed.GetValue(words) ?? []);
            TextWriter output = Surroundings.Of(parsed).Output;
            output.Write(completion.CommandAt >= 0 ? $"command={completion.CommandAt}"
                : $"{(completion.TakesFile ? "file" : "word")}{(completion.GoesOn ? " open" : "")}");
            foreach (Completion.Candidate candidate in completion.Candidates)
            {
                output.Write($"\n{candidate.Word}\t{candidate.Meaning}".TrimEnd('\t'));
            }

            output.Write('\n');
            return ExitStatus.Success;
        });
        return command;
    }
}
