# Completions of kit for elvish. Written by `kit completions elvish`, for `eval (kit completions elvish | slurp)`.
# Every candidate comes from kit itself, so that this file never gets old.

use str

set edit:completion:arg-completer[kit] = {|@words|
    var kit = '{{ kit }}'
    if (has-external kit) {
        set kit = (search-external kit)
    }
    (external $kit) __complete elvish -- $@words 2>/dev/null </dev/null | from-lines | each {|line|
        var value help = (str:split &max=2 "\t" $line)
        var suffix = ' '
        for open [/ : =] {
            if (str:has-suffix $value $open) {
                set suffix = ''
            }
        }
        if (==s $help '') {
            edit:complex-candidate $value &code-suffix=$suffix
        } else {
            edit:complex-candidate $value &code-suffix=$suffix &display=$value' ('$help')'
        }
    }
}
