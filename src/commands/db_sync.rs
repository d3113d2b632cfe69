//! `kit db:sync`.

mod format;
mod lacking;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use kit_runtime::ledger::{LEDGER, own_tables};
use serde::Serialize;

use super::migrate;
use crate::app::answer::{Migrated, list_files};
use crate::app::context::Context;
use crate::codegen::files::{self, Adopted, Rules, Sync};
use crate::codegen::place::Place;
use crate::codegen::{self, Entities, EntityFormat, Options, RelationNames, recognise, views};
use crate::database::Target;
use crate::error::{Error, Exit, PENDING, Result, SeaOrmErrorKind};
use crate::migrator::package::Package;
use crate::project::sea_orm::Major;
use crate::project::{Invocation, Project, source};
use crate::scaffold::{Change, PlannedFile, starter};
use crate::schema;
use crate::schema::model::{Schema, Table};
use crate::similar;
use crate::ui::{FileChange, counted, printable};
use format::FormatArgs;
use lacking::Lacking;

/// Run pending migrations, then write entities from the schema
///
/// The entities of all tables are written into the project's folder for them, and once, for each, a file beside it that
/// is yours: it is never touched again. Files that say what they should are not written. Tables without a primary key
/// have no entity.
#[derive(Debug, Default, Args)]
pub struct DbSyncArgs {
    /// Read the schema as it is, run nothing
    #[arg(long)]
    skip_migrations: bool,
    /// Write nothing and run nothing; exit 3 if files are not what they should be
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,
    /// Show what would be written, write nothing and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove the entities of tables that are gone
    #[arg(long)]
    prune: bool,
    /// Answer yes to every question, and overwrite files that no generator wrote
    #[arg(long)]
    force: bool,
    /// Write the entities of these tables, and leave all others as they are
    #[arg(short, long, value_name = "TABLES", value_delimiter = ',')]
    tables: Vec<String>,
    /// Write no entities of these tables
    #[arg(long, value_name = "TABLES", value_delimiter = ',')]
    ignore_tables: Vec<String>,
    /// Write entities of tables whose name starts with an underscore, too
    #[arg(long)]
    include_hidden_tables: bool,
    /// Write entities of views, too: they are to be read only
    #[arg(long)]
    include_views: bool,
    /// Folder of the entities, inside the project or outside
    #[arg(short, long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Database, instead of the project's
    #[arg(short = 'u', long, value_name = "URL")]
    database_url: Option<String>,
    /// Schema, on databases that have them
    #[arg(short = 's', long, value_name = "SCHEMA")]
    database_schema: Option<String>,
    /// Seconds that the server may take to let kit in; 10 if not given
    #[arg(long, value_name = "SECS")]
    acquire_timeout: Option<u64>,
    /// Connections that may be used to read the schema; kit needs one, whatever is given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: Option<u32>,
    #[command(flatten)]
    format: FormatArgs,
}

/// The answer of `kit db:sync`.
#[derive(Default, Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    migrated: Migrated,
    files: Vec<FileChange>,
    #[serde(flatten)]
    entities: Report<'a>,
}

/// What there is to know of the entities.
#[derive(Default, Serialize)]
struct Report<'a> {
    /// Files of tables that are gone.
    stale: Vec<String>,
    without_primary_key: &'a [String],
    adopted: Vec<Overwritten<'a>>,
    left_out: Vec<Column<'a>>,
    missing_features: Vec<String>,
    missing_crates: Vec<String>,
}

/// A file of another generator.
#[derive(Serialize)]
struct Overwritten<'a> {
    path: String,
    /// What a user has added to it.
    lost: &'a [String],
}

/// A column that an entity lacks.
#[derive(Serialize)]
struct Column<'a> {
    table: &'a str,
    column: &'a str,
    r#type: &'a str,
}

