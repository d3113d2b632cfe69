//! `kit make:seeder`.

use clap::Args;

use super::make_migration::known_schema;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::scaffold::factory::table_of;
use crate::scaffold::seeder::{self, Planned};
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
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
}

/// Writes the seeder; its path is the answer.
pub async fn run(ctx: &Context, args: &MakeSeederArgs) -> Result<Exit> {
    let name = match &args.name {
        Some(name) => name.clone(),
        None => {
            let missing = Error::MissingArgument { argument: "NAME", command: "make:seeder" };
            ctx.ui.ask("What is it called (UserSeeder)?")?.ok_or(missing)?
        }
    };
    let schema = known_schema(ctx).await;
    let planned = plan(ctx, &name, args.model.as_deref(), schema.as_ref(), false)?;
    planned.plan.apply()?;
    ctx.ui.info(format!("Created a seeder: {}", planned.name));
    say(ctx, &planned);
    ctx.ui.answer(ctx.project()?.relative(&planned.path));
    Ok(Exit::Ok)
}

/// What would be written; a factory may be about to be written, too.
///
/// # Errors
/// Those of [`seeder::plan`].
pub(super) fn plan(
    ctx: &Context,
    name: &str,
    model: Option<&str>,
    schema: Option<&Schema>,
    factory_comes: bool,
) -> Result<Planned> {
    let exists = |table: &str| schema.is_some_and(|schema| schema.table(table).is_some());
    let model = model.unwrap_or(name);
    let stem = model.strip_suffix("Seeder").filter(|stem| !stem.is_empty()).unwrap_or(model);
    let table = table_of(model, "Seeder", exists)?;
    seeder::plan(ctx.project()?, name, stem, &table, factory_comes)
}

/// Tells what is left to do.
pub(super) fn say(ctx: &Context, planned: &Planned) {
    match &planned.call {
        None => ctx.ui.info("`kit db:seed` runs it"),
        Some(call) => ctx.ui.warn(format!("`DatabaseSeeder` does not call it: add `seeds.call({call}).await?;`")),
    }
}
