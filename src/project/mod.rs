//! Where am I: the project's root, its layout, its settings and its migrations folder, found from any
//! subfolder. It reads files and returns values; it connects to nothing and writes nothing.

pub mod cautions;
pub mod checksum;
mod dotenv;
mod elsewhere;
mod find;
mod included;
pub mod index;

pub mod manifest;
mod misspelt;
pub mod modules;
pub mod register;
pub mod sea_orm;
pub mod seeders;
pub mod settings;
pub mod source;
pub mod source_tables;
pub mod status;
mod template;
pub mod unregister;
pub mod words;
pub mod workspace;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use kit_runtime::config::choose;
use kit_runtime::config::file::Mistake;
use kit_runtime::config::loco::{self, Loco};
use kit_runtime::config::origin::{Origin, Setting};
use kit_runtime::config::{DATABASE_URL, DIRECT, SCHEMA};
use kit_runtime::dialect::url;

use crate::error::{Error, Misspelt, Result, UrlPlace};
use dotenv::Dotenv;
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
    dotenv: Dotenv,
}

/// What a command was told besides its arguments.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// `--database`.
    pub database: Option<&'a str>,
    /// `--env`.
    pub environment: Option<&'a str>,
    /// The environment of the process.
    pub env: &'a BTreeMap<String, String>,
}

impl Invocation<'_> {
    /// A variable of the process; an empty one counts as unset.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty()).cloned()
    }
}

impl Project {
    /// The Migrator that kit.toml names.
    pub fn chosen_migrator(&self) -> Option<&str> {
        self.settings.project.migrator.as_deref()
    }

    /// Finds the project around `start`.
    ///
    /// # Errors
    /// [`Error::NoProject`], [`Error::SeveralMigrations`], [`Error::Config`], [`Error::File`].
    pub fn find(start: &Path) -> Result<Self> {
        Self::of(find::find(start)?)
    }

    /// The package or folder around `start`, for commands that need no migrations.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::File`].
    pub fn without_migrations(start: &Path) -> Result<Self> {
        Self::of(find::without_migrations(start)?)
    }

    fn of(found: find::Found) -> Result<Self> {
        let dotenv = Dotenv::find(&found.root)?;
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
        })
    }

    /// Whether there is a file that registers migrations.
    pub fn has_migrations(&self) -> bool {
        self.index.is_file()
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
        Some(Error::Distrusted { path: self.dotenv.path.clone()?, reason: self.dotenv.distrust? })
    }

    /// The `.env` that applies to the project; it may be in a folder above.
    pub fn dotenv_path(&self) -> Option<&Path> {
        self.dotenv.path.as_deref()
    }

    /// A variable of the project's `.env`, if it is one that decides about databases.
    pub fn dotenv(&self, name: &str) -> Option<Setting> {
        self.variables().iter().any(|known| known == name).then(|| self.dotenv.get(name))?
    }

    /// The environment: `--env`, then variables of the process, of `.env`, kit.toml, `development`.
    pub fn environment(&self, invocation: &Invocation<'_>) -> Setting {
        if let Some(name) = invocation.environment {
            return Setting::new(name.to_owned(), Origin::flag("--env"));
        }
        let process = |name: &str| invocation.variable(name);
        choose::environment(&self.settings, self.is_loco(), &process, &|name| self.dotenv.get(name))
    }

    /// Chooses the database that is meant: by the same rule as an application's.
    ///
    /// # Errors
    /// Why none is.
    pub fn choose(
        &self,
        invocation: &Invocation<'_>,
        choose: impl Fn(&choose::Sources<'_>) -> std::result::Result<choose::Choice, choose::ChoiceError>,
    ) -> std::result::Result<choose::Choice, choose::ChoiceError> {
        let variable = |name: &str| self.variable(invocation, name);
        let loco = || self.loco(invocation);
        choose(&choose::Sources { settings: &self.settings, variable: &variable, loco: &loco })
    }

    /// A variable of the process, else of `.env`.
    pub fn variable(&self, invocation: &Invocation<'_>, name: &str) -> Option<Setting> {
        let process = invocation.variable(name).map(|value| Setting::new(value, Origin::variable(name)));
        process.or_else(|| self.dotenv(name))
    }

    /// Loco's configuration, where the project is Loco's and has one for the environment.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn loco(&self, invocation: &Invocation<'_>) -> std::result::Result<Option<Loco>, Mistake> {
        if !self.is_loco() {
            return Ok(None);
        }
        // A template may name any variable.
        let variable =
            |name: &str| invocation.variable(name).or_else(|| self.dotenv.get(name).map(|setting| setting.value));
        loco::read(&self.root, &self.environment(invocation).value, &variable)
    }

    /// Whether Loco's configuration and variables count.
    pub fn is_loco(&self) -> bool {
        self.layout == Layout::Loco
    }

    /// Variables that are almost called as one that kit reads.
    pub fn misspelt(&self, invocation: &Invocation<'_>) -> Vec<Misspelt> {
        let read = self.variables();
        let process = invocation.env.keys().map(|name| (name.as_str(), Origin::variable(name)));
        let mut found = misspelt::find(&read, process);
        found.extend(misspelt::find(&read, self.dotenv.names()));
        found
    }

    /// Database URLs in files that kit does not take them from.
    pub fn elsewhere(&self, environment: &str) -> Vec<UrlPlace> {
        elsewhere::find(&self.root, environment)
    }

    /// The variables that decide about databases.
    fn variables(&self) -> Vec<String> {
        let usual = [DATABASE_URL, DIRECT, SCHEMA, "APP_ENV"].into_iter().chain(url::VARIABLES);
        let loco = loco::ENVIRONMENT.into_iter().chain([loco::FOLDER]).filter(|_| self.is_loco());
        let named = self.settings.connections.values().filter_map(|connection| connection.env.clone());
        usual.chain(loco).map(str::to_owned).chain(named).collect()
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
