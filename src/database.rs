//! Database URLs: where they come from, what they name, how they look without their password; and
//! connecting. The one place outside the dialects that knows the names of databases.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kit_runtime::census::{self, Census};
use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::{self, Ledger};
use kit_runtime::sea_orm::Session;
use kit_runtime::wire::Failure;
use sea_orm::{ConnectOptions, Database};
use url::Url;

use crate::error::{Error, Result};
use crate::project::Project;
use crate::project::source::Sources;

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
    /// The URL itself says that a missing database is to be created.
    pub creates: bool,
    url: String,
}

impl Target {
    /// Resolves flag, environment, `.env`, `kit.toml` and default, in this order.
    ///
    /// # Errors
    /// [`Error::BadUrl`], [`Error::UnknownConnection`], [`Error::Config`].
    pub fn resolve(project: &Project, flag: Option<&str>, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let schema = env("DATABASE_SCHEMA").or_else(|| project.dotenv("DATABASE_SCHEMA"));
        let connections = &project.settings.connections;
        let url_of = |name: &str| -> Result<Self> {
            let known = || connections.keys().cloned().collect();
            let connection = connections
                .get(name)
                .ok_or_else(|| Error::UnknownConnection { name: name.to_owned(), known: known() })?;
            let origin = format!("[connections.{name}] in kit.toml");
            let url = match (&connection.url, &connection.env) {
                (Some(url), None) => url.clone(),
                (None, Some(variable)) => env(variable).or_else(|| project.dotenv(variable)).ok_or_else(|| {
                    Error::Config { origin: origin.clone(), message: format!("the variable {variable} is not set") }
                })?,
                _ => {
                    return Err(Error::Config { origin, message: "give either `url` or `env`".to_owned() });
                }
            };
            let mut target = Self::parse(&url, &origin, &project.root)?;
            target.name = Some(name.to_owned());
            target.schema = connection.schema.clone().or_else(|| schema.clone());
            Ok(target)
        };
        if let Some(flag) = flag {
            // A name never has a colon, a URL always does.
            if !flag.contains(':') {
                return url_of(flag);
            }
            return Ok(Self { schema, ..Self::parse(flag, "--database", &project.root)? });
        }
        let found = env("DATABASE_URL")
            .map(|url| (url, "DATABASE_URL"))
            .or_else(|| project.dotenv("DATABASE_URL").map(|url| (url, "DATABASE_URL in .env")));
        if let Some((url, origin)) = found {
            return Ok(Self { schema, ..Self::parse(&url, origin, &project.root)? });
        }
        if let Some(name) = &project.settings.database.default {
            return url_of(name);
        }
        if connections.len() == 1
            && let Some(name) = connections.keys().next()
        {
            return url_of(name);
        }
        Ok(Self { schema, ..Self::parse("sqlite://database/app.sqlite?mode=rwc", "the default", &project.root)? })
    }

