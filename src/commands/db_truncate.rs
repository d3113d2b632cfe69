//! `kit db:truncate`.

use clap::Args;
use kit_runtime::ledger::own_tables;
use kit_runtime::truncate;

use super::db_seed::ledger;
use super::{LockArgs, locked};
use crate::app::answer::Emptied;
use crate::app::confirm::Destruction;
use crate::app::context::Context;
use crate::error::{Exit, Result};
use crate::schema;
use crate::ui::counted;

/// Take all rows out of all tables
///
/// Tables stay, and so does what the ledger says. Numbers begin anew.
#[derive(Debug, Args)]
pub struct DbTruncateArgs {
    /// Only these tables
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Empties tables.
pub async fn run(ctx: &Context, args: &DbTruncateArgs) -> Result<Exit> {
    ctx.ui.declare(&Emptied { emptied: Vec::new() });
    let locking = args.lock.locking("db:truncate", args.force)?;
    let target = ctx.target()?;
    ctx.allow_destruction("db:truncate", &target)?;
    let session = target.connect().await?;
    let schema = schema::read(&session).await.map_err(|error| target.failed(&error))?;
    let ledger = ledger(ctx.project()?)?;
    let all = truncate::tables(&session, &[]).await.map_err(|error| target.failed(&error))?;
    drop(session);
    if let Some(name) = args.tables.iter().find(|name| !all.contains(name)) {
        return Err(super::db_sync::no_such_table(name, &schema, &target));
    }
    let own = own_tables(&ledger);
    let chosen = match args.tables.is_empty() {
        true => all.into_iter().filter(|name| !own.contains(&name.as_str())).collect(),
        false => args.tables.clone(),
    };
    if chosen.is_empty() {
        ctx.ui.info("There are no tables");
        return Ok(Exit::Ok);
    }
    let count = counted(chosen.len(), "table");
    let action = format!("Delete all rows of {count} in");
    let destruction = Destruction { command: "db:truncate", action: &action, loss: "" };
    ctx.confirm_destructive(&destruction, &target, args.force)?;
    locked(ctx, &target, &ledger, &locking, async |session| {
        truncate::empty(session, &chosen).await.map_err(|error| target.failed(&error))
    })
    .await?;
    ctx.ui.set(&Emptied { emptied: chosen });
    ctx.ui.info(format!("Emptied {count}"));
    Ok(Exit::Ok)
}
