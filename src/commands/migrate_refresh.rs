//! `kit migrate:refresh`.

use clap::Args;
use kit_runtime::wire::{Action, Down, Up};

use super::{How, LockArgs};
use crate::context::Context;
use crate::error::{Exit, Result};

/// Roll back all migrations and run them again
#[derive(Debug, Args)]
pub struct RefreshArgs {
    /// Roll back only the last N; run them and all that is pending
    #[arg(long, value_name = "N")]
    step: Option<usize>,
    /// Print the SQL that would be run, and change nothing
    #[arg(long)]
    pretend: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Rolls back, then runs everything that is pending.
pub async fn run(ctx: &Context, args: &RefreshArgs) -> Result<Exit> {
    let down = args.step.map_or(Down::All, Down::Steps);
    let actions = vec![Action::Down(down.clone()), Action::Up(Up::default())];
    let how = How { force: args.force, pretend: args.pretend };
    super::roll_back(ctx, "migrate:refresh", &down, actions, &args.lock, how).await
}
