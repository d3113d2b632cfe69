//! `kit make:model`.

mod extras;
mod undo;

use clap::Args;
use pluralizer::pluralize;
use serde::Serialize;

use super::make_migration::{Together, known_schema, say, summary, unmade};
use super::{db_sync, migrate};
use crate::app::answer::{MainPath, Migrated, list_files};
use crate::app::context::Context;
use crate::codegen;
use crate::database::Target;
use crate::error::{Error, Exit, Result};
use crate::fields;
use crate::project::{Layout, Project};
use crate::scaffold::migration::{Request, Target as About, plan};
use crate::scaffold::{model, starter};
use crate::ui::FileChange;
use extras::Extras;
use undo::Made;

/// Create a table with its entity and a model of your own
///
/// Writes the migration, runs what is pending, and writes the entities, once your half of the new one, and a test of it.
/// The table's name is the plural of NAME. What fails half-way leaves nothing behind.
#[derive(Debug, Args)]
#[command(after_long_help = "\
FIELD is NAME:TYPE, as for `kit make:migration`, whose help lists all types:
  kit make:model post title:string:required content:text user:references --factory --seeder
  kit make:model --link users_votes user:references movie:references vote:int")]
pub struct MakeModelArgs {
    /// What a row is: post
    name: Option<String>,
    /// Columns, as `title:string:required user:references`
    #[arg(value_name = "FIELD")]
    fields: Vec<String>,
    #[command(flatten)]
    together: Together,
    /// Link two tables: NAME is the table, its two references are its key
    #[arg(long)]
    link: bool,
    /// Write the migration; it is always written
    #[arg(short, long)]
    migration: bool,
    /// Write a seeder, too
    #[arg(short, long)]
    seeder: bool,
    /// Write a factory, too
    #[arg(short, long)]
    factory: bool,
    /// Write migration, seeder and factory
    #[arg(short, long)]
    all: bool,
    /// Only write, run nothing
    #[arg(long)]
    no_run: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
}

#[derive(Default, Serialize)]
struct Answer {
    #[serde(flatten)]
    migrated: Migrated,
    path: Option<String>,
    files: Vec<FileChange>,
}

/// Makes the model; the path of its migration is the answer.
pub async fn run(ctx: &Context, args: &MakeModelArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let project = ctx.project()?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => {
            let missing = Error::MissingArgument { argument: "NAME", command: "make:model" };
            ctx.ui.ask("What is a row of it (post)?")?.ok_or(missing)?
        }
    };
    let fields = fields::parse(&args.fields).map_err(|fault| Error::Field { fault })?;
    let table = model::table(&name, args.link)?;
    let target = ctx.target()?;
    let schema = known_schema(ctx).await;
    if schema.as_ref().is_some_and(|schema| schema.table(&table).is_some()) {
        return Err(Error::TableExists { table, database: target.redacted() });
    }
    let request = Request {
        name: &format!("create_{table}"),
        target: About::Create(Some(&table)),
        folder: None,
        wishes: args.together.wishes(&fields, args.link),
        schema: schema.as_ref(),
        now: (ctx.now)().naive_utc(),
    };
    let planned = plan(project, &request)?;
    let path = project.relative(&planned.path);
    // What would stand in the way of the table and its entity, before anything is done.
    if !args.no_run {
        if let Some(tables) = planned.unmade() {
            return Err(unmade(tables, None));
        }
        db_sync::check_entity(project, &table)?;
        model::test(project, &table, &table, target.file().is_some())?;
    }
    let singular = if args.link { table.clone() } else { pluralize(&table, 1, false) };
    let extras = Extras {
        name: &singular,
        table: &table,
        factory: args.factory || args.all,
        seeder: args.seeder || args.all,
        force: args.force,
    };
    // What would stand in their way, likewise.
    extras.plan(ctx, schema.as_ref())?;
    planned.plan.apply()?;
    ctx.ui.info(format!("Created a migration that {}", summary(&planned.intent, project.settings.naming)));
    say(ctx, &planned, false);
    let made = Made { table: &table, was_read: schema.is_some(), planned: &planned };
    let live = async || {
        if !args.no_run {
            live(ctx, project, &target, args.force, &made).await?;
        }
        extras.write(ctx).await
    };
    if let Err(error) = live().await {
        made.undo(ctx, &target, &error).await?;
        return Err(error);
    }
    list_files(ctx, &project.root, &planned.plan, false);
    ctx.ui.answer(&path);
    ctx.ui.set(&MainPath { path });
    if args.no_run {
        ctx.ui.info("Next: `kit db:sync`, which runs it and writes the entity");
    }
    Ok(Exit::Ok)
}

/// Runs the migration, writes entities and the test. Each step that fails leaves the steps before it.
async fn live(ctx: &Context, project: &Project, target: &Target, force: bool, made: &Made<'_>) -> Result<()> {
    migrate::pending(ctx, target, force).await?;
    db_sync::entities(ctx, made.table).await?;
    if project.layout == Layout::SeaOrm {
        return Ok(());
    }
    let Some(schema) = known_schema(ctx).await else { return Ok(()) };
    let modules = codegen::modules(&schema);
    let Some(module) = modules.get(made.table) else { return Ok(()) };
    match model::test(project, made.table, module, target.file().is_some())? {
        Some(plan) => {
            plan.apply()?;
            list_files(ctx, &project.root, &plan, false);
            for file in plan.files() {
                ctx.ui.row(&project.relative(&file.path), starter::word(file.change, false));
            }
        }
        None => ctx.ui.info("No test of it is written: none could reach the model and the migrations"),
    }
    Ok(())
}
