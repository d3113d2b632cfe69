//! Connecting to a [`Target`]. It returns a session, or why there is none in the server's own words.

use std::future::pending;
use std::time::Duration;

use kit_runtime::dialect::{Dialect, Reason};
use kit_runtime::sea_orm::{Session, Settings, address, driver_reason};
use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{ConnectOptions, Database, DbErr, RuntimeErr};
use url::Url;

use super::Target;
use crate::error::{Error, Result};

/// How long a server may take to let kit in.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long the pool may try before somebody asks why.
const PATIENCE: Duration = Duration::from_millis(250);

/// Longer than any command.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Target {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::NoDatabase`] if the server or folder is there but the database is not, [`Error::Connect`] otherwise.
    pub async fn connect(&self) -> Result<Session> {
        if let Some(file) = self.file()
            && !file.exists()
        {
            return Err(self.missing());
        }
        self.open(self.secret_url()).await
    }

    /// Connects through a pooler that lends sessions, to read.
    ///
    /// # Errors
    /// Those of [`Target::connect`].
    pub async fn connect_lent(&self) -> Result<Session> {
        let settings = Settings::new(self.secret_url()).with(self.schema.clone(), 1);
        Session::lent(settings).await.map_err(|error| self.turned_away(&error))
    }

    /// Connects as a migrator does, to write under the lock.
    ///
    /// # Errors
    /// Those of [`Target::connect`].
    pub async fn connect_to_lock(&self) -> Result<Session> {
        // Says at once, and in better words, why a server does not let kit in.
        drop(self.connect().await?);
        let settings = Settings::new(self.secret_url()).with(self.schema.clone(), 1);
        Session::connect(settings).await.map_err(|error| self.turned_away(&error))
    }

    /// A session on the server that needs the target's own database not to be there.
    pub(super) async fn open_server(&self) -> Result<Session> {
        let on = |database: &str| {
            let mut url = Url::parse(self.secret_url()).ok()?;
            url.set_path(database);
            Some(url.to_string())
        };
        let mut outcome = Err(self.missing());
        for database in self.dialect.maintenance() {
            outcome = self.open(&on(database).ok_or_else(|| self.missing())?).await;
            if !matches!(outcome, Err(Error::NoDatabase { .. })) {
                break;
            }
        }
        outcome
    }

    pub(super) async fn open(&self, url: &str) -> Result<Session> {
        let mut options = ConnectOptions::new(url);
        if let Some(address) = address(url).map(str::to_owned) {
            let other = address.clone();
            options.map_sqlx_postgres_opts(move |options| options.host(&address));
            options.map_sqlx_mysql_opts(move |options| options.host(&other));
        }
        options.max_connections(1).connect_timeout(self.patience.unwrap_or(TIMEOUT)).sqlx_logging(false);
        // What a session has locked is lost with it.
        options.idle_timeout(FOR_EVER).max_lifetime(FOR_EVER);
        if let Some(schema) = &self.schema {
            options.set_schema_search_path(self.dialect.quote(schema));
        }
        let connection = tokio::select! {
            connection = Database::connect(options) => connection.map_err(|error| self.turned_away(&error)),
            error = self.objection(url) => Err(self.said(&error)),
        };
        connection.map(Session::new)
    }

    /// Why the server does not let kit in. The pool tries a refused connection again until its time is over, and then
    /// says only that; a single connection says at once what is wrong.
    async fn objection(&self, url: &str) -> sqlx::Error {
        tokio::time::sleep(PATIENCE).await;
        let outcome = match self.dialect {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => match postgres_options(url) {
                Ok(options) => close(PgConnection::connect_with(&options).await).await,
                Err(error) => Err(error),
            },
            Dialect::MySql => match mysql_options(url) {
                Ok(options) => close(MySqlConnection::connect_with(&options).await).await,
                Err(error) => Err(error),
            },
        };
        match outcome {
            Ok(()) => pending().await,
            Err(error) => error,
        }
    }

    fn turned_away(&self, error: &DbErr) -> Error {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => self.said(error),
            DbErr::ConnectionAcquire(_) => self.said(&sqlx::Error::PoolTimedOut),
            other => self.refusal(&other.to_string(), None),
        }
    }

    fn said(&self, error: &sqlx::Error) -> Error {
        let reason = driver_reason(error, self.dialect);
        let message = match error {
            sqlx::Error::Database(error) => {
                let unknown =
                    error.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|error| error.number() == 1049);
                if unknown || error.code().as_deref() == Some("3D000") {
                    return self.missing();
                }
                error.message().to_owned()
            }
            sqlx::Error::Io(error) => error.to_string(),
            sqlx::Error::PoolTimedOut => {
                format!("no answer within {} seconds", self.patience.unwrap_or(TIMEOUT).as_secs())
            }
            other => other.to_string(),
        };
        self.refusal(&message, reason)
    }

    fn refusal(&self, message: &str, reason: Option<Reason>) -> Error {
        Error::Connect {
            database: self.redacted(),
            message: self.scrub(message),
            reason,
            origin: self.holder.as_ref().unwrap_or(&self.origin).to_string(),
        }
    }
}

/// The driver's options of a URL. It asks a resolver for an IPv6 address with its brackets.
pub fn postgres_options(url: &str) -> std::result::Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    Ok(match address(url) {
        Some(address) => options.host(address),
        None => options,
    })
}

/// As above.
pub fn mysql_options(url: &str) -> std::result::Result<MySqlConnectOptions, sqlx::Error> {
    let options: MySqlConnectOptions = url.parse()?;
    Ok(match address(url) {
        Some(address) => options.host(address),
        None => options,
    })
}

async fn close<C: sqlx::Connection>(
    connection: std::result::Result<C, sqlx::Error>,
) -> std::result::Result<(), sqlx::Error> {
    connection?.close().await
}
