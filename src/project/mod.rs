//! Where am I: the project's root, its layout, its settings and its migrations folder, found from any
//! subfolder. It reads files and returns values; it connects to nothing and writes nothing.

pub mod checksum;
mod dotenv;
mod find;
pub mod index;
pub mod keys;
pub mod manifest;
pub mod modules;
pub mod register;
pub mod seeders;
pub mod settings;
pub mod source;
pub mod status;
mod template;
pub mod unregister;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
pub use settings::{Layout, Settings};

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
    folder: PathBuf,
    dotenv: BTreeMap<String, String>,
    distrust: Option<&'static str>,
}

impl Project {
    /// Finds the project around `start`.
    ///
    /// # Errors
    /// [`Error::NoProject`], [`Error::SeveralMigrations`], [`Error::Config`], [`Error::File`].
    pub fn find(start: &Path) -> Result<Self> {
        let found = find::find(start)?;
        let distrust = dotenv::distrust(&found.root);
        let dotenv = match distrust {
            Some(_) => BTreeMap::new(),
            None => dotenv::read(&found.root, &found.settings)?,
        };
        let folder = match found.index.file_name().and_then(OsStr::to_str) {
            Some("mod.rs" | "lib.rs" | "main.rs") | None => found.index.parent().unwrap_or(&found.root).to_owned(),
            // `migrations.rs` beside `migrations/`.
            Some(_) => found.index.with_extension(""),
        };
        Ok(Self {
            root: found.root,
            layout: found.layout,
            index: found.index,
            settings: found.settings,
            folder,
            dotenv,
            distrust,
        })
    }

    /// The folder of the migrations.
    pub fn migrations(&self) -> &Path {
        &self.folder
    }

    /// The folder of the entities, there or not.
    pub fn entities(&self) -> PathBuf {
        self.root.join(match self.layout {
            Layout::Kit => "src/models/entities",
            Layout::Loco => "src/models/_entities",
            Layout::SeaOrm if self.root.join("entity/src").is_dir() => "entity/src",
            Layout::SeaOrm => "src/entities",
        })
    }

    /// Why the project's `.env` was not read, as an error to warn with.
    pub fn warning(&self) -> Option<Error> {
        self.distrust.map(|reason| Error::Distrusted { path: self.root.join(".env"), reason })
    }

    /// A variable of the project's `.env`, if it is one of kit's own.
    pub fn dotenv(&self, name: &str) -> Option<String> {
        self.dotenv.get(name).cloned()
    }

    /// The environment where nothing else says it: that of `.env`, then kit.toml's.
    pub fn environment(&self) -> String {
        let named = self.dotenv("APP_ENV").or_else(|| self.settings.environment.clone());
        named.unwrap_or_else(|| "development".to_owned())
    }

    /// Where fixtures are: the folder that is there, else that of the layout.
    pub fn fixtures(&self) -> PathBuf {
        let usual = ["database/fixtures", "src/fixtures"].map(|folder| self.root.join(folder));
        let there = usual.iter().find(|folder| folder.is_dir()).cloned();
        let [kit, loco] = usual;
        there.unwrap_or(if self.layout == Layout::Loco { loco } else { kit })
    }

    /// A path as the user would write it, relative to the root where it is below it.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
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
