//! `kit completions`.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::app::context::Context;
use crate::cli::completion::{Shell, script};
use crate::error::{Error, Exit, Result};

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "\
bash:        kit completions bash > ~/.local/share/bash-completion/completions/kit
             without the bash-completion package, in ~/.bashrc: eval \"$(kit completions bash)\"
zsh:         kit completions zsh > DIR/_kit, for a DIR in $fpath
fish:        kit completions fish > ~/.config/fish/completions/kit.fish
powershell:  kit completions powershell | Out-String | Invoke-Expression, in $PROFILE
elvish:      eval (kit completions elvish | slurp), in rc.elv")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Option<Shell>,
}

#[derive(Serialize)]
struct Answer {
    script: Option<String>,
}

/// Prints the script; asks for the shell if it is not named.
pub fn run(ctx: &Context, args: &CompletionsArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer { script: None });
    let missing = || Error::MissingArgument { argument: "SHELL", command: "completions" };
    let shell = match args.shell {
        Some(shell) => shell,
        None => {
            let answer = ctx.ui.ask("Which shell: bash, zsh, fish, powershell or elvish?")?.ok_or_else(missing)?;
            Shell::from_str(answer.trim(), true).map_err(|_| missing())?
        }
    };
    let text = script(shell, ctx.executable.as_deref());
    ctx.ui.answer(text.trim_end());
    ctx.ui.set(&Answer { script: Some(text) });
    Ok(Exit::Ok)
}
