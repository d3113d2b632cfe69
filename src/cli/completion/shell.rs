//! The scripts that teach a shell to ask kit. They are real files beside this one, with one placeholder for where
//! kit is. PowerShell's comes from `clap_complete`: it knows commands and options, not the project.

use std::path::Path;

use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::aot::{PowerShell, generate};

use crate::cli::Cli;

/// A shell that kit can complete in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// 3.2 and later
    Bash,
    /// 5 and later
    Zsh,
    /// 3.1 and later
    Fish,
    /// 5 and later, commands and options only
    Powershell,
    /// 0.18 and later
    Elvish,
}

/// The script. It asks the kit on the PATH, or where there is none `executable`, which wrote it.
pub fn script(shell: Shell, executable: Option<&Path>) -> String {
    let kit = executable.map_or_else(|| "kit".into(), Path::to_string_lossy);
    match shell {
        Shell::Bash => include_str!("kit.bash").replace(PLACE, &kit.replace('\'', r"'\''")),
        Shell::Zsh => include_str!("kit.zsh").replace(PLACE, &kit.replace('\'', r"'\''")),
        Shell::Fish => include_str!("kit.fish").replace(PLACE, &kit.replace('\\', r"\\").replace('\'', r"\'")),
        Shell::Elvish => include_str!("kit.elv").replace(PLACE, &kit.replace('\'', "''")),
        Shell::Powershell => powershell(),
    }
}

const PLACE: &str = "{{ kit }}";

fn powershell() -> String {
    let cli = Cli::command();
    // The generator lists hidden commands, too.
    let mut visible = Command::new("kit")
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .args(cli.get_arguments().cloned())
        .subcommands(cli.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned())
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true);
    let mut script = Vec::new();
    generate(PowerShell, &mut visible, "kit", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
