//! What kit.toml says of an application's databases, and opening them: pools, and the switches that migrate, empty or recreate a
//! database when it is opened. It reads the file and the environment, and returns connections; it knows no `.env`, which is the
//! application's to load.
//!
//! ```toml
//! # kit.toml
//! [connections.main]
//! env = "DATABASE_URL"
//! auto_migrate = true
//! max_connections = 20
//!
//! [connections.reports]
//! env = "REPORTS_URL"
//! ```
//!
//! ```no_run
//! # #[cfg(feature = "driver")]
//! # async fn start() -> Result<(), kit_runtime::config::Error> {
//! # use sea_orm_migration::prelude::*;
//! # struct Migrator;
//! # impl MigratorTrait for Migrator { fn migrations() -> Vec<Box<dyn MigrationTrait>> { vec![] } }
//! use kit_runtime::config::Config;
//!
//! let config = Config::read(".")?;
//! let db = config.named("main")?.connect::<Migrator>().await?;
//! let reports = config.named("reports")?.open().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Switches
//!
//! | key of `[connections.NAME]` | what [`Target::connect`] does |
//! |---|---|
//! | `auto_migrate` | applies pending migrations, as [`crate::migrate`] does |
//! | `dangerously_recreate` | drops everything and applies all migrations, instead |
//! | `dangerously_truncate` | takes all rows out of all tables but the ledgers, after that |
//!
//! All of it happens under kit's lock, in the order of this table, before the pool is returned. All are off if not said. The dangerous
//! ones are refused, and nothing is touched, if the environment is `production` or `prod` (in any case), with `prohibit_destructive` under
//! `[database]`, and where `KIT_PROTECT` names the database.
//!
//! # Loco's names
//!
//! The keys are those under `database:` in Loco's configuration, `uri` being `url` or `env`. `ExtraDb` is a second
//! `[connections.NAME]`; `MultiDb` is [`Config::open_all`], whose answer has [`Connections::get`].
//!
//! In a project of Loco's (`layout = "loco"` in kit.toml, or a folder `src/models/_entities`) without connections in kit.toml, URL,
//! switches and pool sizes are those of `config/ENVIRONMENT.yaml`, and `LOCO_ENV` is the environment unless `APP_ENV` is set.
//!
//! # Which database
//!
//! `DATABASE_URL`, else the default or only connection of kit.toml, else Loco's, else, in development alone, a SQLite file: as kit's
//! command line decides. Outside of development a missing URL is [`Error::Missing`].

pub mod choose;
pub mod file;
pub mod loco;
#[cfg(feature = "driver")]
mod open;
pub mod origin;
mod resolve;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::wire::Failure;
use file::{ConnectionSettings, Mistake, Settings};

#[cfg(feature = "driver")]
pub use open::Connections;

/// The database of a project that names none: embedded, nothing to install.
pub const DEFAULT: &str = "sqlite://database/app.sqlite?mode=rwc";

/// The variable with the URL of the application's database.
pub const DATABASE_URL: &str = "DATABASE_URL";

/// The variable with its schema.
pub const SCHEMA: &str = "DATABASE_SCHEMA";

/// Where a `DATABASE_URL` leads through a pooler, the variable beside it that leads to the server itself.
pub const DIRECT: &str = "DIRECT_DATABASE_URL";

/// kit.toml and the environment.
#[derive(Clone)]
pub struct Config {
    /// kit.toml, or its defaults.
    pub settings: Settings,
    root: PathBuf,
    variables: Arc<Variables>,
}

/// Where variables come from.
type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// A database, as kit.toml and the environment name it.
#[derive(Clone)]
pub struct Target {
    /// Its name in kit.toml, if it has one.
    pub name: Option<String>,
    /// What kit.toml says of it.
    pub settings: ConnectionSettings,
    /// Schema (`search_path`), where set.
    pub schema: Option<String>,
    url: String,
    /// The way past a pooler, for migrations.
    direct: Option<String>,
    /// Why nothing of it may be destroyed.
    protected: Option<Protection>,
}

/// Why nothing of a database may be destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protection {
    /// The environment is production ([`crate::environment::is_production`]).
    Production,
    /// `prohibit_destructive` under `[database]`.
    Prohibited,
    /// `KIT_PROTECT` names it.
    Protected,
    /// `DATABASE_URL` names another database than the connection that the switch stands under.
    Elsewhere,
}

impl Config {
    /// Reads `kit.toml` in `root`, if it is there; variables are those of the process.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Config`].
    #[expect(clippy::disallowed_methods, reason = "an application that asks for it has its environment read")]
    pub fn read(root: impl AsRef<Path>) -> Result<Self> {
        Self::with(root, |name| std::env::var(name).ok())
    }

    /// The same with variables from somewhere else.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn with(
        root: impl AsRef<Path>,
        variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self> {
        let path = root.as_ref().join("kit.toml");
        let settings = match std::fs::read_to_string(&path) {
            Ok(text) => Settings::parse(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Settings::default(),
            Err(error) => return Err(Error::File { path, message: error.to_string() }),
        };
        Ok(Self { settings, root: root.as_ref().to_owned(), variables: Arc::new(variables) })
    }

    /// A variable; an empty one counts as unset.
    fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // URLs have passwords.
        let names: Vec<&String> = self.settings.connections.keys().collect();
        f.debug_struct("Config").field("root", &self.root).field("connections", &names).finish_non_exhaustive()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As above.
        f.debug_struct("Target").field("name", &self.name).field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// What [`Config`] and [`Target`] return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a database is not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// kit.toml cannot be read.
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// kit.toml or the environment says what cannot be.
    Config {
        /// Where.
        origin: String,
        /// What is wrong.
        message: String,
    },
    /// Nothing names the URL of the database, and this is not development.
    Missing {
        /// The variable that would.
        variable: &'static str,
        /// The environment.
        environment: String,
    },
    /// kit.toml has no connection of that name.
    Unknown {
        /// The name.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A dangerous switch is on, and nothing of the database may be destroyed; nothing was done.
    Refused {
        /// The switch.
        switch: &'static str,
        /// Why.
        why: Protection,
    },
    /// A switch is on, and nobody gave the migrations; nothing was done.
    NoMigrator {
        /// The switch.
        switch: &'static str,
    },
    /// No connection.
    Connect {
        /// What the driver said.
        message: String,
    },
    /// What a switch asks for failed.
    Migration(Failure),
}

impl From<Mistake> for Error {
    fn from(Mistake { origin, message }: Mistake) -> Self {
        Self::Config { origin, message }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, message } => write!(f, "cannot read {}: {message}", path.display()),
            Self::Config { origin, message } => write!(f, "{origin}: {message}"),
            Self::Missing { variable, environment } => {
                write!(f, "no database URL in the environment `{environment}`: {variable} is not set")
            }
            Self::Unknown { name, known } if known.is_empty() => write!(f, "kit.toml has no connection `{name}`"),
            Self::Unknown { name, known } => {
                write!(f, "kit.toml has no connection `{name}`, but {}", known.join(", "))
            }
            Self::Refused { switch, why } => write!(f, "`{switch}` is refused: {why}"),
            Self::NoMigrator { switch } => write!(f, "`{switch}` needs migrations: `connect::<Migrator>()` has them"),
            Self::Connect { message } => write!(f, "cannot connect: {message}"),
            Self::Migration(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Production => "this is production",
            Self::Prohibited => "`prohibit_destructive` is set in kit.toml",
            Self::Protected => "KIT_PROTECT names the database",
            Self::Elsewhere => "DATABASE_URL names another database than kit.toml",
        })
    }
}
