#!/bin/sh
# Builds kit from this clone and installs it for you, with completions for the shells you have.
# It needs no root, edits no file of yours, and remembers what it wrote: `./install.sh --uninstall` removes
# exactly that.

set -eu

usage() {
    cat <<'END'
Usage: ./install.sh [OPTIONS]

Builds kit and installs it, with completions for bash, zsh and fish where these are present.

Options:
  --root DIR, --prefix DIR  Install to DIR/bin [default: $CARGO_INSTALL_ROOT, $CARGO_HOME or ~/.cargo]
  --binary FILE             Install this binary, build nothing
  --no-completions          Install no completions
  --uninstall               Remove what was installed
  -h, --help                Show this help
END
}

main() {
    root=
    binary=
    completions=yes
    action=install
    while [ $# -gt 0 ]; do
        case $1 in
        --root | --prefix | --binary)
            if [ $# -lt 2 ] || [ -z "$2" ]; then
                fail_usage "missing value of $1"
            fi
            set_option "$1" "$2"
            shift
            ;;
        --root=?* | --prefix=?* | --binary=?*) set_option "${1%%=*}" "${1#*=}" ;;
        --no-completions) completions=no ;;
        --uninstall) action=uninstall ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) fail_usage "unknown argument: $1" ;;
        esac
        shift
    done

    [ -n "${HOME:-}" ] || fail "HOME is not set" "set it to your home folder"
    data=${XDG_DATA_HOME:-$HOME/.local/share}
    # One line for each thing written: `f FILE`, and `d FOLDER` for folders that were not there before.
    record=$data/kit/installed

    if [ "$action" = uninstall ]; then
        uninstall
    else
        install
    fi
}

set_option() {
    case $1 in
    --binary) binary=$(absolute "$2") ;;
    *) root=$(absolute "$2") ;;
    esac
}

install() {
    # Everything that can fail comes first, so that a failure leaves nothing behind.
    [ -n "$root" ] || root=$(absolute "${CARGO_INSTALL_ROOT:-${CARGO_HOME:-$HOME/.cargo}}")
    kit=$root/bin/kit
    if [ -z "$binary" ]; then
        build
    elif [ ! -f "$binary" ] || [ ! -x "$binary" ]; then
        fail "no executable file: $binary" "build it first, or leave --binary out"
    fi
    version=$("$binary" --version) || fail "$binary does not run on this machine" "build it here: leave --binary out"

    make_folder "$data/kit"
    remember f "$record"
    make_folder "$root/bin"
    remember f "$kit"
    # Written aside: a kit that is running cannot be written to.
    cp "$binary" "$root/bin/.kit.new"
    chmod 755 "$root/bin/.kit.new"
    mv -f "$root/bin/.kit.new" "$kit"
    echo "Installed $version to $kit"

    notes=
    case :${PATH:-}: in
    *":$root/bin:"*) ;;
    *) note "$root/bin is not on the PATH; add to your shell's profile: export PATH=\"$root/bin:\$PATH\"" ;;
    esac
    if [ "$completions" = yes ]; then
        for shell in bash zsh fish; do
            if command -v "$shell" >/dev/null 2>&1; then
                complete_in "$shell"
            fi
        done
    fi
    printf '%s' "$notes"
    echo "To undo it: $0 --uninstall"
}

build() {
    here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
    if ! grep -q '^name = "kit"$' "$here/Cargo.toml" 2>/dev/null || [ ! -f "$here/src/main.rs" ]; then
        fail "not in a clone of kit: $here" "run install.sh where it lies in the clone, or pass --binary FILE"
    fi
    if ! command -v cargo >/dev/null 2>&1; then
        fail "cargo is not on the PATH" "install Rust, or pass --binary FILE to install a kit built elsewhere"
    fi
    echo "Building kit; the first time takes a few minutes"
    stage=$(mktemp -d)
    trap 'rm -rf "$stage"' EXIT
    trap 'exit 130' INT TERM HUP
    # Aside and without cargo's own record, which would stay behind after --uninstall. On the PATH, cargo does not
    # advise to put it there.
    PATH=$stage/bin:$PATH cargo install --path "$here" --locked --force --no-track --root "$stage" ||
        fail "kit could not be built" "read the messages of cargo above"
    binary=$stage/bin/kit
}

complete_in() {
    case $1 in
    bash) file=${BASH_COMPLETION_USER_DIR:-$data/bash-completion}/completions/kit ;;
    zsh) file=$data/zsh/site-functions/_kit ;;
    fish) file=${XDG_CONFIG_HOME:-$HOME/.config}/fish/completions/kit.fish ;;
    esac
    file=$(absolute "$file")
    if [ -e "$file" ] && ! grep -qxF "f $file" "$record"; then
        note "$file was there before and is left as it is: no completions for $1"
        return
    fi
    make_folder "$(dirname "$file")"
    remember f "$file"
    "$kit" completions "$1" >"$file"
    echo "Installed completions for $1 to $file"
    case $1 in
    bash)
        if ! has_bash_completion; then
            note "bash loads them by itself only with the bash-completion package; without it, add to ~/.bashrc: . \"$file\""
        fi
        ;;
    zsh) note "zsh finds them with this line in ~/.zshrc, before compinit: fpath=(\"${file%/*}\" \$fpath)" ;;
    esac
}

has_bash_completion() {
    for place in /usr/share /usr/local/share /usr/local/etc /opt/homebrew/share /opt/local/share /etc; do
        [ ! -r "$place/bash-completion/bash_completion" ] || return 0
        [ ! -r "$place/profile.d/bash_completion.sh" ] || return 0
    done
    return 1
}

uninstall() {
    if [ ! -f "$record" ]; then
        echo "Nothing to uninstall: $record is not there"
        return
    fi
    recorded=$(cat "$record")
    printf '%s\n' "$recorded" | sed -n 's/^f //p' | while IFS= read -r path; do
        if [ -e "$path" ] || [ -L "$path" ]; then
            rm -f "$path"
            [ "$path" = "$record" ] || echo "Removed $path"
        fi
    done
    # The deepest first; a folder that holds files of others stays.
    printf '%s\n' "$recorded" | sed -n 's/^d //p' | sort -r | while IFS= read -r path; do
        rmdir "$path" 2>/dev/null || :
    done
    echo "Uninstalled kit; lines that you added to a profile of your shell are yours to remove"
}

# Makes a folder and records those that were not there before, once the record itself has a place.
make_folder() {
    created=
    folder=$1
    while [ ! -d "$folder" ]; do
        created="d $folder
$created"
        folder=$(dirname "$folder")
    done
    mkdir -p "$1"
    printf '%s' "$created" | while IFS= read -r line; do
        remember "${line%% *}" "${line#* }"
    done
}

remember() {
    grep -qxF "$1 $2" "$record" 2>/dev/null || printf '%s %s\n' "$1" "$2" >>"$record"
}

absolute() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$PWD/$1" ;;
    esac
}

note() {
    notes="${notes}Note: $1
"
}

fail() {
    echo "error: $1" >&2
    echo "hint: $2" >&2
    exit 1
}

fail_usage() {
    echo "error: $1" >&2
    echo "hint: run $0 --help for the options" >&2
    exit 2
}

{
    main "$@"
    exit 0
}
