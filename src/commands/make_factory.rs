//! `kit make:factory`.

use clap::Args;

use super::make_migration::known_schema;
use crate::app::answer::{MainPath, Written, list_files};
use crate::app::context::Context;
use crate::codegen;
use crate::error::{Error, Exit, Result};
use crate::migrator::package::major_of;
use crate::project::seeders::entities_path;
use crate::scaffold::factory::{self, Planned, Request};
use crate::schema::model::Schema;

/// Write a factory, which makes rows of a table up
///
/// If the database has the table, each column gets a value by what it is and what it is called, and each required reference a row
/// that it refers to. Seeders use it, and tests can.
#[derive(Debug, Args)]
pub struct MakeFactoryArgs {
    /// What a row is: user
    name: Option<String>,
    /// The model, where NAME does not say it
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Overwrite one that is there
    #[arg(long)]
    force: bool,
}

/// Writes the factory; its path is the answer.
pub async fn run(ctx: &Context, args: &MakeFactoryArgs) -> Result<Exit> {
    ctx.ui.declare(&Written::default());
    let name = match &args.name {
        Some(name) => name.clone(),
        None => {
            let missing = Error::MissingArgument { argument: "NAME", command: "make:factory" };
            ctx.ui.ask("What is a row of it (user)?")?.ok_or(missing)?
        }
    };
    let schema = known_schema(ctx).await;
    let planned = plan(ctx, &name, args.model.as_deref().unwrap_or(&name), schema.as_ref(), args.force)?;
    planned.plan.apply()?;
    list_files(ctx, &ctx.project()?.root, &planned.plan, false);
    ctx.ui.set(&MainPath { path: ctx.project()?.relative(&planned.path) });
    ctx.ui.info(format!("Created a factory: {}", planned.name));
    say(ctx, &planned);
    ctx.ui.answer(ctx.project()?.relative(&planned.path));
    Ok(Exit::Ok)
}

/// What would be written.
///
/// # Errors
/// Those of [`factory::plan`].
pub(super) fn plan(ctx: &Context, name: &str, model: &str, schema: Option<&Schema>, force: bool) -> Result<Planned> {
    let project = ctx.project()?;
    let modules = schema.map(codegen::modules).unwrap_or_default();
    let table =
        factory::table_of(model, "Factory", |table| schema.is_some_and(|schema| schema.table(table).is_some()))?;
    let release = major_of(&project.entities().join("mod.rs"), &project.root);
    let fields = schema.map(|schema| codegen::fields(schema, &table, release)).unwrap_or_default();
    let module = modules.get(&table).unwrap_or(&table);
    let request = Request {
        name,
        table: schema.and_then(|schema| schema.table(&table)),
        table_name: &table,
        entity: (&entities_path(project), module),
        fields: &fields,
        force,
        module_of: &|table| modules.get(table).cloned(),
    };
    factory::plan(project, &request)
}

/// Tells what is left to do in it.
pub(super) fn say(ctx: &Context, planned: &Planned) {
    if planned.is_blank {
        ctx.ui.warn("The database does not have the table: the factory has no values yet");
    }
    for column in &planned.wanting {
        ctx.ui.warn(format!("Nothing can be made up for `{column}`: set it in the factory"));
    }
}