    /// Takes a URL apart. A relative SQLite path is relative to the project's root.
    ///
    /// # Errors
    /// [`Error::BadUrl`], whose message never contains the URL.
    pub fn parse(url: &str, origin: &str, root: &Path) -> Result<Self> {
        let bad = |reason: &str| Error::BadUrl { origin: origin.to_owned(), reason: reason.to_owned() };
        let url = url.trim();
        if url.is_empty() {
            return Err(bad("it is empty"));
        }
        if url.len() > 4096 {
            return Err(bad("it is longer than 4096 bytes"));
        }
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(bad("it has no scheme"));
        };
        let creates = rest.contains("mode=rwc");
        let target = |dialect, url| Self { name: None, dialect, schema: None, origin: origin.to_owned(), creates, url };
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Ok(target(Dialect::Sqlite, sqlite_url(rest, root).map_err(|reason| bad(&reason))?)),
            "postgres" | "postgresql" => server(url, &bad).map(|url| target(Dialect::Postgres, url)),
            "mysql" => server(url, &bad).map(|url| target(Dialect::MySql, url)),
            "mariadb" => server(&format!("mysql:{rest}"), &bad).map(|url| target(Dialect::MySql, url)),
            other if other.chars().all(|c| c.is_ascii_alphanumeric()) && other.len() < 20 => {
                Err(bad(&format!("kit does not know the scheme `{other}`")))
            }
            _ => Err(bad("it has no scheme that kit knows")),
        }
    }

    /// The URL, password included: for drivers and the wire only, never for eyes.
    pub fn secret_url(&self) -> &str {
        &self.url
    }

    /// The URL as it may be shown: `postgres://u:***@h/db`.
    pub fn redacted(&self) -> String {
        if let Some(path) = self.file() {
            return format!("sqlite://{}", path.display());
        }
        match Url::parse(&self.url) {
            Ok(mut url) => {
                if url.password().is_some() && url.set_password(Some("***")).is_err() {
                    return format!("{}://***", url.scheme());
                }
                url.set_query(None);
                url.to_string()
            }
            Err(_) => "***".to_owned(),
        }
    }

    /// The file of an embedded database that is a file.
    pub fn file(&self) -> Option<PathBuf> {
        if self.dialect != Dialect::Sqlite {
            return None;
        }
        let path = self.url.strip_prefix("sqlite://")?;
        let path = path.split('?').next().unwrap_or(path);
        Some(PathBuf::from(percent_decode(path)))
    }

    /// The database's name on its server.
    pub fn database_name(&self) -> Option<String> {
        let url = Url::parse(&self.url).ok()?;
        let name = percent_decode(url.path().trim_start_matches('/'));
        (!name.is_empty() && self.dialect != Dialect::Sqlite).then_some(name)
    }

    /// Connects.
    ///
    /// # Errors
    /// [`Error::NoDatabase`] if the server or folder is there but the database is not, [`Error::Connect`] otherwise.
    pub async fn connect(&self) -> Result<Session> {
        if let Some(file) = self.file()
            && !file.exists()
        {
            return Err(Error::NoDatabase { database: self.redacted() });
        }
        self.open(&self.url).await
    }

    /// Creates the database: the file of an embedded one, `CREATE DATABASE` on a server.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Database`], [`Error::File`].
    pub async fn create(&self) -> Result<()> {
        if let Some(file) = self.file() {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(|source| Error::File {
                    action: "create",
                    path: folder.to_owned(),
                    source,
                })?;
            }
            self.open(&format!("sqlite://{}?mode=rwc", percent_encode(&file))).await?;
            return Ok(());
        }
        let (Some(name), Ok(mut url)) = (self.database_name(), Url::parse(&self.url)) else {
            return Err(Error::NoDatabase { database: self.redacted() });
        };
        url.set_path(match self.dialect {
            Dialect::Postgres => "/postgres",
            _ => "",
        });
        let session = self.open(url.as_str()).await?;
        let statement = format!("CREATE DATABASE {}", self.dialect.quote(&name));
        session.execute(&statement, &[]).await.map_err(|error| self.failed(&error))
    }

    /// Reads the ledger; writes nothing. A database that is not there has an empty one.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Database`].
    pub async fn ledger(&self, sources: &Sources) -> Result<Ledger> {
        match self.connect().await {
            Ok(session) => ledger::read(&session, sources.ledger_table()).await.map_err(|error| self.failed(&error)),
            Err(Error::NoDatabase { .. }) => Ok(Ledger::default()),
            Err(error) => Err(error),
        }
    }

    /// Number of tables and of rows in them, without the ledger's own.
    ///
    /// # Errors
    /// Those of connecting, [`Error::Database`].
    pub async fn census(&self, sources: &Sources) -> Result<Census> {
        let session = self.connect().await?;
        census::count(&session, &[sources.ledger_table(), ledger::JOURNAL]).await.map_err(|error| self.failed(&error))
    }

    /// An error of a statement on this database.
    pub fn failed(&self, error: &kit_runtime::connection::Error) -> Error {
        Error::Database { database: self.redacted(), message: self.scrub(&error.message) }
    }

    async fn open(&self, url: &str) -> Result<Session> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).connect_timeout(Duration::from_secs(10)).sqlx_logging(false);
        if let Some(schema) = &self.schema {
            options.set_schema_search_path(self.dialect.quote(schema));
        }
        let connection = Database::connect(options).await.map_err(|error| {
            let message = self.scrub(&error.to_string());
            if missing_database(&message) {
                Error::NoDatabase { database: self.redacted() }
            } else {
                Error::Connect { database: self.redacted(), message }
            }
        })?;
        Ok(Session::new(connection))
    }

    /// A migrator's failure without URL and password.
    pub fn scrub_failure(&self, mut failure: Failure) -> Failure {
        match &mut failure {
            Failure::Request { message }
            | Failure::Connect { message }
            | Failure::Database { message }
            | Failure::Migration { message, .. } => *message = self.scrub(message),
            _ => {}
        }
        failure
    }

    /// Takes URL and password out of what a driver said.
    pub fn scrub(&self, message: &str) -> String {
        let mut clean = message.replace(&self.url, &self.redacted());
        if let Some(password) = Url::parse(&self.url).ok().as_ref().and_then(Url::password) {
            for secret in [password.to_owned(), percent_decode(password)] {
                if !secret.is_empty() {
                    clean = clean.replace(&secret, "***");
                }
            }
        }
        clean
    }
}

/// 3D000 of one family, 1049 of another, in the drivers' words.
fn missing_database(message: &str) -> bool {
    message.contains("3D000")
        || message.contains("1049")
        || (message.contains("database") && message.contains("does not exist"))
        || message.contains("Unknown database")
}

fn sqlite_url(rest: &str, root: &Path) -> std::result::Result<String, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    if path == ":memory:" || query.is_some_and(|query| query.contains("mode=memory")) {
        return Err("an in-memory database is gone when kit ends".to_owned());
    }
    if path.is_empty() {
        return Err("it names no file".to_owned());
    }
    let path = PathBuf::from(percent_decode(path));
    if path.is_dir() || path.to_string_lossy().ends_with('/') {
        return Err("it names a folder, not a file".to_owned());
    }
    let absolute = if path.is_absolute() { path } else { root.join(path) };
    // kit creates files only when asked to, so a `mode=rwc` of the application does not count here.
    Ok(format!("sqlite://{}?mode=rw", percent_encode(&absolute)))
}

fn server(url: &str, bad: &dyn Fn(&str) -> Error) -> Result<String> {
    let parsed = Url::parse(url).map_err(|error| {
        // `#` and `/` in a password end the host part early and show up as a bad port.
        bad(&format!("{error}; special characters in a password are written as %XX"))
    })?;
    if parsed.fragment().is_some() {
        return Err(bad("`#` in a password is written as %23"));
    }
    if parsed.path().trim_start_matches('/').is_empty() {
        return Err(bad("it names no database"));
    }
    Ok(url.to_owned())
}

fn percent_encode(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
