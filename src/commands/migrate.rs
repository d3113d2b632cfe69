//! `kit migrate`.

use std::collections::BTreeMap;

use clap::Args;
use kit_runtime::ledger::Ledger;
use kit_runtime::plan;
use kit_runtime::wire::{Action, Up};

use super::db_seed::AfterArgs;
use super::{LockArgs, ReachArgs};
use crate::app::answer::{DryRun, MigratedAndSeeded};
use crate::app::confirm::{Consent, Creation};
use crate::app::context::Context;
use crate::database::Target;
use crate::error::{Exit, Result};
use crate::project::source::{self, SourceMigration, Sources};
use crate::project::{cautions, status};
use crate::ui::Report;

/// Run all pending migrations
///
/// The migrations are compiled when something in them has changed, and run in the order of the
/// project's Migrator. All that run at once are one batch, which `migrate:rollback --batch` undoes.
#[derive(Debug, Default, Args)]
pub struct MigrateArgs {
    /// Make each migration a batch of its own
    #[arg(long)]
    step: bool,
    /// Stop after this migration
    #[arg(long, value_name = "MIGRATION")]
    to: Option<String>,
    /// Run at most N migrations
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Run only these migrations
    #[arg(long, value_name = "FILE", num_args = 1..)]
    path: Vec<String>,
    /// Print the SQL that would be run, and change nothing
    #[arg(long, conflicts_with_all = ["seed", "seeder"])]
    pretend: bool,
    #[command(flatten)]
    after: AfterArgs,
    /// Create the database if it does not exist, in production too
    #[arg(long, conflicts_with = "pretend")]
    create_database: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    /// Refuse migrations that are out of order, missing or unsorted, instead of warning
    #[arg(long)]
    strict: bool,
    /// Warn instead of failing: exit 0 whatever happens
    #[arg(long)]
    graceful: bool,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    lock: LockArgs,
}

impl MigrateArgs {
    fn consent(&self) -> Consent {
        if self.create_database { Consent::Explicit } else { Consent::of(self.force) }
    }
}

/// Migrates.
pub async fn run(ctx: &Context, args: &MigrateArgs) -> Result<Exit> {
    ctx.ui.declare(&MigratedAndSeeded::default());
    ctx.ui.set(&DryRun { dry_run: args.pretend });
    let outcome = async {
        let target = args.reach.target(ctx).await?;
        migrate(ctx, &target, args).await?;
        args.after.run(ctx).await
    };
    match outcome.await {
        Ok(()) => Ok(Exit::Ok),
        Err(error) if args.graceful && error.signal().is_none() => {
            ctx.ui.ignore(&error);
            Ok(Exit::Ok)
        }
        Err(error) => Err(error),
    }
}

/// Runs all pending migrations, for a command that goes on from there.
pub(super) async fn pending(ctx: &Context, target: &Target, force: bool) -> Result<Report> {
    migrate(ctx, target, &MigrateArgs { force, ..MigrateArgs::default() }).await
}

async fn migrate(ctx: &Context, target: &Target, args: &MigrateArgs) -> Result<Report> {
    let locking = args.lock.locking("migrate", args.force)?;
    args.after.check(ctx)?;
    let sources = source::read(ctx.project()?)?;
    let up = Up {
        limit: args.limit,
        to: args.to.as_deref().map(|name| sources.resolve(name)).transpose()?,
        only: args.path.iter().map(|path| sources.resolve(path)).collect::<Result<_>>()?,
        batch_each: args.step,
        strict: args.strict,
    };
    let (mut creation, mut ledger) = (Creation::Unneeded, None);
    if !args.pretend {
        if let Some(table) = &sources.ledger_table {
            // A database that cannot be read has its own error, later.
            ledger = target.ledger_or_empty(table).await.ok();
        }
        if let Some(ledger) = &ledger {
            warn_of_pending(ctx, target, ledger, &sources, &up);
        }
        ctx.confirm_production("migrate", target, args.force)?;
        creation = ctx.confirm_creation(target, args.consent()).await?;
    }
    match (sources.names(), &sources.ledger_table) {
        (Some(names), Some(table)) if is_done(ctx, target, &sources, &names, (table, ledger), &up).await? => {
            Ok(Report::default())
        }
        _ if args.pretend => {
            ctx.pretend(target, vec![Action::Up(up)]).await?;
            Ok(Report::default())
        }
        _ => {
            ctx.create(creation, target).await?;
            ctx.migrate(target, locking, vec![Action::Up(up)]).await
        }
    }
}

/// Warns before any question of pending migrations that delete data, or ask for what this database does not do. On a database
/// without applied migrations there is no data to lose.
fn warn_of_pending(ctx: &Context, target: &Target, ledger: &Ledger, sources: &Sources, up: &Up) {
    let Some(names) = sources.names() else { return };
    // What is refused has its own error, later.
    let Ok((pending, _)) = plan::up(&names, ledger, up, &BTreeMap::new()) else { return };
    let is_pending = |one: &&SourceMigration| pending.contains(&one.name);
    for migration in sources.registered.iter().flatten().filter(is_pending) {
        let (Some(text), Some(file)) = (&migration.text, &migration.file) else { continue };
        let (name, file) = (&migration.name, ctx.project().map_or_else(|_| String::new(), |one| one.relative(file)));
        let losses = if ledger.applied.is_empty() { Vec::new() } else { cautions::data_losses(text) };
        if let Some(first) = losses.first() {
            let more = if losses.len() > 1 { format!(" and {} more", losses.len() - 1) } else { String::new() };
            ctx.ui.warn(format!("`{name}` deletes data: `{}` in {file}:{}{more}", first.what, first.line));
        }
        if let Some(line) = cautions::sets_default(text).filter(|_| !target.dialect.has_set_default()) {
            ctx.ui.warn(format!(
                "`{name}`: this database treats SET DEFAULT of a foreign key as RESTRICT, {file}:{line}"
            ));
        }
        let drops = cautions::drops_index_without_table(text);
        if let Some(line) = drops.filter(|_| target.dialect.keeps_indexes_by_table()) {
            ctx.ui.warn(format!(
                "`{name}`: this database drops an index only with its table; add `.table(…)` to `Index::drop()` in {file}:{line}"
            ));
        }
    }
}

/// What the sources and the ledger can say without a compiler: that there is nothing to do, or that it is refused.
async fn is_done(
    ctx: &Context,
    target: &Target,
    sources: &Sources,
    names: &[String],
    (table, ledger): (&str, Option<Ledger>),
    up: &Up,
) -> Result<bool> {
    let ledger = match ledger {
        Some(ledger) => ledger,
        None => target.ledger_or_empty(table).await?,
    };
    for renamed in status::renamed(sources.registered.as_deref().unwrap_or_default(), &ledger, || sources.checksums()) {
        // It was applied under its old name already.
        if renamed.is_same_source {
            return Err(renamed.into());
        }
        ctx.caution(&renamed.into());
    }
    // They are asked for by nobody else, and reading each migration takes a while where there are hundreds.
    let checksums = if up.strict { sources.checksums() } else { BTreeMap::new() };
    let planned = plan::whole(&ledger).and_then(|()| plan::up(names, &ledger, up, &checksums));
    let (pending, warnings) = planned.map_err(|failure| target.refused(failure))?;
    if !pending.is_empty() || !ledger.installed || !ledger.journaled {
        return Ok(false);
    }
    for warning in &warnings {
        ctx.ui.warn(warning.to_string());
    }
    ctx.mark_migrations_used();
    ctx.ui.info("Nothing to migrate");
    Ok(true)
}
