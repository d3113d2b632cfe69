//! Fixtures into tables, as `kit db:seed` shows it.

use std::time::Instant;

use kit_runtime::connection::Connection;
use kit_runtime::ledger::own_tables;
use kit_runtime::truncate;
use kit_runtime::wire::Locking;

use super::{ledger, survey};
use crate::app::answer::Emptied;
use crate::app::context::Context;
use crate::commands::locked;
use crate::database::Target;
use crate::error::Result;
use crate::seeds::{self, Fixture, Job};
use crate::ui::{TableRows, counted, printable};

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
        let survey = survey(session, target).await?;
        let reset = if reset { survey.tables(&own_tables(&ledger)) } else { Vec::new() };
        let emptied = reset.clone();
        let reset = spread(ctx, target, session, reset).await?;
        let job = Job { target, survey: &survey, fixtures, reset: &reset, upsert };
        let mut meter = Meter { ctx, clock, before: 0, table: String::new(), rows: 0 };
        let loaded = seeds::load(&job, &mut |table, rows| meter.show(table, rows)).await?;
        ctx.ui.set(&Emptied { emptied });
        Ok(loaded)
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
        ctx.ui.list(&TableRows { name: table.clone(), rows: *rows });
        ctx.ui.row(table, &counted(usize::try_from(*rows).unwrap_or(usize::MAX), "row"));
    }
    let rows: u64 = loaded.tables.iter().map(|(_, rows)| rows).sum();
    let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), "row");
    ctx.ui.info(format!("Seeded {} with {rows}{}", counted(loaded.tables.len(), "table"), pace(clock, &loaded.tables)));
    Ok(())
}

/// The tables that the transaction of the load is to empty. Where it could not have locks for all, those without rows are left
/// out; where it could not for the others either, they are emptied before it.
async fn spread(ctx: &Context, target: &Target, session: &impl Connection, tables: Vec<String>) -> Result<Vec<String>> {
    let failed = |error| target.failed(&error);
    truncate::refuse_references_from_outside(session, &tables).await.map_err(failed)?;
    let Some(filled) = truncate::filled(session, &tables).await.map_err(failed)? else { return Ok(tables) };
    if filled.fit {
        return Ok(filled.tables);
    }
    ctx.ui.warn("the server has no room for the locks of so many tables: they are emptied in several transactions");
    truncate::empty(session, &filled.tables).await.map_err(failed)?;
    Ok(Vec::new())
}

/// Names the tables with rows that a reset empties and no fixture fills again.
pub(super) async fn name_what_is_not_loaded_again(ctx: &Context, target: &Target, fixtures: &[Fixture]) -> Result<()> {
    let session = target.connect().await?;
    let failed = |error| target.failed(&error);
    let survey = survey(&session, target).await?;
    let mut lost = Vec::new();
    for table in survey.tables(&own_tables(&ledger(ctx.project()?)?)) {
        if fixtures.iter().any(|fixture| fixture.table == table) {
            continue;
        }
        let sql = format!("SELECT '1' FROM {} LIMIT 1", survey.own_rows(target.dialect, &table));
        if !session.query(&sql, &[]).await.map_err(failed)?.is_empty() {
            lost.push(printable(&table));
        }
    }
    if !lost.is_empty() {
        ctx.ui.warn(format!("rows of these tables are deleted, and no fixture has them: {}", lost.join(", ")));
    }
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
