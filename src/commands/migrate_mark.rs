//! `kit migrate:mark`.

use clap::Args;
use kit_runtime::ledger;
use kit_runtime::repair::{self, Verdict};
use serde::Serialize;

use super::{LockArgs, deed, locked};
use crate::app::confirm::Destruction;
use crate::app::context::Context;
use crate::error::{Error, Exit, Result};
use crate::ui::{self, MigrationAction, MigrationChange};

/// Have the ledger say what is applied, and run nothing
///
/// For a database that was made before kit, or by another tool: its tables are there, and the ledger has to say so.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
pub struct MarkArgs {
    /// Count these as applied
    #[arg(long, value_name = "MIGRATION", num_args = 1.., group = "which")]
    applied: Vec<String>,
    /// Count these as pending
    #[arg(long, value_name = "MIGRATION", num_args = 1.., group = "which")]
    pending: Vec<String>,
    /// Count all migrations as applied
    #[arg(long, group = "which", conflicts_with_all = ["applied", "pending"])]
    all: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

#[derive(Default, Serialize)]
struct Answer {
    migrations: Vec<MigrationChange>,
}

/// Writes rows of the ledger, or deletes them.
pub async fn run(ctx: &Context, args: &MarkArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let locking = args.lock.locking("migrate:mark", args.force)?;
    let target = ctx.target()?;
    drop(target.connect().await?);
    let listing = ctx.listing(&target).await?;
    let resolve =
        |names: &[String]| -> Result<Vec<String>> { names.iter().map(|name| listing.sources.resolve(name)).collect() };
    let applied = if args.all { listing.names() } else { resolve(&args.applied)? };
    let pending = resolve(&args.pending)?;
    if let Some(name) = applied.iter().find(|name| pending.contains(name)) {
        return Err(Error::BadValue {
            flag: "--pending",
            value: name.clone(),
            expected: "a migration that --applied does not name".to_owned(),
        });
    }
    let action = "Change what the ledger reports as applied in";
    let destruction = Destruction { command: "migrate:mark", action, loss: "" };
    ctx.confirm_change_in_production(&destruction, &target, args.force)?;
    let (table, checksums, deed) = (&listing.ledger, listing.sources.checksums(), deed(ctx, "migrate:mark"));
    let marked = locked(ctx, &target, table, &locking, async |session| {
        let failed = |error| target.failed(&error);
        let before = ledger::read(session, table).await.map_err(failed)?;
        if let Some(entry) =
            before.halted().find(|entry| applied.contains(&entry.name) || pending.contains(&entry.name))
        {
            return Err(target.refused(kit_runtime::plan::halted(entry)));
        }
        let batch = before.last_batch() + 1;
        let mut marked = Vec::new();
        for name in applied.iter().filter(|name| !before.has(name)) {
            let verdict = Verdict::Applied { batch, checksum: checksums.get(name).cloned() };
            repair::settle(session, table, name, &verdict, &deed.of(ctx)).await.map_err(failed)?;
            marked.push((name.clone(), MigrationAction::MarkedApplied, ui::done("applied")));
        }
        for name in pending.iter().filter(|name| before.has(name)) {
            repair::settle(session, table, name, &Verdict::Pending, &deed.of(ctx)).await.map_err(failed)?;
            marked.push((name.clone(), MigrationAction::MarkedPending, ui::pending("pending")));
        }
        Ok(marked)
    })
    .await?;
    for (name, action, state) in &marked {
        ctx.ui.list(&MigrationChange::without_run(name, *action));
        ctx.ui.row(name, state);
    }
    ctx.ui.info(match marked.len() {
        0 => "The ledger says so already".to_owned(),
        1 => "Marked 1 migration, ran nothing".to_owned(),
        count => format!("Marked {count} migrations, ran nothing"),
    });
    Ok(Exit::Ok)
}
