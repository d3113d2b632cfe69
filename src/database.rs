//! The database that the user's settings name, and connecting to it. A [`Target`] shows itself only
//! without its password. What differs between databases otherwise is the dialects' business.

mod caution;
mod connect;
mod create;
mod missing;
mod scratch;
mod wait;

use std::path::{Path, PathBuf};
use std::time::Duration;

use kit_runtime::census::{self, Census};
use kit_runtime::config::choose::{Choice, ChoiceError};
use kit_runtime::config::file::ConnectionSettings;
use kit_runtime::config::origin::{Origin, Setting, Source};
use kit_runtime::config::{DATABASE_URL, DEFAULT};
use kit_runtime::dialect::DEFAULT_DRIVER;
use kit_runtime::dialect::Dialect;
use kit_runtime::dialect::url::{self, Ignored};
use kit_runtime::environment::{is_development, is_production};
use kit_runtime::ledger::{self, Ledger};
use kit_runtime::sea_orm::Session;
use kit_runtime::wire::{Failure, Unfit, Warning};

use crate::error::{Error, MissingUrl, NoDefault, Result};
use crate::migrator::package::Package;
use crate::project::{Invocation, Layout, Project};

pub use connect::{mysql_options, postgres_options};
pub use kit_runtime::secrets::hide_passwords;
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
    /// Where the schema is set.
    pub schema_origin: Option<Origin>,
    /// Where the URL came from.
    pub origin: Origin,
    /// The variable that holds the URL, where a connection names one.
    pub holder: Option<Origin>,
    /// The URL itself says that a missing file is to be created: `mode=rwc`.
    pub creates: bool,
    /// Parameters of the URL that the driver ignores.
    pub ignored: Vec<Ignored>,
    /// How long a server may take to let kit in, where the user says so.
    pub patience: Option<Duration>,
    /// The environment is production.
    pub is_production: bool,
    /// There are migrations, which may create it.
    pub has_migrations: bool,
    url: String,
}

impl Target {
    /// Resolves flag, environment, `.env`, `kit.toml`, Loco's configuration and default, in this order.
    ///
    /// # Errors
    /// [`Error::BadUrl`], [`Error::UnknownConnection`], [`Error::MissingUrl`], [`Error::Config`].
    pub fn resolve(project: &Project, invocation: &Invocation<'_>) -> Result<Self> {
        if let Some(flag) = invocation.database.filter(|flag| !ConnectionSettings::is_name(flag)) {
            let url = Setting::new(flag.to_owned(), Origin::flag("--database"));
            let schema = project.variable(invocation, kit_runtime::config::SCHEMA);
            return Ok(Self::of(project, invocation, &url, None)?.in_schema(schema));
        }
        let chosen = match invocation.database {
            Some(name) => project.choose(invocation, |sources| sources.named(name)),
            None => project.choose(invocation, |sources| sources.main()),
        };
        match chosen {
            Ok(choice) => Self::chosen(project, invocation, choice),
            Err(ChoiceError::Unknown { name, known }) => Err(Error::UnknownConnection { name, known }),
            Err(ChoiceError::Invalid(mistake)) => {
                Err(Error::Config { origin: mistake.origin, message: mistake.message })
            }
            Err(ChoiceError::Unset { origin, variable }) => {
                let connection = NoDefault::Connection { origin };
                Err(MissingUrl::of(project, invocation, variable, connection).into())
            }
            Err(ChoiceError::Missing) => match no_default(project, invocation) {
                Some(reason) => Err(MissingUrl::of(project, invocation, DATABASE_URL.to_owned(), reason).into()),
                None => {
                    let url = Setting::new(DEFAULT.to_owned(), Origin::default_value());
                    let schema = project.variable(invocation, kit_runtime::config::SCHEMA);
                    Ok(Self::of(project, invocation, &url, None)?.in_schema(schema))
                }
            },
        }
    }

