//! install.sh: what it writes into an empty home, that twice is the same as once, and that nothing is left after
//! `--uninstall`. The binary is the tested one; building it is cargo's own matter.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Sandbox, quotes, shows};

const KIT: &str = env!("CARGO_BIN_EXE_kit");
const INSTALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/install.sh");

/// Runs a script in a home of its own, whose path needs quotes.
fn run(sandbox: &Sandbox, script: &str, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    Command::new("sh")
        .arg(script)
        .args(arguments)
        .current_dir(sandbox.root())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", home(sandbox))
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

fn home(sandbox: &Sandbox) -> String {
    sandbox.root().join("it's home").display().to_string()
}

fn empty() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir(home(&sandbox)).unwrap();
    sandbox
}

fn install(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let arguments: Vec<&str> = ["--binary", KIT].iter().chain(arguments).copied().collect();
    said(sandbox, &run(sandbox, INSTALL, &arguments, &[]), 0)
}

/// Both streams, with paths as everywhere the same.
fn said(sandbox: &Sandbox, output: &Output, code: i32) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}");
    text.replace(&sandbox.root().display().to_string(), "[ROOT]").replace(INSTALL, "./install.sh")
}

/// Files with their content, and folders.
fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.push((path.display().to_string(), Vec::new()));
            found.extend(tree(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn shellcheck_finds_nothing() {
    let output = Command::new("shellcheck")
        .args(["-s", "sh", INSTALL])
        .output()
        .unwrap_or_else(|error| panic!("cannot run shellcheck ({error}): ./test.sh installs it"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    for script in ["src/cli/completion/kit.bash", "test.sh", "tests/galera.sh", "tests/servers.sh"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let output = Command::new("shellcheck").args(["-x", "-s", "bash", script]).current_dir(root).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn twice_is_the_same_as_once_and_nothing_is_left_after_uninstall() {
    let sandbox = empty();
    let first = install(&sandbox, &[]);
    insta::assert_snapshot!(first, @r#"
    Installed kit 0.1.0 to [ROOT]/it's home/.cargo/bin/kit
    Installed completions for bash to [ROOT]/it's home/.local/share/bash-completion/completions/kit
    Installed completions for zsh to [ROOT]/it's home/.local/share/zsh/site-functions/_kit
    Installed completions for fish to [ROOT]/it's home/.config/fish/completions/kit.fish
    Note: [ROOT]/it's home/.cargo/bin is not on the PATH; add to your shell's profile: export PATH="[ROOT]/it's home/.cargo/bin:$PATH"
    Note: zsh finds them with this line in ~/.zshrc, before compinit: fpath=("[ROOT]/it's home/.local/share/zsh/site-functions" $fpath)
    To undo it: ./install.sh --uninstall
    "#);
    insta::assert_snapshot!(sandbox.files().join("\n"), @r#"
    it's home/.cargo/bin/kit
    it's home/.config/fish/completions/kit.fish
    it's home/.local/share/bash-completion/completions/kit
    it's home/.local/share/kit/installed
    it's home/.local/share/zsh/site-functions/_kit
    "#);
    let once = tree(&sandbox.root());
    assert_eq!(install(&sandbox, &[]), first);
    assert!(tree(&sandbox.root()) == once, "a second run changes something: {:?}", sandbox.files());
    insta::assert_snapshot!(said(&sandbox, &run(&sandbox, INSTALL, &["--uninstall"], &[]), 0), @r#"
    Removed [ROOT]/it's home/.cargo/bin/kit
    Removed [ROOT]/it's home/.local/share/bash-completion/completions/kit
    Removed [ROOT]/it's home/.local/share/zsh/site-functions/_kit
    Removed [ROOT]/it's home/.config/fish/completions/kit.fish
    Uninstalled kit; lines that you added to a profile of your shell are yours to remove
    "#);
    assert_eq!(tree(&sandbox.root()), vec![(home(&sandbox), Vec::new())]);
    insta::assert_snapshot!(said(&sandbox, &run(&sandbox, INSTALL, &["--uninstall"], &[]), 0), @"Nothing to uninstall: [ROOT]/it's home/.local/share/kit/installed is not there");
}

#[test]
fn what_was_there_before_stays() {
    let sandbox = empty()
        .file("it's home/.config/fish/completions/kit.fish", "# mine\n")
        .file("it's home/.local/share/other", "")
        .file("tools/bin/other", "");
    let before = tree(&sandbox.root());
    let said = install(&sandbox, &["--root=tools"]);
    assert!(shows(&said, "completions/kit.fish"), "{said}");
    assert!(sandbox.root().join("tools/bin/kit").is_file());
    // A file of somebody else in a folder that came with kit.
    sandbox.write("it's home/.local/share/zsh/site-functions/_other", "");
    assert!(run(&sandbox, INSTALL, &["--uninstall"], &[]).status.success());
    assert!(sandbox.root().join("it's home/.local/share/zsh/site-functions/_other").is_file());
    std::fs::remove_dir_all(sandbox.root().join("it's home/.local/share/zsh")).unwrap();
    assert_eq!(tree(&sandbox.root()), before);
}

#[test]
fn places_are_those_that_the_user_has_set() {
    let sandbox = empty();
    let root = sandbox.root().display().to_string();
    let (data, config, cargo) = (format!("{root}/data"), format!("{root}/config"), format!("{root}/cargo"));
    let env = [("XDG_DATA_HOME", &*data), ("XDG_CONFIG_HOME", &*config), ("CARGO_HOME", &*cargo)];
    assert!(run(&sandbox, INSTALL, &["--binary", KIT], &env).status.success());
    insta::assert_snapshot!(sandbox.files().join("\n"), @r#"
    cargo/bin/kit
    config/fish/completions/kit.fish
    data/bash-completion/completions/kit
    data/kit/installed
    data/zsh/site-functions/_kit
    "#);
    assert!(run(&sandbox, INSTALL, &["--uninstall"], &env).status.success());
    assert_eq!(sandbox.files(), Vec::<String>::new());
    assert!(run(&sandbox, INSTALL, &["--binary", KIT, "--no-completions", "--prefix", "here"], &env).status.success());
    assert_eq!(sandbox.files(), ["data/kit/installed", "here/bin/kit"]);
}

#[test]
fn the_build_is_cargos_from_the_lock_file_and_leaves_no_record_of_it() {
    // What cargo is asked for; that it can do it is not this test's question.
    let cargo = format!(
        "#!/bin/sh\necho cargo \"$@\"\nwhile [ \"$1\" != --root ]; do shift; done\nmkdir \"$2/bin\" && cp '{KIT}' \"$2/bin/kit\"\n"
    );
    let sandbox = empty().file("fake/cargo", &cargo);
    std::fs::set_permissions(sandbox.root().join("fake/cargo"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (path, temporary) = (sandbox.root().join("fake"), sandbox.root().join("temporary"));
    std::fs::create_dir(&temporary).unwrap();
    let path = format!("{}:/usr/bin:/bin", path.display());
    let env = [("PATH", &*path), ("TMPDIR", temporary.to_str().unwrap())];
    let output = run(&sandbox, INSTALL, &["--no-completions"], &env);
    let said = said(&sandbox, &output, 0);
    let clone = env!("CARGO_MANIFEST_DIR");
    assert!(quotes(&said, format!("cargo install --path {clone} --locked --force --no-track --root ")), "{said}");
    assert_eq!(sandbox.files(), ["fake/cargo", "it's home/.cargo/bin/kit", "it's home/.local/share/kit/installed"]);
    assert_eq!(tree(&temporary), Vec::new());
}

#[test]
fn an_installed_kit_completes_in_a_new_shell() {
    let sandbox = empty();
    install(&sandbox, &[]);
    let bin = format!("{}/.cargo/bin", home(&sandbox));
    let answer = |shell: &str, program: &str, path: &str| {
        let output = Command::new(shell)
            .args(["-c", program])
            .env_clear()
            .env("HOME", home(&sandbox))
            .env("PATH", path)
            .output()
            .unwrap_or_else(|error| panic!("cannot run {shell} ({error}): ./test.sh installs it"));
        String::from_utf8(output.stdout).unwrap()
    };
    let fish = answer("fish", "complete -C 'kit migrate:fr'", &format!("{bin}:/usr/bin:/bin"));
    assert!(fish.starts_with("migrate:fresh\t"), "{fish}");
    // Where kit is not on the PATH, the script knows which kit wrote it.
    let bash = "source ~/.local/share/bash-completion/completions/kit; COMP_LINE='kit compl'; COMP_POINT=9; \
                _kit kit compl kit; echo \"${COMPREPLY[@]}\"";
    assert_eq!(answer("bash", bash, "/usr/bin:/bin"), "completions\n");
}

#[test]
fn failures_leave_nothing_and_say_what_to_do() {
    let sandbox = empty();
    let copy = sandbox.root().join("install.sh").display().to_string();
    std::fs::copy(INSTALL, &copy).unwrap();
    let before = tree(&sandbox.root());
    let no_cargo = [("PATH", "/usr/bin:/bin")];
    for (script, arguments, env, code, expected) in [
        (&*copy, &[][..], &[][..], 1, "error: not in a clone of kit: [ROOT]\nhint: run install.sh where it lies"),
        (INSTALL, &[], &no_cargo[..], 1, "error: cargo is not on the PATH\nhint: install Rust"),
        (INSTALL, &["--binary", "nowhere"], &[], 1, "error: no executable file: [ROOT]/nowhere\nhint: "),
        (INSTALL, &["--binary", "install.sh"], &[], 1, "error: "),
        (INSTALL, &["--root"], &[], 2, "error: missing value of --root\nhint: run ./install.sh --help"),
        (INSTALL, &["--rot"], &[], 2, "error: unknown argument: --rot\nhint: run ./install.sh --help"),
    ] {
        let text = said(&sandbox, &run(&sandbox, script, arguments, env), code);
        assert!(text.starts_with(expected), "{text}");
        assert!(tree(&sandbox.root()) == before, "{arguments:?} left something: {:?}", sandbox.files());
    }
    insta::assert_snapshot!(said(&sandbox, &run(&sandbox, INSTALL, &["--help"], &[]), 0), @r#"
    Usage: ./install.sh [OPTIONS]

    Builds kit and installs it, with completions for bash, zsh and fish where these are present.

    Options:
      --root DIR, --prefix DIR  Install to DIR/bin [default: $CARGO_INSTALL_ROOT, $CARGO_HOME or ~/.cargo]
      --binary FILE             Install this binary, build nothing
      --no-completions          Install no completions
      --uninstall               Remove what was installed
      -h, --help                Show this help
    "#);
}
