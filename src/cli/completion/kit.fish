# Completions of kit for fish. Written by `kit completions fish`.
# Every candidate comes from kit itself, so that this file never gets old.

function __kit_complete
    set -l kit (command -s kit); or set kit '{{ kit }}'
    set -l typed (commandline --current-process --tokenize --cut-at-cursor)
    while string match --quiet -- '*=*' "$typed[1]"
        set --erase typed[1]
    end
    set -l word (commandline --current-token --cut-at-cursor)
    # An open quote cannot be unescaped.
    set word (string unescape -- "$word"; or string trim --left --chars "'\"" -- "$word")
    $kit __complete fish -- $typed "$word" 2>/dev/null </dev/null
end

complete --command kit --no-files --keep-order --arguments '(__kit_complete)'