    fn chosen(project: &Project, invocation: &Invocation<'_>, choice: Choice) -> Result<Self> {
        let through = Self::of(project, invocation, &choice.url, choice.holder)?;
        let target = match choice.direct {
            None => through,
            Some(setting) => {
                let direct = Self::of(project, invocation, &setting, None)?;
                // An outdated DIRECT_DATABASE_URL must not lead to another database.
                if direct.dialect != through.dialect || direct.database_name() != through.database_name() {
                    return Err(Error::Config {
                        origin: setting.origin.to_string(),
                        message: format!("it names another database than {DATABASE_URL}"),
                    });
                }
                direct
            }
        };
        // What was typed before a command may lead anywhere: it is not called by a name of the project's.
        let name = choice.name.filter(|_| target.origin.source >= Source::Settings);
        Ok(Self { name, ..target }.in_schema(choice.schema))
    }

    fn in_schema(self, schema: Option<Setting>) -> Self {
        let (schema, schema_origin) = schema.map(|schema| (schema.value, schema.origin)).unzip();
        Self { schema, schema_origin, ..self }
    }

    fn of(project: &Project, invocation: &Invocation<'_>, url: &Setting, holder: Option<Origin>) -> Result<Self> {
        // An application that finds its `.env` in a folder above runs there.
        let is_of_dotenv = holder.as_ref().unwrap_or(&url.origin).source == Source::Dotenv;
        let folder = project.dotenv_path().and_then(Path::parent).filter(|_| is_of_dotenv).unwrap_or(&project.root);
        let variable = |name: &str| project.variable(invocation, name).map(|setting| setting.value);
        let is_production = is_production(&project.environment(invocation).value);
        let has_migrations = project.has_migrations();
        let read = Self::read(&url.value, url.origin.clone(), folder, &variable)?;
        Ok(Self { holder, is_production, has_migrations, ..read })
    }

    /// Takes a URL apart. A relative SQLite path is relative to `root`.
    ///
    /// # Errors
    /// [`Error::BadUrl`], whose message never contains the URL.
    pub fn parse(url: &str, origin: &str, root: &Path) -> Result<Self> {
        Self::read(url, Origin::flag(origin), root, &|_| None)
    }

