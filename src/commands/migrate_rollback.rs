//! `kit migrate:rollback`.

use std::collections::BTreeSet;

use clap::Args;
use kit_runtime::ledger::Ledger;
use kit_runtime::wire::{Action, Down};

use super::{How, LockArgs};
use crate::app::answer::Migrated;
use crate::app::context::Context;
use crate::database::Target;
use crate::error::{Error, Exit, Result};
use crate::project::source::{self, SourceMigration};
use crate::project::words::words_of;
use crate::schema;

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Which {
    /// Roll back the last N migrations
    #[arg(long, value_name = "N")]
    step: Option<usize>,
    /// Roll back the last batch, or batch N
    #[arg(long, value_name = "N", num_args = 0..=1)]
    batch: Option<Option<i64>>,
    /// Roll back everything that was applied after this migration
    #[arg(long, value_name = "MIGRATION")]
    to: Option<String>,
    /// Roll back this migration alone, if no later one names the same tables
    #[arg(long, value_name = "MIGRATION")]
    only: Option<String>,
}

/// Roll back the last migration
///
/// The order is the order of application, newest first. `--batch` takes everything that ran at once.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    which: Which,
    /// Print the SQL that would be run, and change nothing
    #[arg(long)]
    pretend: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// Rolls back.
pub async fn run(ctx: &Context, args: &RollbackArgs) -> Result<Exit> {
    ctx.ui.declare(&Migrated::default());
    let down = match &args.which {
        Which { to: Some(name), .. } => Down::To(source::read(ctx.project()?)?.resolve(name)?),
        Which { only: Some(name), .. } => Down::Only(source::read(ctx.project()?)?.resolve(name)?),
        Which { batch: Some(batch), .. } => Down::Batch(*batch),
        Which { step, .. } => Down::Steps(step.unwrap_or(1)),
    };
    let how = How { force: args.force, pretend: args.pretend };
    super::roll_back(ctx, "migrate:rollback", &down, vec![Action::Down(down.clone())], &args.lock, how).await
}

/// Passes if no migration that was applied after `name` names a table of the database that it names.
///
/// # Errors
/// [`Error::Dependents`]; those of reading the schema.
pub(super) async fn check_alone(
    target: &Target,
    migrations: &[SourceMigration],
    ledger: &Ledger,
    name: &str,
) -> Result<()> {
    let session = target.connect().await?;
    let schema = schema::read(&session).await.map_err(|error| target.failed(&error))?;
    let words = |name: &str| {
        let source = migrations.iter().find(|one| one.name == name)?;
        source.text.is_some().then(|| source.texts().iter().flat_map(|text| words_of(text)).collect::<BTreeSet<_>>())
    };
    let own = words(name);
    let is_shared = |others: &BTreeSet<String>, table: &str| {
        let table = table.to_lowercase();
        others.contains(&table) && own.as_ref().is_none_or(|own| own.contains(&table))
    };
    let later: Vec<&str> =
        ledger.applied.iter().map(|one| one.name.as_str()).skip_while(|one| *one != name).skip(1).collect();
    let dependents = later.iter().filter_map(|later| match words(later) {
        None => Some(((*later).to_owned(), None)),
        Some(others) => {
            let shared = schema.tables.iter().find(|table| is_shared(&others, &table.name))?;
            Some(((*later).to_owned(), Some(shared.name.clone())))
        }
    });
    let dependents: Vec<(String, Option<String>)> = dependents.collect();
    match dependents.is_empty() {
        true => Ok(()),
        false => Err(Error::Dependents { name: name.to_owned(), dependents, steps: later.len() + 1 }),
    }
}
