//! What may come with a model: a factory and a seeder.

use crate::commands::make_migration::known_schema;
use crate::commands::{make_factory, make_seeder};
use crate::context::Context;
use crate::error::Result;
use crate::scaffold::{FilePlan, factory, seeder};
use crate::schema::model::Schema;

/// What may come with a model.
pub(super) struct Extras<'a> {
    pub name: &'a str,
    pub factory: bool,
    pub seeder: bool,
}

impl Extras<'_> {
    pub fn plan(
        &self,
        ctx: &Context,
        schema: Option<&Schema>,
    ) -> Result<(Option<factory::Planned>, Option<seeder::Planned>)> {
        let factory = self.factory.then(|| make_factory::plan(ctx, self.name, self.name, schema)).transpose()?;
        let seeder = self.seeder.then(|| make_seeder::plan(ctx, self.name, None, schema, self.factory)).transpose()?;
        Ok((factory, seeder))
    }

    pub async fn write(&self, ctx: &Context) -> Result<()> {
        // The table is there now, unless nothing was to be run.
        let (factory, seeder) = self.plan(ctx, known_schema(ctx).await.as_ref())?;
        let plans = factory.iter().map(|planned| &planned.plan).chain(seeder.iter().map(|planned| &planned.plan));
        FilePlan::all(&ctx.project()?.root, plans).apply()?;
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
