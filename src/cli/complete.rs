//! `kit __complete`, which the completion scripts call at every TAB. It answers one candidate a line, value and
//! description with a tab between; for bash only what is to be inserted.

use std::ffi::OsString;

use clap::Args;

use crate::app::context::Context;
use crate::cli::completion::{Line, Shell, candidates};
use crate::error::{Exit, Result};

/// What the completion scripts call
#[derive(Debug, Args)]
pub struct CompleteArgs {
    /// The shell that asks
    #[arg(value_enum)]
    shell: Shell,
    /// bash: the end of the line that it is going to replace
    #[arg(long, default_value = "", hide_default_value = true)]
    replaced: OsString,
    /// The words up to the cursor, the program's name first; bash: the line up to the cursor
    #[arg(last = true)]
    words: Vec<OsString>,
}

/// Prints the candidates. There is nothing that it fails at.
pub fn run(ctx: &Context, args: CompleteArgs) -> Result<Exit> {
    if args.shell == Shell::Bash {
        let line = args.words.first().map(|line| line.to_string_lossy()).unwrap_or_default();
        let line = Line::new(&line, &args.replaced.to_string_lossy());
        let words = line.words.iter().map(OsString::from).collect();
        for replacement in line.replacements(&candidates(ctx, words)) {
            ctx.ui.answer(replacement);
        }
        return Ok(Exit::Ok);
    }
    for candidate in candidates(ctx, args.words) {
        ctx.ui.answer(format!("{}\t{}", candidate.value, candidate.help));
    }
    Ok(Exit::Ok)
}
