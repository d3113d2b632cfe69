//! What goes wrong with fixtures and seeders, and what to do about it.

use std::path::PathBuf;

use super::Error;
use super::FixtureMistake;

/// Why rows do not go in, or do not come out.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SeedError {
    /// No seeder of that name.
    #[error("no seeder `{name}`")]
    UnknownSeeder {
        /// As typed.
        name: String,
        /// All there are.
        known: Vec<String>,
    },
    /// Neither fixtures nor seeders.
    #[error("nothing to seed with: no fixtures in {}, no `DatabaseSeeder` in {}", fixtures.display(), seeders.display())]
    NoSeeds {
        /// Where fixtures would be.
        fixtures: PathBuf,
        /// Where seeders would be.
        seeders: PathBuf,
    },
    /// A fixture, or the folder of them, cannot be taken as it is.
    #[error("{}: {message}", path.display())]
    Fixtures {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A row of a fixture cannot go into its table.
    #[error("{}{}: {fault}", path.display(), fault.line.map(|line| format!(":{line}")).unwrap_or_default())]
    Fixture {
        /// The file.
        path: PathBuf,
        /// What, and where in it.
        fault: Box<FixtureMistake>,
    },
    /// Triggers would change rows while they are loaded as they were dumped, or while tables are emptied.
    #[error("triggers on the tables of {database} would change rows or add some: {}; nothing was written", triggers.join(", "))]
    Triggers {
        /// Redacted URL.
        database: String,
        /// `TABLE.TRIGGER`.
        triggers: Vec<String>,
        /// Whether the owner of the tables could disable them for the time being.
        owner_may: bool,
    },
    /// The role sees, and may write, only rows that policies allow.
    #[error("row level security of {database} hides rows of these tables from the role: {}; nothing was written", tables.join(", "))]
    RowSecurity {
        /// Redacted URL.
        database: String,
        /// The tables.
        tables: Vec<String>,
    },
    /// A seed that failed, and tables that take nothing back.
    #[error("{error}; rows that stay, since their tables take nothing back: {}", tables.join(", "))]
    Seeded {
        /// `3 in notes`.
        tables: Vec<String>,
        /// What failed.
        error: Box<Error>,
    },
}

impl SeedError {
    /// What to do about it.
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Fixture { .. } => "nothing of the seed was kept: correct the file, then run it again; --upsert changes rows that are there already".to_owned(),
            Self::Fixtures { .. } => {
                "a fixture is `TABLE.yaml`, `TABLE.json` or `TABLE.csv`; --from DIR names another folder".to_owned()
            }
            Self::Triggers { owner_may: true, .. } => {
                "connect as the owner of the tables, for whom kit disables the triggers while it loads: `-d URL`".to_owned()
            }
            Self::Triggers { .. } => {
                "drop the triggers, run `kit db:seed` again, and create them again; or delete the first line of the \
                 file, so that they run for its rows"
                    .to_owned()
            }
            Self::RowSecurity { .. } => {
                "connect as the owner of the tables, or as a role with BYPASSRLS: `-d URL`".to_owned()
            }
            Self::UnknownSeeder { known, .. } if !known.is_empty() => format!("choose one of: {}", known.join(", ")),
            Self::UnknownSeeder { name, .. } => format!("write it: `kit make:seeder {name}`"),
            Self::NoSeeds { .. } => {
                "write rows into `TABLE.yaml` there, or a seeder: `kit make:seeder DatabaseSeeder`".to_owned()
            }
            Self::Seeded { .. } => "`kit db:seed --reset` starts over with empty tables".to_owned(),
        };
        Some(hint)
    }
}
