//! Fixtures into tables, as `kit db:seed` shows it.

use std::time::Instant;

use kit_runtime::wire::Locking;

use super::{ledger, tables};
use crate::commands::locked;
use crate::context::Context;
use crate::database::Target;
use crate::error::Result;
use crate::schema;
use crate::seeds::{self, Fixture, Job};
use crate::ui::counted;

/// Fills the tables, under the lock, and says what went where.
pub(super) async fn fill(
    ctx: &Context,
    target: &Target,
    fixtures: &[Fixture],
    reset: bool,
    upsert: bool,
    locking: &Locking,
) -> Result<()> {
    let project = ctx.project()?;
    let ledger = ledger(project)?;
    let clock = Instant::now();
    let loaded = locked(ctx, target, &ledger, locking, async |session| {
        let schema = schema::read(session).await.map_err(|error| target.failed(&error))?;
        let all = tables(&schema, &ledger);
        let reset = if reset { all } else { Vec::new() };
        let job = Job { target, schema: &schema, fixtures, reset: &reset, upsert };
        let mut meter = Meter { ctx, clock, before: 0, table: String::new(), rows: 0 };
        seeds::load(&job, &mut |table, rows| meter.show(table, rows)).await
    })
    .await;
    ctx.ui.clear_transient();
    let loaded = loaded?;
    if reset {
        ctx.ui.info("Emptied all tables");
    }
    if fixtures.is_empty() {
        return Ok(());
    }
    for (table, rows) in &loaded.tables {
        ctx.ui.row(table, &counted(usize::try_from(*rows).unwrap_or(usize::MAX), "row"));
    }
    let rows: u64 = loaded.tables.iter().map(|(_, rows)| rows).sum();
    let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), "row");
    ctx.ui.info(format!("Seeded {} with {rows}{}", counted(loaded.tables.len(), "table"), pace(clock, &loaded.tables)));
    Ok(())
}

/// `, 12,345 a second`, where there were enough to say.
pub(super) fn pace(clock: Instant, tables: &[(String, u64)]) -> String {
    let rows: u64 = tables.iter().map(|(_, rows)| rows).sum();
    let seconds = clock.elapsed().as_secs_f64();
    if rows < 10_000 { String::new() } else { format!(", {:.0} a second", rows as f64 / seconds) }
}

/// What is shown while it goes on.
pub(super) struct Meter<'a> {
    pub(super) ctx: &'a Context,
    pub(super) clock: Instant,
    /// Rows of tables that are through.
    pub(super) before: u64,
    pub(super) table: String,
    pub(super) rows: u64,
}

impl Meter<'_> {
    pub(super) fn show(&mut self, table: &str, rows: u64) {
        if self.table != table {
            self.before += self.rows;
            table.clone_into(&mut self.table);
        }
        self.rows = rows;
        let pace = (self.before + rows) as f64 / self.clock.elapsed().as_secs_f64().max(0.001);
        self.ctx.ui.progress(&format!("{table}: {rows} rows, {pace:.0} a second"));
    }
}
