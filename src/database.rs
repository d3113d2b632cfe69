//! The database that the user's settings name, and connecting to it. A [`Target`] shows itself only
//! without its password. What differs between databases otherwise is the dialects' business.

mod caution;
mod connect;
mod refusal;
mod scratch;
mod url;

use std::path::{Path, PathBuf};
use std::time::Duration;

use kit_runtime::census::{self, Census};
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::{self, Ledger};
use kit_runtime::wire::Failure;

use crate::error::{Error, Result};
use crate::project::Project;
use crate::project::settings::ConnectionSettings;

pub use kit_runtime::config::DEFAULT;
use kit_runtime::config::DIRECT;
pub use kit_runtime::secrets::hide_passwords;
pub use refusal::Refusal;
pub use scratch::Scratch;

/// One database, as the user's settings name it.
#[derive(Clone)]
pub struct Target {
    /// Name of the connection in kit.toml, if it has one.
    pub name: Option<String>,
    /// Which family.
    pub dialect: Dialect,
    /// Schema (`search_path`), where set.
    pub schema: Option<String>,
    /// Where the URL came from: `--database`, `DATABASE_URL`, `.env`, kit.toml, the default.
    pub origin: String,
    /// The URL itself says that a missing file is to be created: `mode=rwc`.
    pub creates: bool,
    /// How long a server may take to let kit in, where the user says so.
    pub patience: Option<Duration>,
    url: String,
}

/// SeaORM's feature for the driver of [`DEFAULT`].
pub const DEFAULT_DRIVER: &str = "sqlx-sqlite";

impl Target {
    /// Resolves flag, environment, `.env`, `kit.toml` and default, in this order.
    ///
    /// # Errors
    /// [`Error::BadUrl`], [`Error::UnknownConnection`], [`Error::Config`].
    pub fn resolve(project: &Project, flag: Option<&str>, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let variable = |name: &str| env(name).or_else(|| project.dotenv(name));
        let of_url = |url: &str, origin: &str| -> Result<Self> {
            Ok(Self { schema: variable("DATABASE_SCHEMA"), ..Self::parse(url, origin, &project.root)? })
        };
        if let Some(flag) = flag {
            return match project.settings.connections.get(flag) {
                None if !ConnectionSettings::is_name(flag) => of_url(flag, "--database"),
                _ => Self::named(project, flag, variable),
            };
        }
        let direct = |through: Self, url: Option<String>, origin: &str| -> Result<Self> {
            let Some(url) = url else { return Ok(through) };
            let direct = of_url(&url, origin)?;
            // A forgotten one must not lead to somebody else's database.
            if direct.dialect == through.dialect && direct.database_name() == through.database_name() {
                Ok(direct)
            } else {
                Err(Error::Config {
                    origin: origin.to_owned(),
                    message: "it names another database than DATABASE_URL".to_owned(),
                })
            }
        };
        if let Some(url) = env("DATABASE_URL") {
            return direct(of_url(&url, "DATABASE_URL")?, env(DIRECT), DIRECT);
        }
        if let Some(url) = project.dotenv("DATABASE_URL") {
            let through = of_url(&url, "DATABASE_URL in .env")?;
            return direct(through, project.dotenv(DIRECT), "DIRECT_DATABASE_URL in .env");
        }
        if let Some(name) = &project.settings.database.default {
            return Self::named(project, name, variable);
        }
        let mut names = project.settings.connections.keys();
        match (names.next(), names.next()) {
            (Some(only), None) => Self::named(project, only, variable),
            _ => of_url(DEFAULT, "the default"),
        }
    }

    /// The connection `name` of kit.toml.
    fn named(project: &Project, name: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let connections = &project.settings.connections;
        let Some(connection) = connections.get(name) else {
            return Err(Error::UnknownConnection {
                name: name.to_owned(),
                known: connections.keys().cloned().collect(),
            });
        };
        let origin = format!("[connections.{name}] in kit.toml");
        let url = match (&connection.url, &connection.env) {
            (Some(url), _) => url.clone(),
            (None, holder) => {
                let holder = holder.as_deref().unwrap_or("DATABASE_URL");
                variable(holder).ok_or_else(|| Error::Config {
                    origin: origin.clone(),
                    message: format!("the variable {holder} is not set"),
                })?
            }
        };
        let schema = connection.schema.clone().or_else(|| variable("DATABASE_SCHEMA"));
        Ok(Self { name: Some(name.to_owned()), schema, ..Self::parse(&url, &origin, &project.root)? })
    }