    fn read(url: &str, origin: Origin, root: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let parsed = url::parse(url, root, variable).map_err(|error| Error::BadUrl {
            origin: origin.to_string(),
            reason: error.reason,
            corrected: error.corrected,
        })?;
        Ok(Self {
            name: None,
            dialect: parsed.dialect,
            schema: None,
            schema_origin: None,
            origin,
            holder: None,
            creates: parsed.creates,
            ignored: parsed.ignored,
            patience: None,
            is_production: false,
            has_migrations: true,
            url: parsed.text,
        })
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

    /// Reads the ledger; writes nothing.
    ///
    /// # Errors
    /// Those of [`Target::connect`], [`Error::Ledger`].
    pub async fn ledger(&self, table: &str) -> Result<Ledger> {
        self.ledger_in(&self.connect().await?, table).await
    }

    /// Reads the ledger as [`Target::ledger`] does; a database that does not exist has an empty one. For commands that create
    /// the database, or do not need it.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Ledger`].
    pub async fn ledger_or_empty(&self, table: &str) -> Result<Ledger> {
        match self.ledger(table).await {
            Err(Error::NoDatabase { .. }) => Ok(Ledger::default()),
            outcome => outcome,
        }
    }

    /// Reads the ledger in a session.
    ///
    /// # Errors
    /// [`Error::Ledger`].
    pub async fn ledger_in(&self, session: &Session, table: &str) -> Result<Ledger> {
        ledger::read(session, table).await.map_err(|error| Error::Ledger {
            database: self.redacted(),
            message: self.scrub(&error.message),
            reason: error.reason,
        })
    }

    /// The error of a database that does not exist.
    fn missing(&self) -> Error {
        Error::NoDatabase {
            database: self.redacted(),
            origin: (self.origin.source != Source::Default)
                .then(|| self.holder.as_ref().unwrap_or(&self.origin).to_string()),
            is_production: self.is_production,
            has_migrations: self.has_migrations,
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
        Error::Database { database: self.redacted(), message: self.scrub(&error.message), reason: error.reason }
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

    /// Removes URL and password from every text in a failure that a server, a driver or a migration wrote.
    pub fn scrub_failure(&self, mut failure: Failure) -> Failure {
        // Every variant is listed: whoever adds one decides here whether it quotes a text that may hold the password.
        match &mut failure {
            Failure::Request { message }
            | Failure::Connect { message, reason: _ }
            | Failure::Database { message, reason: _ }
            | Failure::Ledger { message, reason: _ }
            | Failure::Lock { message, reason: _ }
            | Failure::OutcomeUnknown { message, name: _ }
            | Failure::Migration { message, name: _, direction: _, cause: _, rolled_back: _ }
            | Failure::Seeder { message, name: _, cause: _, rolled_back: _ }
            | Failure::Pretended { message, name: _, direction: _, cause: _ }
            | Failure::Halted { error: Some(message), name: _, direction: _ }
            | Failure::Unfit(Unfit::ReadOnly { says: message } | Unfit::NoQuorum { state: message })
            | Failure::Strict(Warning::Retried { message, name: _ }) => *message = self.scrub(message),
            Failure::Occupied { objects: texts } | Failure::Strict(Warning::Settings { settings: texts, name: _ }) => {
                texts.iter_mut().for_each(|text| *text = self.scrub(text));
            }
            Failure::Protocol { migrator: _ }
            | Failure::Busy { holder: _, waited: _ }
            | Failure::Unfit(Unfit::NodeByNode | Unfit::Lent { name: _ })
            | Failure::LockLost
            | Failure::Unknown { name: _ }
            | Failure::Duplicate { name: _ }
            | Failure::NameTooLong { name: _, limit: _ }
            | Failure::Strict(
                Warning::OutOfOrder { name: _, after: _ }
                | Warning::Missing { name: _ }
                | Warning::MoreMissing { count: _ }
                | Warning::Unsorted
                | Warning::Modified { name: _ }
                | Warning::CommittedInside { name: _ }
                | Warning::LeftOpen { name: _ }
                | Warning::TakenForText { name: _, text: _ }
                | Warning::Lent
                | Warning::Unfinished { name: _ },
            )
            | Failure::Gone { name: _ }
            | Failure::Halted { error: None, name: _, direction: _ }
            | Failure::NoSeeder { name: _ }
            | Failure::Interrupted { signal: _, stopped: _ }
            | Failure::Undecided { count: _ } => {}
        }
        failure
    }

    /// Takes URL and password out of what a driver said.
    pub fn scrub(&self, message: &str) -> String {
        url::scrub(message, &self.url)
    }
}

/// Why the default database is not taken; `None` if it is: in development, where the project has its driver, or names none and is
/// kit's own.
fn no_default(project: &Project, invocation: &Invocation<'_>) -> Option<NoDefault> {
    if !is_development(&project.environment(invocation).value) {
        return Some(NoDefault::Environment);
    }
    if project.misspelt(invocation).iter().any(|found| found.meant == DATABASE_URL) {
        return Some(NoDefault::Misspelt);
    }
    if !project.has_migrations() {
        return Some(NoDefault::Driver { drivers: Vec::new() });
    }
    let drivers = Package::of(&project.index).map(|package| package.drivers_with(&project.root)).unwrap_or_default();
    let fits = match drivers.is_empty() {
        true => project.layout == Layout::Kit,
        false => drivers.iter().any(|driver| driver == DEFAULT_DRIVER || driver == "sqlx-all"),
    };
    (!fits).then_some(NoDefault::Driver { drivers })
}

#[cfg(test)]
#[path = "database/scrub_tests.rs"]
mod tests;
