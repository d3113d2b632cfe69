//! Taking a model back that was not finished.

use kit_runtime::connection::Connection;
use kit_runtime::repair::{self, Verdict};
use kit_runtime::wire::{Action, Down, Failure, Locking};

use crate::app::answer::list_files;
use crate::app::context::Context;
use crate::commands::{deed, locked};
use crate::database::Target;
use crate::error::{Error, Result};
use crate::scaffold::migration::Planned;

/// A migration that is written.
pub(super) struct Made<'a> {
    pub table: &'a str,
    /// The database could be read before, and the table was not there.
    pub was_read: bool,
    pub planned: &'a Planned,
}

impl Made<'_> {
    /// Takes back what was done: the table, what the ledger says of it, the files.
    pub async fn undo(&self, ctx: &Context, target: &Target, error: &Error) -> Result<()> {
        let name = self.planned.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let listing = ctx.listing(target).await;
        let applied = match &listing {
            Ok(listing) => target.ledger(&listing.ledger).await.is_ok_and(|ledger| ledger.has(name)),
            Err(_) => false,
        };
        let half_way = matches!(error, Error::Migrator {
            failure: Failure::Migration { name: failed, rolled_back: false, .. }, ..
        } if failed == name);
        if applied {
            let actions = vec![Action::Down(Down::Steps(1))];
            let locking = Locking { command: "make:model".to_owned(), ..Locking::default() };
            ctx.migrate(target, locking, actions).await?;
        } else if half_way && let Ok(listing) = &listing {
            if !self.was_read {
                // It may have been there before, with its rows.
                list_files(ctx, &ctx.project()?.root, &self.planned.plan, false);
                return Ok(());
            }
            let (deed, locking) = (deed(ctx, "make:model"), Locking::default());
            locked(ctx, target, &listing.ledger, &locking, async |session| {
                let failed = |error| target.failed(&error);
                let drop = format!("DROP TABLE IF EXISTS {}", session.dialect().quote(self.table));
                session.execute(&drop, &[]).await.map_err(failed)?;
                repair::settle(session, &listing.ledger, name, &Verdict::Pending, &deed.of(ctx)).await.map_err(failed)
            })
            .await?;
        }
        self.planned.plan.back()?.apply()?;
        ctx.ui.info("Nothing of it was kept");
        Ok(())
    }
}
