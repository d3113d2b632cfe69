//! `kit migrate:fresh`.

use clap::{ArgAction, Args};
use kit_runtime::census::{self, Census};
use kit_runtime::wire::{Action, Up, Wipe};
use serde::Serialize;

use super::db_seed::AfterArgs;
use super::{LockArgs, ReachArgs};
use crate::app::answer::MigratedAndSeeded;
use crate::app::confirm::{Consent, Destruction};
use crate::app::context::Context;
use crate::error::{Exit, Result};
use crate::ui::Report;

/// Drop everything and run all migrations
///
/// Drops the tables, views and types of the connection's own database or schema, never another
/// schema's or an extension's. The migrations are compiled first: if they do not compile, nothing is dropped.
#[derive(Debug, Args)]
pub struct FreshArgs {
    /// Drop views, too
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, default_value_t = true, num_args = 0..=1, default_missing_value = "true")]
    drop_views: bool,
    /// Drop enums, domains, sequences and functions, too
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, default_value_t = true, num_args = 0..=1, default_missing_value = "true")]
    drop_types: bool,
    #[command(flatten)]
    after: AfterArgs,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    lock: LockArgs,
}

#[derive(Default, Serialize)]
struct Answer {
    /// Tables, views, types and so on.
    dropped_objects: usize,
    #[serde(flatten)]
    migrated: MigratedAndSeeded,
}

/// Wipes, then migrates.
pub async fn run(ctx: &Context, args: &FreshArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    fresh(ctx, args).await?;
    args.after.run(ctx).await?;
    Ok(Exit::Ok)
}

async fn fresh(ctx: &Context, args: &FreshArgs) -> Result<Report> {
    args.after.check(ctx)?;
    let locking = args.lock.locking("migrate:fresh", args.force)?;
    let target = args.reach.target(ctx).await?;
    ctx.allow_destruction("migrate:fresh", &target)?;
    let creation = ctx.confirm_creation(&target, Consent::of(args.force)).await?;
    let ledger = ctx.listing(&target).await?.ledger;
    ctx.create(creation, &target).await?;
    let Census { tables, rows } = target.census(&ledger).await?;
    if tables > 0 {
        let more = if rows >= census::ENOUGH { " or more" } else { "" };
        let (all, s) = if tables == 1 { ("", "") } else { ("all ", "s") };
        let action = format!("Drop {all}{tables} table{s} with {rows}{more} rows in");
        let destruction = Destruction { command: "migrate:fresh", action: &action, loss: "" };
        ctx.confirm_destructive(&destruction, &target, args.force)?;
    }
    let wipe = Wipe { views: args.drop_views, types: args.drop_types };
    ctx.migrate(&target, locking, vec![Action::Wipe(wipe), Action::Up(Up::default())]).await
}
