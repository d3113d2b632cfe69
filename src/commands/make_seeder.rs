//! `kit make:seeder`.

use clap::Args;

use super::make_migration::known_schema;
use crate::app::answer::{MainPath, Written, list_files};
use crate::app::context::Context;
use crate::error::{Error, Exit, Result};
use crate::scaffold::factory::table_of;
use crate::scaffold::seeder::{self, Planned, Request};
use crate::schema::model::Schema;

/// Write a seeder, which puts rows into tables
///
/// `DatabaseSeeder` calls it, and `kit db:seed` runs that. It uses the factory of the model if there is one. The first seeder
/// brings `DatabaseSeeder` along.
#[derive(Debug, Args)]
pub struct MakeSeederArgs {
    /// What it is called: user, UserSeeder, DatabaseSeeder
    name: Option<String>,
    /// The model whose rows it puts in, where NAME does not say it
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Overwrite one that is there
    #[arg(long)]
    force: bool,
}

/// Writes the seeder; its path is the answer.
pub async fn run(ctx: &Context, args: &MakeSeederArgs) -> Result<Exit> {
    ctx.ui.declare(&Written::default());
    let name = match &args.name {
        Some(name) => name.clone(),
        None => {
            let missing = Error::MissingArgument { argument: "NAME", command: "make:seeder" };
            ctx.ui.ask("What is it called (UserSeeder)?")?.ok_or(missing)?
        }
    };
    let schema = known_schema(ctx).await;
    let (table, model) = about(args.model.as_deref().unwrap_or(&name), schema.as_ref())?;
    let request = Request { name: &name, model: &model, table: &table, factory_comes: false, force: args.force };
    let planned = seeder::plan(ctx.project()?, &request)?;
    planned.plan.apply()?;
    list_files(ctx, &ctx.project()?.root, &planned.plan, false);
    ctx.ui.set(&MainPath { path: ctx.project()?.relative(&planned.path) });
    ctx.ui.info(format!("Created a seeder: {}", planned.name));
    say(ctx, &planned);
    ctx.ui.answer(ctx.project()?.relative(&planned.path));
    Ok(Exit::Ok)
}

/// The table that a model of this name has, and the name without what it is.
fn about(model: &str, schema: Option<&Schema>) -> Result<(String, String)> {
    let exists = |table: &str| schema.is_some_and(|schema| schema.table(table).is_some());
    let stem = model.strip_suffix("Seeder").filter(|stem| !stem.is_empty()).unwrap_or(model);
    Ok((table_of(stem, "Seeder", exists)?, stem.to_owned()))
}

/// Tells what is left to do.
pub(super) fn say(ctx: &Context, planned: &Planned) {
    match &planned.call {
        None => ctx.ui.info("`kit db:seed` runs it"),
        Some(call) => ctx.ui.warn(format!("`DatabaseSeeder` does not call it: add `seeds.call({call}).await?;`")),
    }
}
