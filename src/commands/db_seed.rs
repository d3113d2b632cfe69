//! `kit db:seed`.

mod dump;
mod fixtures;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;

use clap::Args;
use kit_runtime::connection::Connection;
use kit_runtime::ledger::LEDGER;
use kit_runtime::wire::{Locking, Seed};
use serde::Serialize;

use super::{LockArgs, ReachArgs};
use crate::app::answer::{SeedNumber, Seeded};
use crate::app::confirm::Destruction;
use crate::app::context::Context;
use crate::database::Target;
use crate::error::{Exit, Result, SeedError};
use crate::project::seeders::{ALL, Seeders, seeders};
use crate::project::{Project, source};
use crate::schema;
use crate::seeds::{self, Survey};
use crate::ui::{FileChange, counted};

/// Fill tables from fixtures and seeders, or write tables into fixtures
///
/// A fixture is a file with rows that has the name of its table: `users.yaml`, `users.json` or `users.csv`. Nothing is compiled for
/// it. All rows of all files are in, or none. Where the folder has one that is named after the environment, those in there are
/// taken. Then `DatabaseSeeder` runs, if `database/seeders/mod.rs` has one: it is compiled when something in it has changed, and
/// all that it does is in, or nothing.
#[derive(Debug, Default, Args)]
pub struct DbSeedArgs {
    /// Run this seeder, and nothing else
    #[arg(long, value_name = "SEEDER", conflicts_with_all = ["from", "upsert", "dump", "dump_tables"])]
    class: Option<String>,
    /// Make up the same rows as last time: the number that kit said then
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "dump", "dump_tables"])]
    seed: Option<u64>,
    /// Folder of the fixtures, and no seeder; if not given `database/fixtures` or `src/fixtures`
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Take all rows out of all tables first
    #[arg(short, long)]
    reset: bool,
    /// Change rows of fixtures that are there already, instead of failing
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
    reach: ReachArgs,
    #[command(flatten)]
    lock: LockArgs,
}

/// What a command that migrates may do at its end.
#[derive(Clone, Debug, Default, Args)]
pub struct AfterArgs {
    /// Seed afterwards, as `kit db:seed` does
    #[arg(long)]
    seed: bool,
    /// Run this seeder afterwards
    #[arg(long, value_name = "SEEDER")]
    seeder: Option<String>,
}

impl AfterArgs {
    /// Seeds, if that was asked for. What had to be asked has been asked.
    ///
    /// # Errors
    /// Those of [`run`].
    pub async fn run(&self, ctx: &Context) -> Result<()> {
        if self.seed || self.seeder.is_some() {
            run(ctx, &DbSeedArgs { class: self.seeder.clone(), force: true, ..DbSeedArgs::default() }).await?;
        }
        Ok(())
    }

    /// Fails where it could not seed, before anything is done.
    ///
    /// # Errors
    /// [`SeedError::UnknownSeeder`], [`SeedError::NoSeeds`], those of reading them.
    pub fn check(&self, ctx: &Context) -> Result<()> {
        if self.seed || self.seeder.is_some() {
            sources(ctx, &DbSeedArgs { class: self.seeder.clone(), ..DbSeedArgs::default() })?;
        }
        Ok(())
    }
}

/// What there is to seed with.
struct Sources {
    fixtures: Vec<seeds::Fixture>,
    seeder: Option<(Seeders, String)>,
}

#[derive(Default, Serialize)]
struct Answer {
    #[serde(flatten)]
    seeded: Seeded,
    /// Fixtures that were written.
    files: Vec<FileChange>,
}