/// Migrates, reads, writes.
pub async fn run(ctx: &Context, args: &DbSyncArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let idle = args.check || args.dry_run;
    let project = if args.skip_migrations || idle { ctx.project_or_folder()? } else { migrating(ctx)? };
    let defaults = &project.settings.entities;
    let lib = args.format.lib || defaults.lib;
    let is_placed = project.has_migrations() || project.root.join("Cargo.toml").is_file();
    let place = match &args.output_dir {
        Some(folder) => Place::named(project, &ctx.cwd.join(folder), lib),
        None if is_placed || defaults.output_dir.is_some() => usual_place(project, lib),
        None => return Err(Error::MissingArgument { argument: "--output-dir", command: "db:sync" }),
    };
    let there = files::generated(&place)?;
    let mut options = args.format.options(&recognise::settings(defaults, &there))?;
    if place.root != project.root {
        ctx.finish_writing(&place.root);
    }
    options.relation_names = RelationNames::of(&there);
    options.writes_no_action = recognise::has_no_action(&there);
    set_crate(&mut options, project, &place)?;
    let target = target(ctx, args)?;
    if !(args.skip_migrations || idle) {
        migrate::pending(ctx, &target, args.force).await?;
    }
    let mut schema = read(&target).await?;
    recognise::keep_widths(&mut schema, &there, options.release);
    if args.include_views || defaults.include_views {
        options.views = schema.views.iter().map(|view| view.name.clone()).collect();
        schema = views::as_tables(schema, &defaults.view_keys)?;
    }
    if let Some(name) = args.tables.iter().find(|name| schema.table(name).is_none()) {
        return Err(no_such_table(name, &schema, &target));
    }
    let ignored = ignored(project, args)?;
    let hides = !args.include_hidden_tables && !defaults.include_hidden_tables;
    let chosen = |table: &Table| match args.tables.contains(&table.name) {
        true => true,
        false => args.tables.is_empty() && !(hides && table.name.starts_with('_')) && !ignored.contains(&table.name),
    };
    // A relation to an entity that is not written this time, but there, stays.
    let modules = codegen::modules(&schema);
    let present = place.present()?;
    let is_present = |table: &Table| modules.get(&table.name).is_some_and(|module| present.contains(module));
    let known = |table: &Table| chosen(table) || is_present(table) && !ignored.contains(&table.name);
    let entities = codegen::generate(&schema, &options, known)?;
    let preserve = args.format.experimental_preserve_user_modifications;
    let rules = Rules {
        prune: args.prune,
        overwrite: args.force || idle,
        preserve: preserve.unwrap_or(defaults.experimental_preserve_user_modifications),
        behavior: args.format.impl_active_model_behavior.or(defaults.impl_active_model_behavior),
    };
    let written = |name: &str| schema.table(name).is_some_and(&chosen);
    let sync = files::plan(project, &place, &schema, &entities, &options, rules, written)?;
    let lacking = Lacking::of(project, &place, &entities, options.release)?;
    warn(ctx, project, &place, &entities, &options);
    lacking.show(ctx, project);
    let changed: Vec<&PlannedFile> = sync.plan.files().iter().filter(|file| file.change != Change::Unchanged).collect();
    if !idle {
        confirm_losses(ctx, project, &sync, rules, args.force)?;
        let removed = changed.iter().filter(|file| file.change == Change::Remove).count();
        if removed > 0 {
            let files = counted(removed, "generated file");
            ctx.confirm(&format!("Remove {files} that no table is for any more?"), args.force)?;
        }
        sync.plan.apply()?;
    }
    list_files(ctx, &project.root, &sync.plan, idle);
    ctx.ui.set(&Report {
        stale: sync.stale.iter().map(|path| project.relative(path)).collect(),
        without_primary_key: &entities.keyless,
        adopted: sync
            .adopted
            .iter()
            .map(|one| Overwritten { path: project.relative(&one.path), lost: &one.lost })
            .collect(),
        left_out: entities
            .left_out
            .iter()
            .map(|one| Column { table: &one.table, column: &one.column, r#type: &one.type_name })
            .collect(),
        missing_features: lacking.features.iter().map(ToString::to_string).collect(),
        missing_crates: lacking.crates.iter().map(|(name, _)| name.to_string()).collect(),
    });
    for file in &changed {
        let path = project.relative(&file.path);
        ctx.ui.row(&path, starter::word(file.change, idle));
        if args.dry_run {
            ctx.ui.diff(&path, file.before.as_deref(), &file.content);
        }
    }
    if idle {
        show_losses(ctx, project, &sync);
    }
    let stale: Vec<String> = sync.stale.iter().map(|path| project.relative(path)).collect();
    for path in stale.iter().filter(|_| !args.prune) {
        ctx.ui.warn(format!("{path}: no table is for it any more, --prune removes it"));
    }
    let tables = entities.tables.keys().filter(|name| written(name)).count();
    ctx.ui.info(summary(tables, sync.plan.files(), idle));
    let is_stale = !changed.is_empty() || !sync.stale.is_empty();
    Ok(if args.check && is_stale { Exit::Code(PENDING) } else { Exit::Ok })
}

/// The project, whose migrations are to run before the schema is read.
fn migrating(ctx: &Context) -> Result<&Project> {
    ctx.project().map_err(|error| match error {
        Error::NoProject { start, below, .. } => Error::NoProject { start, optional: true, below },
        other => other,
    })
}

/// What the options have to say of the package that has the entities; without one, they stay as they are.
///
/// # Errors
/// [`Error::SeaOrm`] for one without an adapter, or without entities in this format.
fn set_crate(options: &mut Options, project: &Project, place: &Place) -> Result<()> {
    let Ok(package) = Package::of(&place.folder.join(place.index)) else { return Ok(()) };
    let release = package.sea_orm(&project.root)?;
    if options.format == EntityFormat::Dense && release.major == Major::One {
        let (version, kind) = (release.version.to_string(), SeaOrmErrorKind::NoDenseEntities);
        return Err(Error::SeaOrm { version, kind, upgrade: None });
    }
    (options.release, options.sync, options.edition) = (release.major, package.is_sync(), Some(package.edition()));
    Ok(())
}

/// Lists what a user has added to files that will be overwritten, and files that only `--force` overwrites.
fn show_losses(ctx: &Context, project: &Project, sync: &Sync) {
    for Adopted { path, lost } in sync.adopted.iter().filter(|one| !one.lost.is_empty()) {
        ctx.ui.warn(format!("{} would lose {}", project.relative(path), lost.join(", ")));
    }
    for path in &sync.foreign {
        ctx.ui.warn(format!("{} was not generated: only --force overwrites it", project.relative(path)));
    }
}

/// Asks before something that a user has added to generated files is lost.
fn confirm_losses(ctx: &Context, project: &Project, sync: &Sync, rules: Rules, force: bool) -> Result<()> {
    let losing: Vec<&Adopted> = sync.adopted.iter().filter(|one| !one.lost.is_empty()).collect();
    let Some(first) = losing.first() else { return Ok(()) };
    if !force {
        show_losses(ctx, project, sync);
        if !rules.preserve {
            ctx.ui
                .info("--experimental-preserve-user-modifications keeps derives, attributes and `ActiveModelBehavior`");
        }
    }
    let (path, files) = (project.relative(&first.path), counted(losing.len(), "file"));
    ctx.confirm(&format!("Overwrite {files}, including {path}, and lose what was added?"), force)
}

/// Passes if the entity of a new table can be written without overwriting what somebody wrote by hand.
///
/// # Errors
/// [`Error::NotGenerated`].
pub(super) fn check_entity(project: &Project, module: &str) -> Result<()> {
    files::check_free(&usual_place(project, project.settings.entities.lib), module)
}

/// Where entities are, unless an option says otherwise. A file that came with the project names no folder outside of it.
fn usual_place(project: &Project, lib: bool) -> Place {
    let folder = project.settings.entities.output_dir.as_ref().map(|folder| project.root.join(folder));
    Place::of(project, folder.as_deref(), lib)
}

/// Writes the entities of the schema as it is, for a command that goes on from there.
///
/// Where there are entities that kit has not written, only that of `table` is written.
pub(super) async fn entities(ctx: &Context, table: &str) -> Result<()> {
    let project = ctx.project()?;
    let others = files::has_others(&usual_place(project, project.settings.entities.lib))?;
    let tables = if others { vec![table.to_owned()] } else { Vec::new() };
    run(ctx, &DbSyncArgs { skip_migrations: true, tables, ..DbSyncArgs::default() }).await?;
    if others {
        ctx.ui.info("The entities of other tables stay as they are; `kit db:sync` updates them");
    }
    Ok(())
}

/// Tables that no entity is for unless it is asked for by name.
fn ignored(project: &Project, args: &DbSyncArgs) -> Result<Vec<String>> {
    let ledger = if project.has_migrations() { source::read(project)?.ledger_table } else { None };
    let tables = own_tables(LEDGER).into_iter().map(str::to_owned).chain(ledger);
    Ok(tables.chain(args.ignore_tables.iter().chain(&project.settings.entities.ignore_tables).cloned()).collect())
}

/// What the user has to know of the entities.
fn warn(ctx: &Context, project: &Project, place: &Place, entities: &Entities, options: &Options) {
    for table in &entities.keyless {
        let (name, view) = (printable(table), options.views.contains(table));
        ctx.ui.warn(match view {
            false => format!("No entity for `{name}`: it has no primary key"),
            true => {
                format!("No entity for the view `{name}`: [entities.view_keys] in kit.toml can say what its key is")
            }
        });
    }
    for codegen::LeftOut { table, column, type_name } in &entities.left_out {
        let (table, column, type_name) = (printable(table), printable(column), printable(type_name));
        ctx.ui.warn(format!("The entity of `{table}` lacks `{column}`: SeaORM has no type for `{type_name}`"));
    }
    if let Some(limit) = entities.recursion_limit
        && let Some(root) = files::short_of_recursion(project, place, limit)
    {
        let root = project.relative(&root);
        ctx.ui.warn(format!("So many dense entities need `#![recursion_limit = \"{limit}\"]` on top of {root}"));
    }
}

/// `Wrote 3 new files and changed 1, for 12 tables`.
fn summary(tables: usize, files: &[PlannedFile], idle: bool) -> String {
    let count = |change| files.iter().filter(|file| file.change == change).count();
    let tables = counted(tables, "table");
    let word = |done: &str, would: &str| if idle { format!("Would {would}") } else { done.to_owned() };
    let parts = [
        (count(Change::Create), word("Wrote", "write"), "new file"),
        (count(Change::Update), word("Changed", "change"), "file"),
        (count(Change::Remove), word("Removed", "remove"), "file"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, word, noun)| format!("{word} {}", counted(*count, noun)))
        .collect();
    match said.is_empty() {
        true => format!("The entities of {tables} are what they should be"),
        false => format!("{} for {tables}", lower_after_first(&said)),
    }
}

/// `Wrote 1 new file, changed 2 files`.
fn lower_after_first(parts: &[String]) -> String {
    let lower = |part: &String| part.chars().take(1).flat_map(char::to_lowercase).chain(part.chars().skip(1)).collect();
    let rest = parts.iter().skip(1).map(lower).map(|part: String| part.replacen("would ", "", 1));
    parts.iter().take(1).cloned().chain(rest).collect::<Vec<_>>().join(", ")
}

fn target(ctx: &Context, args: &DbSyncArgs) -> Result<Target> {
    let mut target = match &args.database_url {
        Some(url) => {
            ctx.select_database(url);
            Target::resolve(ctx.project()?, &Invocation { database: Some(url), ..ctx.invocation() })?
        }
        None => ctx.target()?,
    };
    let patience = args.acquire_timeout.or(ctx.project()?.settings.entities.acquire_timeout);
    target.patience = patience.map(Duration::from_secs);
    if args.database_schema.is_some() {
        target.schema.clone_from(&args.database_schema);
    }
    Ok(target)
}

async fn read(target: &Target) -> Result<Schema> {
    let session = target.connect().await?;
    schema::read(&session).await.map_err(|error| target.failed(&error))
}

pub(super) fn no_such_table(name: &str, schema: &Schema, target: &Target) -> Error {
    let near = similar::near(name, schema.tables.iter().map(|table| table.name.as_str()));
    let similar = near.into_iter().take(3).map(printable).collect();
    Error::NoSuchTable { name: printable(name), database: target.redacted(), similar }
}
