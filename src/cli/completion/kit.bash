# Completions of kit for bash 3.2 and later, with and without the bash-completion package.
# Written by `kit completions bash`. Every candidate comes from kit itself, so that this file never gets old.

_kit() {
    local kit candidate
    kit=$(type -P kit) || kit='{{ kit }}'
    COMPREPLY=()
    # bash breaks words at `:` and `=`: kit gets the line to split it itself, and what bash is going to replace.
    while IFS= read -r candidate; do
        [[ -z $candidate ]] || COMPREPLY+=("$candidate")
    done <<<"$("$kit" __complete bash --replaced="$2" -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null </dev/null)"
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/:=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -o nosort -F _kit kit 2>/dev/null || complete -F _kit kit