/// Loads or dumps.
pub async fn run(ctx: &Context, args: &DbSeedArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let project = ctx.project()?;
    let target = args.reach.target(ctx).await?;
    if args.dump || !args.dump_tables.is_empty() {
        let folder = args.from.as_ref().map_or_else(|| project.fixtures(), |from| ctx.cwd.join(from));
        return dump::dump(ctx, &target, &folder, args).await;
    }
    let locking = args.lock.locking("db:seed", args.force)?;
    let Sources { fixtures, seeder } = sources(ctx, args)?;
    drop(target.connect().await?);
    if args.reset {
        ctx.allow_destruction("db:seed --reset", &target)?;
        fixtures::name_what_is_not_loaded_again(ctx, &target, &fixtures).await?;
        let action = "Delete all rows of all tables in";
        let destruction = Destruction { command: "db:seed --reset", action, loss: "" };
        ctx.confirm_destructive(&destruction, &target, args.force)?;
    } else if args.upsert {
        let action = "Overwrite rows that the fixtures name in";
        let destruction = Destruction { command: "db:seed --upsert", action, loss: "" };
        ctx.confirm_change_in_production(&destruction, &target, args.force)?;
    } else {
        ctx.confirm_production("seed", &target, args.force)?;
    }
    if args.reset || !fixtures.is_empty() {
        fixtures::fill(ctx, &target, &fixtures, args.reset, args.upsert, &locking).await?;
    }
    if let Some((seeders, class)) = seeder {
        seed(ctx, &target, locking, seeders, class, args.seed).await?;
    }
    Ok(Exit::Ok)
}

/// What the arguments mean in this project: a seeder that is named alone; a folder that is named alone; else all there is.
fn sources(ctx: &Context, args: &DbSeedArgs) -> Result<Sources> {
    let project = ctx.project()?;
    let found = Seeders::find(project)?;
    if let Some(class) = &args.class {
        let none = || SeedError::UnknownSeeder { name: class.clone(), known: Vec::new() };
        let found = found.ok_or_else(none)?;
        let class = found.named(class)?.name.clone();
        return Ok(Sources { fixtures: Vec::new(), seeder: Some((found, class)) });
    }
    let environment = ctx.environment()?;
    if let Some(from) = &args.from {
        let folder = ctx.cwd.join(from);
        let fixtures = seeds::find(&folder, &environment)?;
        if fixtures.is_empty() {
            return Err(SeedError::Fixtures { path: folder, message: "there are no fixtures in it".to_owned() }.into());
        }
        return Ok(Sources { fixtures, seeder: None });
    }
    let folder = project.fixtures();
    let fixtures = if folder.is_dir() { seeds::find(&folder, &environment)? } else { Vec::new() };
    let seeder = found.filter(Seeders::has_all).map(|found| (found, ALL.to_owned()));
    if fixtures.is_empty() && seeder.is_none() {
        return Err(SeedError::NoSeeds { fixtures: folder, seeders: seeders(&project.root) }.into());
    }
    Ok(Sources { fixtures, seeder })
}

/// Runs a seeder, and says how the same rows are made again.
async fn seed(
    ctx: &Context,
    target: &Target,
    locking: Locking,
    seeders: Seeders,
    class: String,
    number: Option<u64>,
) -> Result<()> {
    // Few digits, which somebody may want to type.
    let number = number.unwrap_or_else(|| RandomState::new().build_hasher().finish() % 1_000_000);
    let seed = Seed { class, number, ledger: ledger(ctx.project()?)? };
    ctx.ui.info("Running seeders");
    ctx.ui.set(&SeedNumber { seed: Some(number) });
    let report = ctx.seed(target, locking, seeders, seed).await?;
    if report.rows > 0 {
        let rows = counted(usize::try_from(report.rows).unwrap_or(usize::MAX), "row");
        ctx.ui.info(format!("Made up {rows}: `--seed {number}` makes the same"));
    }
    Ok(())
}

pub(super) fn ledger(project: &Project) -> Result<String> {
    Ok(source::read(project)?.ledger_table.unwrap_or_else(|| LEDGER.to_owned()))
}

async fn survey(session: &impl Connection, target: &Target) -> Result<Survey> {
    let failed = |error| target.failed(&error);
    let schema = schema::read(session).await.map_err(failed)?;
    Survey::read(session, schema).await.map_err(failed)
}
