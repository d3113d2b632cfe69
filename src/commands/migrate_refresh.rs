//! `kit migrate:refresh`.

use clap::Args;
use kit_runtime::wire::{Action, Down, Up};

use super::db_seed::AfterArgs;
use super::{How, LockArgs};
use crate::app::answer::MigratedAndSeeded;
use crate::app::context::Context;
use crate::error::{Exit, Result};

/// Roll back all migrations and run them again
#[derive(Debug, Args)]
pub struct RefreshArgs {
    /// Roll back only the last N; run them and all that is pending
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

/// Rolls back, then runs everything that is pending.
pub async fn run(ctx: &Context, args: &RefreshArgs) -> Result<Exit> {
    ctx.ui.declare(&MigratedAndSeeded::default());
    args.after.check(ctx)?;
    let down = args.step.map_or(Down::All, Down::Steps);
    let actions = vec![Action::Down(down.clone()), Action::Up(Up::default())];
    let how = How { force: args.force, pretend: args.pretend };
    super::roll_back(ctx, "migrate:refresh", &down, actions, &args.lock, how).await?;
    args.after.run(ctx).await?;
    Ok(Exit::Ok)
}
