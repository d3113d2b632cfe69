//! What may come with a model: a factory and a seeder.

use crate::app::answer::list_files;
use crate::app::context::Context;
use crate::commands::make_migration::known_schema;
use crate::commands::{make_factory, make_seeder};
use crate::error::Result;
use crate::scaffold::{FilePlan, factory, seeder};
use crate::schema::model::Schema;

/// What may come with a model.
pub(super) struct Extras<'a> {
    pub name: &'a str,
    pub table: &'a str,
    pub factory: bool,
    pub seeder: bool,
    pub force: bool,
}

impl Extras<'_> {
    pub fn plan(
        &self,
        ctx: &Context,
        schema: Option<&Schema>,
    ) -> Result<(Option<factory::Planned>, Option<seeder::Planned>)> {
        let Self { name, table, force, factory: factory_comes, .. } = *self;
        let factory = factory_comes.then(|| make_factory::plan(ctx, name, name, schema, force)).transpose()?;
        let request = seeder::Request { name, model: name, table, factory_comes, force };
        let seeder = self.seeder.then(|| seeder::plan(ctx.project()?, &request)).transpose()?;
        Ok((factory, seeder))
    }

    pub async fn write(&self, ctx: &Context) -> Result<()> {
        // The table is there now, unless nothing was to be run.
        let (factory, seeder) = self.plan(ctx, known_schema(ctx).await.as_ref())?;
        let plans = factory.iter().map(|planned| &planned.plan).chain(seeder.iter().map(|planned| &planned.plan));
        let plan = FilePlan::all(&ctx.project()?.root, plans);
        plan.apply()?;
        list_files(ctx, &ctx.project()?.root, &plan, false);
        for path in factory.iter().map(|planned| &planned.path).chain(seeder.iter().map(|planned| &planned.path)) {
            ctx.ui.row(&ctx.project()?.relative(path), "created");
        }
        if let Some(planned) = &factory {
            make_factory::say(ctx, planned);
        }
        if let Some(planned) = &seeder {
            make_seeder::say(ctx, planned);
        }
        Ok(())
    }
}
