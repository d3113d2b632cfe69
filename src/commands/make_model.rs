//! `kit make:model`.

use clap::Args;
use kit_runtime::connection::Connection;
use kit_runtime::repair::{self, Verdict};
use kit_runtime::wire::{Action, Down, Failure, Locking};

use super::make_migration::{Together, known_schema, say, summary};
use super::{db_sync, deed, locked, migrate};
use crate::codegen::{self, files::Place};
use crate::context::Context;
use crate::database::Target;
use crate::error::{Error, Exit, Result};
use crate::fields;
use crate::project::{Layout, Project};
use crate::scaffold::migration::{Planned, Request, Target as About, plan};
use crate::scaffold::model;

/// Create a table with its entity and a model of your own
///
/// Writes the migration, runs what is pending, and writes the entities, once your half of the new one, and a test of it.
/// The table's name is the plural of NAME. What fails half-way leaves nothing behind.
#[derive(Debug, Args)]
#[command(after_long_help = "\
FIELD is name:type, as for `kit make:migration`:
  kit make:model post title:string! content:text user:references
  kit make:model --link users_votes user:references movie:references vote:int")]
pub struct MakeModelArgs {
    /// What a row is: post
    name: Option<String>,
    /// Columns, as `title:string! user:references`
    #[arg(value_name = "FIELD")]
    fields: Vec<String>,
    #[command(flatten)]
    together: Together,
    /// Link two tables: NAME is the table, its two references are its key
    #[arg(long)]
    link: bool,
    /// Only write the migration, run nothing
    #[arg(long)]
    no_run: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
}

/// Makes the model; the path of its migration is the answer.
pub async fn run(ctx: &Context, args: &MakeModelArgs) -> Result<Exit> {
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
    // What would stand in the way of the entity, before anything is done.
    let entity = Place::of(project, None, false).folder.join(format!("{table}.rs"));
    if !args.no_run && entity.is_file() && !codegen::is_generated(&crate::project::read(&entity)?) {
        return Err(Error::FileExists { path: entity });
    }
    if !args.no_run {
        model::test(project, &table, &table, target.file().is_some())?;
    }
    planned.plan.apply()?;
    ctx.ui.info(format!("Created a migration that {}", summary(&planned.intent, project.settings.naming)));
    say(ctx, &planned.assumptions);
    if !args.no_run {
        let made = Made { table: &table, was_read: schema.is_some(), planned: &planned };
        if let Err(error) = live(ctx, project, &target, args.force, &made).await {
            made.undo(ctx, &target, &error).await?;
            return Err(error);
        }
    }
    ctx.ui.answer(&path);
    if args.no_run {
        ctx.ui.info("Next: `kit db:sync`, which runs it and writes the entity");
    }
    Ok(Exit::Ok)
}

/// A migration that is written.
struct Made<'a> {
    table: &'a str,
    /// The database could be read before, and the table was not there.
    was_read: bool,
    planned: &'a Planned,
}

/// Runs the migration, writes entities and the test. Each step that fails leaves the steps before it.
async fn live(ctx: &Context, project: &Project, target: &Target, force: bool, made: &Made<'_>) -> Result<()> {
    migrate::pending(ctx, target, force).await?;
    db_sync::entities(ctx).await?;
    if project.layout == Layout::SeaOrm {
        return Ok(());
    }
    let Some(schema) = known_schema(ctx).await else { return Ok(()) };
    let modules = codegen::modules(&schema);
    let Some(module) = modules.get(made.table) else { return Ok(()) };
    match model::test(project, made.table, module, target.file().is_some())? {
        Some(plan) => {
            plan.apply()?;
            for file in plan.files() {
                ctx.ui.row(&project.relative(&file.path), "created");
            }
        }
        None => ctx.ui.info("No test of it is written: none could reach the model and the migrations"),
    }
    Ok(())
}

impl Made<'_> {
    /// Takes back what was done: the table, what the ledger says of it, the files.
    async fn undo(&self, ctx: &Context, target: &Target, error: &Error) -> Result<()> {
        let name = self.planned.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let listing = ctx.listing(target).await;
        let applied = match &listing {
            Ok(listing) => target.ledger(&listing.ledger).await.is_ok_and(|ledger| ledger.has(name)),
            Err(_) => false,
        };
        let half_way = matches!(error, Error::Migrator {
            failure: Failure::Migration { name: failed, rolled_back: false, .. }, ..
        } if failed == name);
        if applied {
            let actions = vec![Action::Down(Down::Steps(1))];
            let locking = Locking { command: "make:model".to_owned(), ..Locking::default() };
            ctx.migrate(target, locking, actions).await?;
        } else if half_way && let Ok(listing) = &listing {
            if !self.was_read {
                // It may have been there before, with its rows.
                return Ok(());
            }
            let (deed, locking) = (deed(ctx, "make:model"), Locking::default());
            locked(ctx, target, &listing.ledger, &locking, async |session| {
                let failed = |error| target.failed(&error);
                let drop = format!("DROP TABLE IF EXISTS {}", session.dialect().quote(self.table));
                session.execute(&drop, &[]).await.map_err(failed)?;
                repair::settle(session, &listing.ledger, name, &Verdict::Pending, &deed.of(ctx)).await.map_err(failed)
            })
            .await?;
        }
        self.planned.plan.back()?.apply()?;
        ctx.ui.info("Nothing of it was kept");
        Ok(())
    }
}
