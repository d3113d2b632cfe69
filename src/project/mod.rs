//! Where am I: the project's root, its layout, its settings and its migrations folder, found from any
//! subfolder. It reads files and returns values; it connects to nothing and writes nothing.

mod find;
mod index;
pub mod manifest;
pub mod register;
pub mod settings;
pub mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
pub use settings::Settings;

/// How a project arranges migrations and entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `migrations/mod.rs` or `src/migrations/mod.rs`, entities in `src/models/`.
    Kit,
    /// A `migration/` crate, entities in `entity/src` or `src/entities`.
    SeaOrm,
    /// A `migration/` crate, entities in `src/models/_entities`.
    Loco,
}

/// A project that kit works on.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds kit.toml, `.env` and the application's Cargo.toml.
    pub root: PathBuf,
    /// How it is arranged.
    pub layout: Layout,
    /// The file that registers migrations: mod.rs or lib.rs.
    pub index: PathBuf,
    /// kit.toml, or its defaults.
    pub settings: Settings,
    dotenv: BTreeMap<String, String>,
}

/// The only variables kit takes from `.env`, besides those that kit.toml names in `env = "…"`.
const DOTENV: [&str; 3] = ["DATABASE_URL", "DATABASE_SCHEMA", "APP_ENV"];

impl Project {
    /// Finds the project around `start`.
    ///
    /// # Errors
    /// [`Error::NoProject`], [`Error::SeveralMigrations`], [`Error::Config`], [`Error::File`].
    pub fn find(start: &Path) -> Result<Self> {
        let found = find::find(start)?;
        let dotenv = read_dotenv(&found.root, &found.settings)?;
        Ok(Self { root: found.root, layout: found.layout, index: found.index, settings: found.settings, dotenv })
    }

    /// The folder of the migrations.
    pub fn migrations(&self) -> &Path {
        self.index.parent().unwrap_or(&self.root)
    }

    /// A variable of the project's `.env`, if it is one of kit's own.
    pub fn dotenv(&self, name: &str) -> Option<String> {
        self.dotenv.get(name).cloned()
    }

    /// A path as the user would write it, relative to the root where it is below it.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

fn read_dotenv(root: &Path, settings: &Settings) -> Result<BTreeMap<String, String>> {
    let path = root.join(".env");
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let named: Vec<&str> = settings.connections.values().filter_map(|connection| connection.env.as_deref()).collect();
    let unreadable = |message: String| Error::Unreadable { path: path.clone(), message };
    let mut variables = BTreeMap::new();
    for entry in dotenvy::from_path_iter(&path).map_err(|_| unreadable("it cannot be opened".to_owned()))? {
        // The parser's own message quotes the line, and the line may hold a password.
        let (name, value) = entry.map_err(|_| unreadable("a line is not NAME=value".to_owned()))?;
        if !value.is_empty() && (DOTENV.contains(&name.as_str()) || named.contains(&name.as_str())) {
            variables.insert(name, value);
        }
    }
    Ok(variables)
}

/// Reads a text file.
///
/// # Errors
/// [`Error::File`], [`Error::Unreadable`] if it is not UTF-8.
pub fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|source| Error::File { action: "read", path: path.to_owned(), source })?;
    String::from_utf8(bytes)
        .map_err(|_| Error::Unreadable { path: path.to_owned(), message: "it is not UTF-8".to_owned() })
}
