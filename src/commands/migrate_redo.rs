//! `kit migrate:redo`.

use clap::Args;
use kit_runtime::wire::{Action, Down};

use super::db_seed::AfterArgs;
use super::{How, LockArgs};
use crate::app::answer::MigratedAndSeeded;
use crate::app::context::Context;
use crate::error::{Exit, Result};

/// Roll back the last migration and run it again
#[derive(Debug, Args)]
pub struct RedoArgs {
    /// Take the last N instead of only the last one
    #[arg(long, value_name = "N")]
    step: Option<usize>,
    /// Print the SQL that would be run, and change nothing
    #[arg(long, conflicts_with_all = ["seed", "seeder"])]
    pretend: bool,
    #[command(flatten)]
    after: AfterArgs,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Rolls back, then runs exactly those again; what was pending before stays pending.
pub async fn run(ctx: &Context, args: &RedoArgs) -> Result<Exit> {
    ctx.ui.declare(&MigratedAndSeeded::default());
    args.after.check(ctx)?;
    let down = Down::Steps(args.step.unwrap_or(1));
    let how = How { force: args.force, pretend: args.pretend };
    super::roll_back(ctx, "migrate:redo", &down, vec![Action::Redo(down.clone())], &args.lock, how).await?;
    args.after.run(ctx).await?;
    Ok(Exit::Ok)
}
