//! `kit migrate:rollback`.

use clap::Args;
use kit_runtime::wire::{Action, Down};

use super::{How, LockArgs};
use crate::context::Context;
use crate::error::{Exit, Result};
use crate::project::source;

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Which {
    /// Roll back the last N migrations
    #[arg(long, value_name = "N")]
    step: Option<usize>,
    /// Roll back the last batch, or batch N
    #[arg(long, value_name = "N", num_args = 0..=1)]
    batch: Option<Option<i64>>,
    /// Roll back everything that was applied after this migration
    #[arg(long, value_name = "MIGRATION")]
    to: Option<String>,
}

/// Roll back the last migration
///
/// The order is the order of application, newest first. `--batch` takes everything that ran at once.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    which: Which,
    /// Print the SQL that would be run, and change nothing
    #[arg(long)]
    pretend: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Rolls back.
pub async fn run(ctx: &Context, args: &RollbackArgs) -> Result<Exit> {
    let down = match &args.which {
        Which { to: Some(name), .. } => Down::To(source::read(ctx.project()?)?.resolve(name)?),
        Which { batch: Some(batch), .. } => Down::Batch(*batch),
        Which { step, .. } => Down::Steps(step.unwrap_or(1)),
    };
    let how = How { force: args.force, pretend: args.pretend };
    super::roll_back(ctx, "migrate:rollback", &down, vec![Action::Down(down.clone())], &args.lock, how).await
}
