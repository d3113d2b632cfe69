//! The project's migrations as their sources say: names, files and order, without a compiler.

use std::path::PathBuf;

use super::Project;
use crate::error::Result;

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
    /// Files that look like migrations and are not registered.
    pub unregistered: Vec<SourceMigration>,
}

/// Reads the project's migrations.
///
/// # Errors
/// Those of reading and parsing the files.
pub fn read(_project: &Project) -> Result<Sources> {
    Ok(Sources::default())
}
