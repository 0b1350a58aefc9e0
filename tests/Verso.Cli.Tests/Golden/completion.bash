_verso() {
    local IFS=$'\n'
    COMPREPLY=($(verso "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2> /dev/null |
        grep -F -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _verso verso
