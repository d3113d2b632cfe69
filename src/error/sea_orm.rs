//! Messages and hints about a project's SeaORM and its Migrator.

use std::path::Path;

/// Why kit cannot do something with a release of SeaORM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeaOrmErrorKind {
    /// There is no adapter for it.
    NoAdapter,
    /// It does not compile, or kit's half does not with it; the compiler's output has been shown.
    DoesNotBuild,
    /// Before 1.1.11 it has no connection over which a run can be pretended.
    CannotPretend,
}

pub(super) fn sea_orm_text(version: &str, kind: SeaOrmErrorKind) -> String {
    match kind {
        SeaOrmErrorKind::NoAdapter => format!("sea-orm-migration {version} is not supported"),
        SeaOrmErrorKind::DoesNotBuild => format!("kit does not build with SeaORM {version}"),
        SeaOrmErrorKind::CannotPretend => {
            format!("`--pretend` needs SeaORM 1.1.11 or later, and this project is on {version}")
        }
    }
}

pub(super) fn sea_orm_hint(kind: SeaOrmErrorKind) -> String {
    match kind {
        SeaOrmErrorKind::NoAdapter => {
            "kit works with releases of SeaORM 1.0, 1.1 and 2: ask for `\"1.1\"` or `\"2.0\"` in Cargo.toml, \
             then run `cargo update -p sea-orm-migration`"
        }
        SeaOrmErrorKind::DoesNotBuild => {
            "run `cargo update -p sea-orm-migration -p sea-orm` for the newest release of this line; \
             if that does not help, report the lines above: this is no fault of your migrations"
        }
        SeaOrmErrorKind::CannotPretend => {
            "run `cargo update -p sea-orm-migration -p sea-orm`; if Cargo.toml asks for an older one, ask for `\"1.1\"`"
        }
    }
    .to_owned()
}

pub(super) fn no_migrator_text(path: &Path, several: &[String]) -> String {
    match several {
        [] => format!("no `impl MigratorTrait for …` in {}", path.display()),
        several => format!("several types implement MigratorTrait in {}: {}", path.display(), several.join(", ")),
    }
}
