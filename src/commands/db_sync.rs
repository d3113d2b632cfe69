//! `kit db:sync`.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use kit_runtime::ledger::JOURNAL;
use kit_runtime::lock;
use serde_json::json;

use super::migrate;
use crate::codegen::files::{self, Place, Rules};
use crate::codegen::{self, BannerVersion, BigIntegerType, DateTimeCrate, EntityFormat, Options};
use crate::context::Context;
use crate::database::Target;
use crate::error::{Error, Exit, PENDING, Result};
use crate::project::manifest::Manifest;
use crate::project::settings::EntitySettings;
use crate::scaffold::{Change, PlannedFile, starter};
use crate::schema;
use crate::schema::model::{Schema, Table};
use crate::ui::printable;

/// SeaORM's own ledger, which no entity is for.
const LEDGER: &str = "seaql_migrations";

/// Run pending migrations, then write entities from the schema
///
/// The entities of all tables are written into the project's folder for them, and once, for each, a file beside it that
/// is yours: it is never touched again. Files that say what they should are not written. Tables without a primary key
/// have no entity.
#[derive(Debug, Args)]
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
    /// Answer yes to every question, and overwrite entities that kit did not write
    #[arg(long)]
    force: bool,
    /// Print what happened to each file as JSON
    #[arg(long)]
    json: bool,
    /// Write the entities of these tables, and leave all others as they are
    #[arg(short, long, value_name = "TABLES", value_delimiter = ',')]
    tables: Vec<String>,
    /// Write no entities of these tables
    #[arg(long, value_name = "TABLES", value_delimiter = ',')]
    ignore_tables: Vec<String>,
    /// Write entities of tables whose name starts with an underscore, too
    #[arg(long)]
    include_hidden_tables: bool,
    /// Folder of the entities
    #[arg(short, long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Database, instead of the project's
    #[arg(short = 'u', long, value_name = "URL")]
    database_url: Option<String>,
    /// Schema, on databases that have them
    #[arg(short = 's', long, value_name = "SCHEMA")]
    database_schema: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
}

/// The options of `sea-orm-cli generate entity`, under its names.
#[derive(Debug, Args)]
#[command(next_help_heading = "Entities, as for `sea-orm-cli generate entity`")]
struct FormatArgs {
    /// How entities are written; compact if not given
    #[arg(long, value_name = "FORMAT", value_parser = ["compact", "expanded", "frontend", "dense"])]
    entity_format: Option<String>,
    /// The same as --entity-format compact
    #[arg(long, hide = true)]
    compact_format: bool,
    /// The same as --entity-format expanded
    #[arg(long, hide = true)]
    expanded_format: bool,
    /// The same as --entity-format frontend
    #[arg(long, hide = true)]
    frontend_format: bool,
    /// What prelude.rs is like; all if not given
    #[arg(long, value_name = "PRELUDE", value_parser = ["all", "none", "all-allow-unused-imports"])]
    with_prelude: Option<String>,
    /// Derives of serde; none if not given
    #[arg(long, value_name = "DERIVES", value_parser = ["none", "serialize", "deserialize", "both"])]
    with_serde: Option<String>,
    /// With serde: do not read primary keys
    #[arg(long)]
    serde_skip_deserializing_primary_key: bool,
    /// With serde: leave out columns whose name starts with an underscore
    #[arg(long)]
    serde_skip_hidden_column: bool,
    /// Derive Copy for enums
    #[arg(long)]
    with_copy_enums: bool,
    /// Types of dates and times; chrono if not given
    #[arg(long, value_name = "CRATE", value_parser = ["chrono", "time"])]
    date_time_crate: Option<String>,
    /// Type of big integers; i64 if not given
    #[arg(long, value_name = "TYPE", value_parser = ["i64", "i32"])]
    big_integer_type: Option<String>,
    /// Write lib.rs instead of mod.rs
    #[arg(short, long)]
    lib: bool,
    /// More derives of models
    #[arg(long, value_name = "DERIVES")]
    model_extra_derives: Vec<String>,
    /// More attributes of models, without `#[]`
    #[arg(long, value_name = "ATTRIBUTES")]
    model_extra_attributes: Vec<String>,
    /// More derives of enums
    #[arg(long, value_name = "DERIVES")]
    enum_extra_derives: Vec<String>,
    /// More attributes of enums, without `#[]`
    #[arg(long, value_name = "ATTRIBUTES")]
    enum_extra_attributes: Vec<String>,
    /// More derives of column enums
    #[arg(long, value_name = "DERIVES")]
    column_extra_derives: Vec<String>,
    /// Add what Seaography needs
    #[arg(long)]
    seaography: bool,
    /// Put an empty ActiveModelBehavior into the generated files; if not given, where yours has none
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    impl_active_model_behavior: Option<bool>,
    /// How much of codegen's version stands in each file; minor if not given
    #[arg(long, value_name = "PARTS", value_parser = ["off", "major", "minor", "patch"])]
    banner_version: Option<String>,
}

