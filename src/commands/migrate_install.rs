//! `kit migrate:install`.

use clap::Args;
use kit_runtime::ledger;

use crate::context::Context;
use crate::error::{Exit, Result};

/// Create the migration tables
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
}

/// Creates the ledger and kit's own table, and runs nothing.
pub async fn run(ctx: &Context, args: &InstallArgs) -> Result<Exit> {
    let target = ctx.target()?;
    ctx.confirm_creation(&target, args.force).await?;
    let table = ctx.listing(&target).await?.ledger;
    let before = target.ledger(&table).await?;
    if before.installed && before.journaled {
        ctx.ui.info("The migration table is there already");
        return Ok(Exit::Ok);
    }
    let session = target.connect().await?;
    ledger::install(&session, &table).await.map_err(|error| target.failed(&error))?;
    ctx.ui.info("Created the migration table");
    Ok(Exit::Ok)
}
