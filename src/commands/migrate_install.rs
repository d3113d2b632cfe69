//! `kit migrate:install`.

use clap::Args;
use kit_runtime::ledger;
use serde::Serialize;

use super::{LockArgs, ReachArgs, locked};
use crate::app::confirm::Consent;
use crate::app::context::Context;
use crate::error::{Exit, Result};

/// Create the migration tables
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// Create the database if it does not exist, in production too
    #[arg(long)]
    create_database: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    lock: LockArgs,
}

#[derive(Serialize)]
struct Answer {
    created: bool,
    database_created: bool,
}

/// The migration tables did not exist before.
#[derive(Serialize)]
struct Created {
    created: bool,
}

/// Creates the ledger and kit's own table, and runs nothing.
pub async fn run(ctx: &Context, args: &InstallArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer { created: false, database_created: false });
    let locking = args.lock.locking("migrate:install", args.force)?;
    let target = args.reach.target(ctx).await?;
    let consent = if args.create_database { Consent::Explicit } else { Consent::of(args.force) };
    let creation = ctx.confirm_creation(&target, consent).await?;
    let table = ctx.listing(&target).await?.ledger;
    ctx.create(creation, &target).await?;
    let before = target.ledger(&table).await?;
    if before.installed && before.journaled {
        ctx.ui.info("The migration table is there already");
        return Ok(Exit::Ok);
    }
    locked(ctx, &target, &table, &locking, async |session| {
        ledger::install(session, &table).await.map_err(|error| target.failed(&error))
    })
    .await?;
    ctx.ui.set(&Created { created: true });
    ctx.ui.info("Created the migration table");
    Ok(Exit::Ok)
}
