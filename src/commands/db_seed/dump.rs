//! Tables into fixtures, as `kit db:seed --dump` shows it.

use std::path::Path;
use std::time::Instant;

use kit_runtime::ledger::own_tables;

use super::fixtures::{Meter, pace};
use super::{DbSeedArgs, ledger, survey};
use crate::app::context::Context;
use crate::commands::db_sync;
use crate::database::Target;
use crate::error::{Exit, Result};
use crate::seeds::{self, LeftOut};
use crate::ui::{FileAction, FileChange, TableRows, counted};

pub(super) async fn dump(ctx: &Context, target: &Target, folder: &Path, args: &DbSeedArgs) -> Result<Exit> {
    let session = target.connect().await?;
    let survey = survey(&session, target).await?;
    drop(session);
    if let Some(name) = args.dump_tables.iter().find(|name| survey.schema.table(name).is_none()) {
        return Err(db_sync::no_such_table(name, &survey.schema, target));
    }
    let tables = match args.dump_tables.is_empty() {
        true => survey.tables(&own_tables(&ledger(ctx.project()?)?)),
        false => args.dump_tables.clone(),
    };
    let own = folder.join(ctx.environment()?);
    let folder = if own.is_dir() { own } else { folder.to_owned() };
    let names = seeds::file_names(survey.schema.tables.iter().map(|table| table.name.as_str()));
    let is_there =
        |table: &&String| names.get(table.as_str()).is_some_and(|name| folder.join(format!("{name}.yaml")).exists());
    let there = tables.iter().filter(is_there).count();
    if there > 0 {
        let files = counted(there, "file");
        ctx.confirm(&format!("Replace {files} in {}?", ctx.project()?.relative(&folder)), args.force)?;
    }
    let existing: Vec<bool> = tables.iter().map(|table| is_there(&table)).collect();
    let clock = Instant::now();
    let mut meter = Meter { ctx, clock, before: 0, table: String::new(), rows: 0 };
    let dumped = seeds::dump(target, &survey, &tables, &folder, &mut |table, rows| meter.show(table, rows)).await;
    ctx.ui.clear_transient();
    let dumped = dumped?;
    let project = ctx.project()?;
    for one in &dumped {
        let rows = counted(usize::try_from(one.rows).unwrap_or(usize::MAX), "row");
        ctx.ui.row(&project.relative(&one.path), &rows);
        let existed = tables.iter().zip(&existing).any(|(table, existed)| *table == one.table && *existed);
        let action = if existed { FileAction::Changed } else { FileAction::Created };
        ctx.ui.list(&FileChange { path: project.relative(&one.path), action, content: None });
        ctx.ui.list(&TableRows { name: one.table.clone(), rows: one.rows });
    }
    let all: Vec<(String, u64)> = dumped.into_iter().map(|one| (one.table, one.rows)).collect();
    let rows: u64 = all.iter().map(|(_, rows)| rows).sum();
    let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), "row");
    let is_meant = |one: &&LeftOut| args.dump_tables.is_empty() || args.dump_tables.contains(&one.name);
    for one in survey.left_out.iter().filter(is_meant) {
        ctx.ui.warn(format!("not written, and not deleted by --reset: {one}"));
    }
    ctx.ui.info(format!("Wrote {rows} of {}{}", counted(all.len(), "table"), pace(clock, &all)));
    Ok(Exit::Ok)
}
