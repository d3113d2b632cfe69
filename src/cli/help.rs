//! `kit help`.

use clap::Args;
use serde::Serialize;

use super::list::{self, ListArgs};
use crate::app::context::Context;
use crate::cli::dispatch::{self, Parsed};
use crate::error::{Exit, Result};

/// Show the help of a command
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// The command, a prefix of it, or a namespace; all commands if not given
    command: Option<String>,
}

/// Shows what `kit COMMAND --help` shows; without a command, the list.
pub fn run(ctx: &Context, args: &HelpArgs) -> Result<Exit> {
    let Some(command) = &args.command else { return list::run(ctx, &ListArgs::default()) };
    match dispatch::parse(&["kit", command, "--help"].map(Into::into)) {
        Err(Parsed::Text(text)) => show(ctx, &text),
        Err(Parsed::Failure(error)) => return Err(error),
        Err(Parsed::List(namespace)) => return list::run(ctx, &ListArgs { namespace }),
        Ok(_) => return list::run(ctx, &ListArgs::default()),
    }
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct Answer<'a> {
    text: &'a str,
}

/// Prints a help page, or the version.
pub fn show(ctx: &Context, text: &str) {
    ctx.ui.declare(&Answer { text: text.trim_end() });
    ctx.ui.answer(text.trim_end());
}