    /// Takes a URL apart. A relative SQLite path is relative to the project's root.
    ///
    /// # Errors
    /// [`Error::BadUrl`], whose message never contains the URL.
    pub fn parse(url: &str, origin: &str, root: &Path) -> Result<Self> {
        let creates = url::creates(url);
        let (dialect, url) =
            url::parse(url, root).map_err(|reason| Error::BadUrl { origin: origin.to_owned(), reason })?;
        Ok(Self { name: None, dialect, schema: None, origin: origin.to_owned(), creates, patience: None, url })
    }

    /// The URL, password included: for drivers and the wire only, never for eyes.
    pub fn secret_url(&self) -> &str {
        &self.url
    }

    /// The password in every form that a driver may quote it in.
    pub fn secrets(&self) -> Vec<String> {
        url::secrets(&self.url)
    }

    /// The URL as it may be shown: `postgres://u:***@h/db`.
    pub fn redacted(&self) -> String {
        url::redact(&self.url)
    }

    /// The file of an embedded database that is a file.
    pub fn file(&self) -> Option<PathBuf> {
        url::file(&self.url)
    }

    /// The database's name on its server.
    pub fn database_name(&self) -> Option<String> {
        url::database_name(&self.url)
    }

    /// The name that a person types to confirm a change: that of the database, or of its file.
    pub fn short_name(&self) -> String {
        let file = self.file().and_then(|file| Some(file.file_name()?.to_string_lossy().into_owned()));
        file.or_else(|| self.database_name()).unwrap_or_else(|| self.redacted())
    }

    /// The URL for whoever only reads, password included: a file that is not there is an empty database in memory.
    ///
    /// # Errors
    /// [`Error::NoDatabase`] where a server does not have it.
    pub async fn url_to_read(&self) -> Result<String> {
        match self.connect().await {
            Err(Error::NoDatabase { .. }) if self.file().is_some() => Ok("sqlite::memory:".to_owned()),
            Err(error @ Error::NoDatabase { .. }) => Err(error),
            // Any other error comes up again where the connection is used.
            _ => Ok(self.url.clone()),
        }
    }

    /// Reads the ledger; writes nothing. A database that is not there has an empty one.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Ledger`].
    pub async fn ledger(&self, table: &str) -> Result<Ledger> {
        match self.connect().await {
            Ok(session) => ledger::read(&session, table)
                .await
                .map_err(|error| Error::Ledger { database: self.redacted(), message: self.scrub(&error.message) }),
            Err(Error::NoDatabase { .. }) => Ok(Ledger::default()),
            Err(error) => Err(error),
        }
    }

    /// SeaORM's feature for the driver that it needs.
    pub fn driver(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => DEFAULT_DRIVER,
            Dialect::Postgres => "sqlx-postgres",
            Dialect::MySql => "sqlx-mysql",
        }
    }

    /// Number of tables and of rows in them, without the ledger's own.
    ///
    /// # Errors
    /// Those of connecting, [`Error::Database`].
    pub async fn census(&self, ledger: &str) -> Result<Census> {
        let session = self.connect().await?;
        census::count(&session, &ledger::own_tables(ledger)).await.map_err(|error| self.failed(&error))
    }

    /// An error of a statement on this database.
    pub fn failed(&self, error: &kit_runtime::connection::Error) -> Error {
        Error::Database { database: self.redacted(), message: self.scrub(&error.message) }
    }

    /// What the engine refused, before anything was done.
    pub fn refused(&self, failure: Failure) -> Error {
        Error::Migrator {
            failure: self.scrub_failure(failure),
            database: self.redacted(),
            done: Vec::new(),
            again: false,
        }
    }

    /// A migrator's failure without URL and password.
    pub fn scrub_failure(&self, mut failure: Failure) -> Failure {
        match &mut failure {
            Failure::Request { message }
            | Failure::Connect { message }
            | Failure::Database { message }
            | Failure::Ledger { message }
            | Failure::Lock { message }
            | Failure::OutcomeUnknown { message, .. }
            | Failure::Migration { message, .. }
            | Failure::Pretended { message, .. }
            | Failure::Halted { error: Some(message), .. } => *message = self.scrub(message),
            _ => {}
        }
        failure
    }

    /// Takes URL and password out of what a driver said.
    pub fn scrub(&self, message: &str) -> String {
        url::scrub(message, &self.url)
    }
}
