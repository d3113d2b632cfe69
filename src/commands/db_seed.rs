//! `kit db:seed`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use kit_runtime::ledger::{LEDGER, own_tables};
use kit_runtime::wire::Locking;

use super::{LockArgs, locked};
use crate::context::Context;
use crate::database::Target;
use crate::error::{Exit, Result};
use crate::project::{Project, source};
use crate::schema;
use crate::schema::model::Schema;
use crate::seeds::{self, Fixture, Job};
use crate::ui::counted;

/// Fill tables from fixtures, or write tables into fixtures
///
/// A fixture is a file with rows that has the name of its table: `users.yaml`, `users.json` or `users.csv`. Nothing is compiled.
/// All rows of all files are in, or none. Where the folder has one that is named after the environment, those in there are taken.
#[derive(Debug, Args)]
pub struct DbSeedArgs {
    /// Folder of the fixtures; `database/fixtures` or `src/fixtures` if not given
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Take all rows out of all tables first
    #[arg(short, long)]
    reset: bool,
    /// Change rows that are there already, instead of failing
    #[arg(long)]
    upsert: bool,
    /// Write all tables into fixtures
    #[arg(short = 'D', long, conflicts_with_all = ["reset", "upsert"])]
    dump: bool,
    /// Write these tables into fixtures
    #[arg(long, value_name = "TABLES", value_delimiter = ',', conflicts_with_all = ["reset", "upsert"])]
    dump_tables: Vec<String>,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Loads or dumps.
pub async fn run(ctx: &Context, args: &DbSeedArgs) -> Result<Exit> {
    let project = ctx.project()?;
    let target = ctx.target()?;
    let folder = args.from.as_deref().map_or_else(|| project.fixtures(), |from| ctx.cwd.join(from));
    if args.dump || !args.dump_tables.is_empty() {
        return dump(ctx, &target, &folder, args).await;
    }
    let locking = args.lock.locking("db:seed", args.force)?;
    let fixtures = seeds::find(&folder, &ctx.environment()?)?;
    if args.reset {
        ctx.allow_destruction("db:seed --reset", &target)?;
        ctx.confirm(&format!("Take all rows out of all tables of {}?", target.redacted()), args.force)?;
    } else {
        ctx.confirm_production(&target, args.force)?;
    }
    seed(ctx, &target, &fixtures, args.reset, args.upsert, &locking).await
}

/// Fills the tables, under the lock, and says what went where.
async fn seed(
    ctx: &Context,
    target: &Target,
    fixtures: &[Fixture],
    reset: bool,
    upsert: bool,
    locking: &Locking,
) -> Result<Exit> {
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
    for (table, rows) in &loaded.tables {
        ctx.ui.row(table, &counted(usize::try_from(*rows).unwrap_or(usize::MAX), "row"));
    }
    let rows: u64 = loaded.tables.iter().map(|(_, rows)| rows).sum();
    let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), "row");
    ctx.ui.info(format!("Seeded {} with {rows}{}", counted(loaded.tables.len(), "table"), pace(clock, &loaded.tables)));
    Ok(Exit::Ok)
}

async fn dump(ctx: &Context, target: &Target, folder: &Path, args: &DbSeedArgs) -> Result<Exit> {
    let session = target.connect().await?;
    let schema = schema::read(&session).await.map_err(|error| target.failed(&error))?;
    drop(session);
    if let Some(name) = args.dump_tables.iter().find(|name| schema.table(name).is_none()) {
        return Err(super::db_sync::no_such_table(name, &schema, target));
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

/// The tables that are the project's own.
pub(super) fn tables(schema: &Schema, ledger: &str) -> Vec<String> {
    let kits = own_tables(ledger);
    let own = schema.tables.iter().filter(|table| !kits.contains(&table.name.as_str()));
    own.map(|table| table.name.clone()).collect()
}

pub(super) fn ledger(project: &Project) -> Result<String> {
    Ok(source::read(project)?.ledger_table.unwrap_or_else(|| LEDGER.to_owned()))
}

/// `, 12,345 a second`, where there were enough to say.
fn pace(clock: Instant, tables: &[(String, u64)]) -> String {
    let rows: u64 = tables.iter().map(|(_, rows)| rows).sum();
    let seconds = clock.elapsed().as_secs_f64();
    if rows < 10_000 { String::new() } else { format!(", {:.0} a second", rows as f64 / seconds) }
}

/// What is shown while it goes on.
struct Meter<'a> {
    ctx: &'a Context,
    clock: Instant,
    /// Rows of tables that are through.
    before: u64,
    table: String,
    rows: u64,
}

impl Meter<'_> {
    fn show(&mut self, table: &str, rows: u64) {
        if self.table != table {
            self.before += self.rows;
            table.clone_into(&mut self.table);
        }
        self.rows = rows;
        let pace = (self.before + rows) as f64 / self.clock.elapsed().as_secs_f64().max(0.001);
        self.ctx.ui.progress(&format!("{table}: {rows} rows, {pace:.0} a second"));
    }
}
