//! Messages and hints about a project's SeaORM and its Migrator.

use std::path::Path;

use super::{HiddenMigrator, Upgrade};

/// Why kit cannot do something with a release of SeaORM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeaOrmErrorKind {
    /// There is no adapter for it.
    NoAdapter,
    /// It does not compile, or kit's half does not with it; the compiler's output has been shown.
    DoesNotBuild,
    /// Before 1.1.11 it has no connection over which a run can be pretended.
    CannotPretend,
    /// Before 2.0 it has no entities in the format `dense`.
    NoDenseEntities,
}

pub(super) fn sea_orm_text(version: &str, kind: SeaOrmErrorKind) -> String {
    match kind {
        SeaOrmErrorKind::NoAdapter => format!("sea-orm-migration {version} is not supported"),
        SeaOrmErrorKind::DoesNotBuild => format!("kit does not build with SeaORM {version}"),
        SeaOrmErrorKind::NoDenseEntities => {
            format!("`--entity-format dense` needs SeaORM 2.0 or later, and this project is on {version}")
        }
        SeaOrmErrorKind::CannotPretend => {
            format!("`--pretend` needs SeaORM 1.1.11 or later, and this project is on {version}")
        }
    }
}

/// The change of Cargo.toml and the command, or what else helps.
pub(super) fn sea_orm_hint(kind: SeaOrmErrorKind, upgrade: Option<&Upgrade>) -> Option<String> {
    let steps = upgrade.map(upgrade_text).filter(|steps| !steps.is_empty());
    match (kind, steps) {
        (SeaOrmErrorKind::NoDenseEntities, _) => Some("pass `--entity-format compact`".to_owned()),
        (SeaOrmErrorKind::DoesNotBuild, None) => {
            Some("report the lines above: this is no fault of your migrations".to_owned())
        }
        (SeaOrmErrorKind::DoesNotBuild, Some(steps)) => {
            Some(format!("{steps}; if that does not help, report the lines above: this is no fault of your migrations"))
        }
        (_, steps) => steps,
    }
}

/// `write "1.1" instead of `=1.1.8` at Cargo.toml:12, then run `cargo update -p sea-orm-migration``
fn upgrade_text(upgrade: &Upgrade) -> String {
    let each: Vec<String> =
        upgrade.requirements.iter().map(|one| format!("`{}` at {}", one.version, one.place)).collect();
    let written =
        (!each.is_empty()).then(|| format!("write `\"{}\"` instead of {}", upgrade.wanted, each.join(" and ")));
    let run = upgrade.command.as_ref().map(|command| format!("run `{command}`"));
    written.into_iter().chain(run).collect::<Vec<_>>().join(", then ")
}

pub(super) fn no_migrator_text(path: &Path, several: &[String], hidden: &[HiddenMigrator]) -> String {
    if !several.is_empty() {
        return format!("several types implement MigratorTrait in {}: {}", path.display(), several.join(", "));
    }
    let each: Vec<String> = hidden
        .iter()
        .map(|one| match one {
            HiddenMigrator::InModule { path, line } => {
                format!("the one of `{path}` in line {line} is inside of a module")
            }
            HiddenMigrator::Macro { name, line } => format!("kit does not expand the macro `{name}!` in line {line}"),
        })
        .collect();
    let reason = if each.is_empty() { String::new() } else { format!("; {}", each.join(", ")) };
    format!("no `impl MigratorTrait for …` at the top level of {}{reason}", path.display())
}

/// The setting that names the type, the place for the `impl`, or the setting with which kit does not have to find it.
pub(super) fn no_migrator_hint(several: &[String], hidden: &[HiddenMigrator]) -> String {
    const OWN: &str = "set `[migrator] command = [\"cargo\", \"run\", …]` in kit.toml to a program of the project that calls \
                       `kit_runtime::main::<Migrator>()`";
    match (several, hidden.first()) {
        ([first, ..], _) => format!("choose one in kit.toml: [project] migrator = \"{first}\""),
        (_, Some(HiddenMigrator::InModule { .. })) => {
            format!("move the type and its `impl` to the top level of the file, or {OWN}")
        }
        (_, Some(HiddenMigrator::Macro { .. })) => format!("write the `impl` without a macro, or {OWN}"),
        (_, None) => {
            "implement MigratorTrait there, or name the folder in kit.toml: [project] migrations = \"DIR\"".to_owned()
        }
    }
}
