#compdef kit
# Completions of kit for zsh. Written by `kit completions zsh`, for a folder of $fpath (as `_kit`) or for `source`.
# Every candidate comes from kit itself, so that this file never gets old.

_kit() {
    local kit line value help
    local -a closed open typed
    kit=$(whence -p kit) || kit='{{ kit }}'
    typed=("${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}")
    for line in "${(@f)$("$kit" __complete zsh -- "${typed[@]}" 2>/dev/null </dev/null)}"; do
        value=${line%%$'\t'*}
        help=${line#*$'\t'}
        [[ -n $value ]] || continue
        # `_describe` separates value and description with a colon.
        line=${${value//\\/\\\\}//:/\\:}${help:+:$help}
        if [[ $value == *[/:=] ]]; then
            open+=("$line")
        else
            closed+=("$line")
        fi
    done
    # What was typed may be short for a part between colons, or stand anywhere in a migration's name.
    local matcher='r:|:=* l:|=* r:|=*'
    local -i failed=1
    (( $#closed )) && _describe -V kit closed -M "$matcher" && failed=0
    (( $#open )) && _describe -V kit open -S '' -M "$matcher" && failed=0
    return failed
}

if [[ $funcstack[1] == _kit ]]; then
    _kit "$@"
else
    compdef _kit kit
fi
