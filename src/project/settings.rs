//! kit.toml as a value. What it does not say has a default; what it says that kit does not know is an error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Layout, read};
use crate::error::{Error, Result};

/// kit.toml.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// `APP_ENV` where nothing else says it.
    pub environment: Option<String>,
    /// `[project]`
    pub project: ProjectSettings,
    /// `[database]`
    pub database: DatabaseSettings,
    /// `[connections.NAME]`
    pub connections: BTreeMap<String, Connection>,
    /// `[migrator]`
    pub migrator: MigratorSettings,
}

/// `[project]`: what kit would otherwise detect.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectSettings {
    /// kit, seaorm or loco.
    pub layout: Option<Layout>,
    /// The folder that holds the mod.rs or lib.rs of the migrations, relative to kit.toml.
    pub migrations: Option<PathBuf>,
}

/// `[database]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// The connection to use where nothing names one.
    pub default: Option<String>,
    /// Refuse fresh, reset, refresh, redo and rollback, `--force` or not.
    pub prohibit_destructive: bool,
}

/// `[connections.NAME]`: one of `url` and `env`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connection {
    /// The URL itself; better without a password.
    pub url: Option<String>,
    /// The variable that holds the URL.
    pub env: Option<String>,
    /// Schema, on databases that have them.
    pub schema: Option<String>,
}

/// `[migrator]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MigratorSettings {
    /// Program and arguments of the project's own entry, which calls `kit_runtime::main`.
    pub command: Vec<String>,
}

impl Settings {
    /// Reads `kit.toml` in `root`; its defaults where there is none.
    ///
    /// # Errors
    /// [`Error::Config`] with line and column, [`Error::File`].
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join("kit.toml");
        if !path.exists() {
            return Ok(Self::default());
        }
        toml::from_str(&read(&path)?).map_err(|error| Error::Config {
            origin: "kit.toml".to_owned(),
            // Without the quoted line, which may hold a password.
            message: error.message().to_owned(),
        })
    }
}
