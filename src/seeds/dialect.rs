//! Everything about fixtures that differs between databases: what a value is to be told as, the quickest way to take many rows
//! (`COPY`, `INSERT` of many rows as text, or with values), how rows are read, what is around that. It knows what a row is and
//! nothing of files.

mod around;
mod mysql;
mod postgres;
pub mod read;
mod sqlite;
pub mod value;

use std::ops::Range;

use kit_runtime::dialect::Dialect;
use sea_orm::sqlx::mysql::MySqlConnection;
use sea_orm::sqlx::postgres::{PgConnection, PgDatabaseError};
use sea_orm::sqlx::sqlite::SqliteConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _};

use crate::database::Target;
use crate::error::{Error, Result};
use crate::schema::model::{Column, Table};
use value::Datum;

/// Rows of one table that have the same columns.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The table.
    pub table: &'a Table,
    /// The columns that they have.
    pub columns: Vec<&'a Column>,
    /// The rows.
    pub rows: Vec<Vec<Datum>>,
}

/// The way to fill tables, and to read them.
pub enum Writer {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// MariaDB and MySQL.
    MySql(MySqlConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

impl Writer {
    /// A session of its own with the database, in which times are UTC and a zero is a zero.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn open(target: &Target) -> Result<Self> {
        let failed =
            |error: sqlx::Error| Error::Database { database: target.redacted(), message: target.scrub(&said(&error)) };
        let url = target.secret_url();
        let mut writer = match target.dialect {
            Dialect::Postgres => Self::Postgres(PgConnection::connect(url).await.map_err(failed)?),
            Dialect::MySql => {
                Self::MySql(MySqlConnection::connect(&url.replacen("mariadb://", "mysql://", 1)).await.map_err(failed)?)
            }
            Dialect::Sqlite => Self::Sqlite(SqliteConnection::connect(url).await.map_err(failed)?),
        };
        let mut settings: Vec<String> = match target.dialect {
            Dialect::Postgres => ["TimeZone = 'UTC'", "DateStyle = 'ISO, YMD'", "IntervalStyle = 'postgres'", "bytea_output = 'hex'"]
                .map(|setting| format!("SET {setting}"))
                .into(),
            Dialect::MySql => vec![
                "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'"
                    .to_owned(),
            ],
            Dialect::Sqlite => vec!["PRAGMA busy_timeout = 5000".to_owned()],
        };
        if let (Dialect::Postgres, Some(schema)) = (target.dialect, &target.schema) {
            settings.push(target.dialect.set_schema(schema));
        }
        for setting in settings {
            writer.execute(&setting).await.map_err(failed)?;
        }
        Ok(writer)
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::MySql(_) => Dialect::MySql,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// Executes statements without values.
    pub async fn execute(&mut self, sql: &str) -> sqlx::Result<()> {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Postgres(connection) => statement.execute(connection).await.map(|_| ()),
            Self::MySql(connection) => statement.execute(connection).await.map(|_| ()),
            Self::Sqlite(connection) => statement.execute(connection).await.map(|_| ()),
        }
    }

    /// The first column, which is text, of each row.
    pub async fn texts(&mut self, sql: &str) -> sqlx::Result<Vec<Option<String>>> {
        let statement = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Postgres(connection) => statement.fetch_all(connection).await,
            Self::MySql(connection) => sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await,
            Self::Sqlite(connection) => sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await,
        }
    }

    /// How many rows with so many columns it takes at once.
    pub fn capacity(&self, columns: usize) -> usize {
        match self {
            Self::Postgres(_) => 10_000,
            Self::MySql(_) => 2_000,
            // SQLite's own limit of values in a statement is 32,766.
            Self::Sqlite(_) => (32_766 / columns.max(1)).clamp(1, 500),
        }
    }

    /// Inserts some rows of a batch; with a `key`, those that are there already get the new values.
    pub async fn insert(&mut self, batch: &Batch<'_>, rows: Range<usize>, key: Option<&[String]>) -> sqlx::Result<()> {
        let rows = batch.rows.get(rows).unwrap_or_default();
        match self {
            Self::Postgres(connection) => postgres::insert(connection, batch, rows, key).await,
            Self::MySql(connection) => mysql::insert(connection, batch, rows, key).await,
            Self::Sqlite(connection) => sqlite::insert(connection, batch, rows, key).await,
        }
    }
}

/// What the database said, with the details that PostgreSQL keeps apart.
pub fn said(error: &sqlx::Error) -> String {
    let sqlx::Error::Database(error) = error else { return error.to_string() };
    let detail = error.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::detail);
    match detail {
        Some(detail) => format!("{}: {detail}", error.message()),
        None => error.message().to_owned(),
    }
}

/// Whether the session is over.
pub fn is_lost(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed)
}

/// The names, in quotes, with commas.
pub fn list<'a>(dialect: Dialect, names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| dialect.quote(name)).collect::<Vec<_>>().join(", ")
}

/// The columns of a batch that are not in the key, as `name = row.name`.
fn updates(dialect: Dialect, batch: &Batch<'_>, key: &[String], new: impl Fn(&str) -> String) -> String {
    let others = batch.columns.iter().filter(|column| !key.contains(&column.name));
    let update = |column: &&Column| -> String {
        let name = dialect.quote(&column.name);
        format!("{name} = {}", new(&name))
    };
    others.map(update).collect::<Vec<_>>().join(", ")
}

/// `ON CONFLICT …`, where a database has that.
fn on_conflict(dialect: Dialect, batch: &Batch<'_>, key: &[String]) -> String {
    let updates = updates(dialect, batch, key, |name| format!("excluded.{name}"));
    let action = if updates.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {updates}") };
    format!(" ON CONFLICT ({}) DO {action}", list(dialect, key.iter().map(String::as_str)))
}
