//! One file a command: its arguments and their help, a call or two into the rooms below, and how the
//! answer looks. A command holds no logic that another one could want.

pub mod about;
pub mod complete;
pub mod completions;
pub mod db_sync;
pub mod init;
pub mod list;
pub mod make_migration;
pub mod migrate;
pub mod migrate_fresh;
pub mod migrate_install;
pub mod migrate_redo;
pub mod migrate_refresh;
pub mod migrate_reset;
pub mod migrate_rollback;
pub mod migrate_status;
pub mod stub_publish;

use kit_runtime::plan;
use kit_runtime::wire::{Action, Down, Failure};

use crate::context::Context;
use crate::error::{Error, Exit, Result};

/// Asks whether what `down` means may be rolled back, then does `actions`: all that rollback, reset, refresh and redo
/// have in common.
async fn roll_back(
    ctx: &Context,
    command: &'static str,
    down: &Down,
    actions: Vec<Action>,
    force: bool,
) -> Result<Exit> {
    let target = ctx.target()?;
    ctx.allow_destruction(command)?;
    // What goes up again needs a database.
    if actions.len() > 1 {
        ctx.confirm_creation(&target, force).await?;
    }
    let listing = ctx.listing(&target).await?;
    let ledger = target.ledger(&listing.ledger).await?;
    let refused = |failure| Error::Migrator { failure, database: target.redacted(), done: Vec::new(), again: false };
    let names = plan::down(&ledger, down).map_err(refused)?;
    let known = listing.names();
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        return Err(refused(Failure::Gone { name: name.clone() }));
    }
    if names.is_empty() && actions.len() == 1 {
        ctx.ui.info("Nothing to roll back");
        return Ok(Exit::Ok);
    }
    if !names.is_empty() {
        let what = match names.as_slice() {
            [one] => format!("`{one}`"),
            several => format!("{} migrations", several.len()),
        };
        let question = format!("Roll back {what} in {}? What they created is lost.", target.redacted());
        ctx.confirm(&question, force)?;
    }
    ctx.migrate(&target, actions).await?;
    Ok(Exit::Ok)
}
