//! What the package of the entities lacks to compile them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::app::context::Context;
use crate::codegen::place::Place;
use crate::codegen::{Entities, needs};
use crate::error::{Error, Result};
use crate::migrator::package::Package;
use crate::project::Project;
use crate::project::sea_orm::Major;

/// What is missing in a Cargo.toml.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lacking {
    /// The Cargo.toml.
    manifest: PathBuf,
    /// Features of SeaORM.
    pub features: BTreeSet<&'static str>,
    /// The line that turns them on.
    line: String,
    /// Crates that the code names, and the command that adds each.
    pub crates: Vec<(String, String)>,
}

impl Lacking {
    /// Compares what the entities need with the Cargo.toml around them; nothing is missing where there is none.
    ///
    /// # Errors
    /// [`Error::Codegen`] where an entity is no Rust.
    pub fn of(project: &Project, place: &Place, entities: &Entities, release: Major) -> Result<Self> {
        let Ok(package) = Package::of(&place.folder.join(place.index)) else { return Ok(Self::default()) };
        let mut needs = needs::of(entities).map_err(|error| Error::Codegen { message: error.to_string() })?;
        let mut lacking = Self { manifest: package.root.join("Cargo.toml"), ..Self::default() };
        let own = package.sea_orm_features(release);
        if own.is_none() && !needs.features.is_empty() {
            needs.crates.insert("sea-orm".to_owned());
        }
        if let Some(own) = own {
            // Cargo builds a crate once, with what all packages of a workspace turn on.
            let others = [project.index.clone(), project.root.join("Cargo.toml")];
            let others = others.iter().filter_map(|file| Package::of(file).ok()?.sea_orm_features(release)).flatten();
            let on: BTreeSet<String> = others.chain(own).collect();
            lacking.features = needs.features.into_iter().filter(|name| !on.contains(*name)).collect();
            lacking.line = package.line_with(&lacking.features).unwrap_or_default();
        }
        let selected = package.name().map(|name| format!(" --package {name}")).unwrap_or_default();
        let missing = needs.crates.into_iter().filter(|name| {
            !package.has_crate(&name.replace('-', "_")) && package.library_name().as_ref() != Some(name)
        });
        lacking.crates = missing
            .map(|name| {
                let what = match name.as_str() {
                    "sea-orm" => format!("sea-orm@{}", release.requirement()),
                    "serde" => "serde --features derive".to_owned(),
                    other => other.to_owned(),
                };
                let command = format!("cargo add{selected} {what}");
                (name, command)
            })
            .collect();
        Ok(lacking)
    }

    /// Warns of it.
    pub fn show(&self, ctx: &Context, project: &Project) {
        let manifest = project.relative(&self.manifest);
        for (name, command) in &self.crates {
            ctx.ui.warn(format!("The entities need `{name}`, which {manifest} does not name: `{command}`"));
        }
        if !self.features.is_empty() {
            let features = self.features.iter().copied().collect::<Vec<_>>().join(", ");
            ctx.ui.warn(format!(
                "The entities need features of SeaORM that {manifest} does not turn on: {features}; turn them on with `{}`",
                self.line
            ));
        }
    }
}
