//! Tables into fixtures, as `kit db:seed --dump` shows it.

use std::path::Path;
use std::time::Instant;

use super::fixtures::{Meter, pace};
use super::{DbSeedArgs, ledger, tables};
use crate::commands::db_sync;
use crate::context::Context;
use crate::database::Target;
use crate::error::{Exit, Result};
use crate::ui::counted;
use crate::{schema, seeds};

pub(super) async fn dump(ctx: &Context, target: &Target, folder: &Path, args: &DbSeedArgs) -> Result<Exit> {
    let session = target.connect().await?;
    let schema = schema::read(&session).await.map_err(|error| target.failed(&error))?;
    drop(session);
    if let Some(name) = args.dump_tables.iter().find(|name| schema.table(name).is_none()) {
        return Err(db_sync::no_such_table(name, &schema, target));
    }
    let tables = match args.dump_tables.is_empty() {
        true => tables(&schema, &ledger(ctx.project()?)?),
        false => args.dump_tables.clone(),
    };
    let own = folder.join(ctx.environment()?);
    let folder = if own.is_dir() { own } else { folder.to_owned() };
    let there = tables.iter().filter(|table| folder.join(format!("{table}.yaml")).exists()).count();
    if there > 0 {
        let files = counted(there, "file");
        ctx.confirm(&format!("Replace {files} in {}?", ctx.project()?.relative(&folder)), args.force)?;
    }
    let clock = Instant::now();
    let mut meter = Meter { ctx, clock, before: 0, table: String::new(), rows: 0 };
    let dumped = seeds::dump(target, &schema, &tables, &folder, &mut |table, rows| meter.show(table, rows)).await;
    ctx.ui.clear_transient();
    let dumped = dumped?;
    let project = ctx.project()?;
    for one in &dumped {
        let rows = counted(usize::try_from(one.rows).unwrap_or(usize::MAX), "row");
        ctx.ui.row(&project.relative(&one.path), &rows);
    }
    let all: Vec<(String, u64)> = dumped.into_iter().map(|one| (one.table, one.rows)).collect();
    let rows: u64 = all.iter().map(|(_, rows)| rows).sum();
    let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), "row");
    ctx.ui.info(format!("Wrote {rows} of {}{}", counted(all.len(), "table"), pace(clock, &all)));
    Ok(Exit::Ok)
}
