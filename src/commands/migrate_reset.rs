//! `kit migrate:reset`.

use clap::Args;
use kit_runtime::wire::{Action, Down};

use super::{How, LockArgs};
use crate::app::context::Context;
use crate::error::{Exit, Result};

/// Roll back all migrations
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// Roll back only the last N migrations
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

/// Rolls everything back; the ledger stays.
pub async fn run(ctx: &Context, args: &ResetArgs) -> Result<Exit> {
    let down = args.step.map_or(Down::All, Down::Steps);
    let how = How { force: args.force, pretend: args.pretend };
    super::roll_back(ctx, "migrate:reset", &down, vec![Action::Down(down.clone())], &args.lock, how).await
}