/// Migrates, reads, writes.
pub async fn run(ctx: &Context, args: &DbSyncArgs) -> Result<Exit> {
    if args.json {
        ctx.ui.only_json();
    }
    let project = ctx.project()?;
    let defaults = &project.settings.entities;
    let options = args.format.options(defaults)?;
    let target = target(ctx, args)?;
    if !(args.skip_migrations || args.check || args.dry_run) {
        migrate::pending(ctx, &target, args.force).await?;
    }
    let schema = read(&target).await?;
    let ignored = [LEDGER, JOURNAL, lock::TABLE, lock::PROBE]
        .into_iter()
        .map(str::to_owned)
        .chain(args.ignore_tables.iter().chain(&defaults.ignore_tables).cloned());
    let ignored: Vec<String> = ignored.chain(crate::project::source::read(project)?.ledger_table).collect();
    if let Some(name) = args.tables.iter().find(|name| schema.table(name).is_none()) {
        return Err(no_such_table(name, &schema, &target));
    }
    let output = match (&args.output_dir, &defaults.output_dir) {
        (Some(folder), _) => Some(ctx.cwd.join(folder)),
        (None, folder) => folder.as_ref().map(|folder| project.root.join(folder)),
    };
    let place = Place::of(project, output.as_deref(), options.lib);
    let chosen = |table: &Table| {
        let hidden = table.name.starts_with('_') && !args.include_hidden_tables && !defaults.include_hidden_tables;
        match args.tables.contains(&table.name) {
            true => true,
            false => args.tables.is_empty() && !hidden && !ignored.contains(&table.name),
        }
    };
    // A relation to an entity that is not written this time, but there, stays.
    let modules = codegen::modules(&schema);
    let present = place.present()?;
    let is_present = |table: &Table| modules.get(&table.name).is_some_and(|module| present.contains(module));
    let known = |table: &Table| chosen(table) || is_present(table) && !ignored.contains(&table.name);
    let entities = codegen::generate(&schema, &options, known)?;
    for table in &entities.keyless {
        ctx.ui.warn(format!("No entity for `{}`: it has no primary key", printable(table)));
    }
    let rules = Rules {
        prune: args.prune,
        overwrite: args.force,
        behavior: args.format.impl_active_model_behavior.or(defaults.impl_active_model_behavior),
    };
    let written = |name: &str| schema.table(name).is_some_and(&chosen);
    let sync = files::plan(project, &place, &schema, &entities, &options, rules, written)?;
    let changed: Vec<&PlannedFile> = sync.plan.files().iter().filter(|file| file.change != Change::Unchanged).collect();
    if !args.check && !args.dry_run {
        let removed = changed.iter().filter(|file| file.change == Change::Remove).count();
        if removed > 0 {
            ctx.confirm(&format!("Remove {removed} entities whose tables are gone?"), args.force)?;
        }
        sync.plan.apply()?;
    }
    let idle = args.check || args.dry_run;
    let cargo = project.root.join("Cargo.toml");
    if place.own.is_some() && cargo.is_file() && Manifest::read(&cargo).is_ok_and(|one| !one.depends_on("sea-orm")) {
        ctx.ui.warn("The entities need `sea-orm`, which Cargo.toml does not name: `cargo add sea-orm`");
    }
    if args.json {
        let files =
            sync.plan.files().iter().map(
                |file| json!({ "path": project.relative(&file.path), "change": starter::word(file.change, false) }),
            );
        let stale = sync.stale.iter().map(|path| project.relative(path));
        ctx.ui.json(&json!({
            "files": files.collect::<Vec<_>>(),
            "stale": stale.collect::<Vec<_>>(),
            "without_primary_key": entities.keyless,
            "written": !idle,
        }));
    } else {
        for file in &changed {
            ctx.ui.row(&project.relative(&file.path), starter::word(file.change, idle));
        }
        for path in sync.stale.iter().filter(|_| !args.prune) {
            ctx.ui.warn(format!("{}: its table is gone, --prune removes it", project.relative(path)));
        }
        let count = |change| sync.plan.files().iter().filter(|file| file.change == change).count();
        ctx.ui.info(format!(
            "{} tables: {} files new, {} changed, {} unchanged, {} stale",
            entities.tables.keys().filter(|name| written(name)).count(),
            count(Change::Create),
            count(Change::Update),
            count(Change::Unchanged),
            sync.stale.len()
        ));
    }
    let is_stale = !changed.is_empty() || !sync.stale.is_empty();
    Ok(if args.check && is_stale { Exit::Code(PENDING) } else { Exit::Ok })
}

