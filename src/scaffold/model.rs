//! A model: the name of its table, and the file that tests it. It returns a name and a plan. The migration of the table is
//! [`super::migration`]'s, its entity `codegen`'s.

use std::path::Path;

use pluralizer::pluralize;

use super::{FilePlan, name, stub};
use crate::error::{Error, Registering, Result};
use crate::project::manifest::Manifest;
use crate::project::modules::{declare, declares};
use crate::project::{Layout, Project, read};

/// The table of a model of this name: in snake_case and plural; that of a link table as it is given.
///
/// # Errors
/// [`Error::BadName`].
pub fn table(given: &str, link: bool) -> Result<String> {
    let name = name::migration(given)?;
    name::table(&if link { name } else { pluralize(&name, 2, false) })
}

/// The name by which `kit make:model` makes this table, if there is one.
pub fn name(table: &str) -> Option<String> {
    let singular = pluralize(table, 1, false);
    (self::table(&singular, false).ok()? == table).then_some(singular)
}

/// The file that tests the model of `table`, whose module is called so; nothing where no test could reach it.
///
/// # Errors
/// Those of [`stub::fill`] and of [`FilePlan`], [`Error::Registration`].
pub fn test(project: &Project, table: &str, module: &str, embedded: bool) -> Result<Option<FilePlan>> {
    let root = &project.root;
    let cargo = root.join("Cargo.toml");
    let Some(package) = cargo.is_file().then(|| Manifest::read(&cargo)).and_then(Result::ok) else { return Ok(None) };
    let (Some(library), Some(name)) = (package.library(), package.crate_name()) else { return Ok(None) };
    let library = read(&library)?;
    let has = |module: &str| declares(&library, module) == Some(true);
    let migrations = match project.layout {
        Layout::Kit if has("models") && has("migrations") => format!("{name}::migrations"),
        Layout::Loco if has("models") && package.depends_on("migration") => "migration".to_owned(),
        _ => return Ok(None),
    };
    let folder = root.join("tests/models");
    let path = folder.join(format!("{module}.rs"));
    if path.exists() {
        return Ok(None);
    }
    let values = [
        ("table", table.to_owned()),
        ("module", module.to_owned()),
        ("models", format!("{name}::models")),
        ("migrations", migrations),
    ];
    // One in memory costs nothing; on a server somebody has to give one.
    let stub = if embedded { "model.test.rs" } else { "model.test.server.rs" };
    let mut plan = FilePlan::new(root);
    plan.create(&path, stub::fill(root, stub, &values)?)?;
    // Where others declare them, else a program of tests of their own.
    let index = [folder.join("mod.rs"), folder.join("main.rs")].into_iter().find(|path| path.is_file());
    let index = index.unwrap_or_else(|| folder.join("main.rs"));
    let text = if index.is_file() { read(&index)? } else { "//! Tests of the models.\n\n".to_owned() };
    if declares(&text, module) != Some(true) {
        plan.write(&index, declared(&index, &text, module)?)?;
    }
    Ok(Some(plan))
}

fn declared(index: &Path, text: &str, module: &str) -> Result<String> {
    let lines = format!("mod {module};\n");
    declare(text, &lines).ok_or_else(|| Error::Registration {
        edit: Registering::Register,
        path: index.to_owned(),
        module: module.to_owned(),
        reason: "kit does not find its way in it".to_owned(),
        lines,
    })
}
