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
