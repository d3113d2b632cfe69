//! `kit migrate:install`.

use clap::Args;
use kit_runtime::ledger;
use kit_runtime::lock;
use kit_runtime::wire::Event;

use super::LockArgs;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::migrator::Notice;
use crate::ui::Report;

/// Create the migration tables
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Creates the ledger and kit's own table, and runs nothing.
pub async fn run(ctx: &Context, args: &InstallArgs) -> Result<Exit> {
    let locking = args.lock.locking("migrate:install", args.force)?;
    let target = ctx.target()?;
    ctx.confirm_creation(&target, args.force).await?;
    let table = ctx.listing(&target).await?.ledger;
    let before = target.ledger(&table).await?;
    if before.installed && before.journaled {
        ctx.ui.info("The migration table is there already");
        return Ok(Exit::Ok);
    }
    let session = target.connect_to_lock().await?;
    let refused = |failure| Error::Migrator {
        failure: target.scrub_failure(failure),
        database: target.redacted(),
        done: Vec::new(),
        again: false,
    };
    let mut report = Report::default();
    let mut told = |event: Event| report.show(&ctx.ui, Notice::Event(event));
    let mut lock = lock::acquire(&session, &table, &locking, &mut told).await.map_err(refused)?;
    let installed = ledger::install(&session, &table).await.map_err(|error| target.failed(&error));
    lock.announce(&session).await;
    let released = lock.release(&session).await.map_err(refused);
    installed.and(released)?;
    ctx.ui.info("Created the migration table");
    Ok(Exit::Ok)
}