fn target(ctx: &Context, args: &DbSyncArgs) -> Result<Target> {
    let mut target = match &args.database_url {
        Some(url) => Target::resolve(ctx.project()?, Some(url), |name| ctx.env(name))?,
        None => ctx.target()?,
    };
    if args.database_schema.is_some() {
        target.schema.clone_from(&args.database_schema);
    }
    Ok(target)
}

async fn read(target: &Target) -> Result<Schema> {
    let session = target.connect().await?;
    schema::read(&session).await.map_err(|error| target.failed(&error))
}

fn no_such_table(name: &str, schema: &Schema, target: &Target) -> Error {
    let near = |table: &&Table| strsim::jaro_winkler(name, &table.name) > 0.8;
    let similar = schema.tables.iter().filter(near).take(3).map(|table| printable(&table.name)).collect();
    Error::NoSuchTable { name: printable(name), database: target.redacted(), similar }
}

impl FormatArgs {
    /// What the flags say, else kit.toml.
    fn options(&self, defaults: &EntitySettings) -> Result<Options> {
        let failed = |error: sea_orm_codegen::Error| Error::Codegen { message: error.to_string() };
        let given = |flag: &Option<String>, default: &Option<String>, otherwise: &str| {
            flag.clone().or_else(|| default.clone()).unwrap_or_else(|| otherwise.to_owned())
        };
        let list = |flags: &[String], defaults: &[String]| split(if flags.is_empty() { defaults } else { flags });
        let format = match (self.compact_format, self.expanded_format, self.frontend_format) {
            (true, ..) => EntityFormat::Compact,
            (_, true, _) => EntityFormat::Expanded,
            (.., true) => EntityFormat::Frontend,
            _ => given(&self.entity_format, &defaults.entity_format, "compact").parse().map_err(failed)?,
        };
        let unknown = |setting: &str, value: &str| Error::Config {
            origin: format!("[entities] {setting} in kit.toml"),
            message: format!("`{}` is none of its values", printable(value)),
        };
        Ok(Options {
            format,
            with_prelude: given(&self.with_prelude, &defaults.with_prelude, "all").parse().map_err(failed)?,
            with_serde: given(&self.with_serde, &defaults.with_serde, "none").parse().map_err(failed)?,
            with_copy_enums: self.with_copy_enums || defaults.with_copy_enums,
            date_time_crate: match given(&self.date_time_crate, &defaults.date_time_crate, "chrono").as_str() {
                "chrono" => DateTimeCrate::Chrono,
                "time" => DateTimeCrate::Time,
                other => return Err(unknown("date_time_crate", other)),
            },
            big_integer_type: match given(&self.big_integer_type, &defaults.big_integer_type, "i64").as_str() {
                "i64" => BigIntegerType::I64,
                "i32" => BigIntegerType::I32,
                other => return Err(unknown("big_integer_type", other)),
            },
            lib: self.lib,
            serde_skip_deserializing_primary_key: self.serde_skip_deserializing_primary_key
                || defaults.serde_skip_deserializing_primary_key,
            serde_skip_hidden_column: self.serde_skip_hidden_column || defaults.serde_skip_hidden_column,
            model_extra_derives: list(&self.model_extra_derives, &defaults.model_extra_derives),
            model_extra_attributes: list(&self.model_extra_attributes, &defaults.model_extra_attributes),
            enum_extra_derives: list(&self.enum_extra_derives, &defaults.enum_extra_derives),
            enum_extra_attributes: list(&self.enum_extra_attributes, &defaults.enum_extra_attributes),
            column_extra_derives: list(&self.column_extra_derives, &defaults.column_extra_derives),
            seaography: self.seaography || defaults.seaography,
            banner_version: match given(&self.banner_version, &defaults.banner_version, "minor").as_str() {
                "off" => BannerVersion::Off,
                "major" => BannerVersion::Major,
                "minor" => BannerVersion::Minor,
                "patch" => BannerVersion::Patch,
                other => return Err(unknown("banner_version", other)),
            },
        })
    }
}

/// Values given one by one or with commas between, of which those in brackets do not count.
fn split(values: &[String]) -> Vec<String> {
    let mut parts = Vec::new();
    for value in values {
        let mut depth = 0_i32;
        let mut part = String::new();
        for c in value.chars().chain([',']) {
            depth += match c {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            };
            if c == ',' && depth <= 0 {
                parts.push(std::mem::take(&mut part).trim().to_owned());
            } else {
                part.push(c);
            }
        }
        parts.push(part.trim().to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts
}
