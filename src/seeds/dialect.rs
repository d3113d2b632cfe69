//! Everything about fixtures that differs between databases: what a value is to be told as, the quickest way to take many rows
//! (`COPY`, `INSERT` of many rows as text, or with values), how rows are read, what is around that. It knows what a row is and
//! nothing of files.

mod around;
mod mysql;
mod postgres;
pub mod read;
mod sqlite;
pub mod survey;
mod triggers;
pub mod value;

use std::ops::Range;
use std::time::Duration;

use kit_runtime::dialect::{Dialect, Reason};
use kit_runtime::sea_orm::driver_reason;
use rusqlite::OpenFlags;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::mysql::MySqlConnection;
use sea_orm::sqlx::postgres::{PgConnection, PgDatabaseError};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _};

use crate::database::{Target, mysql_options, postgres_options};
use crate::error::{Error, Result};
use crate::schema::model::{Column, Table};
use value::Datum;

/// Rows of one table that have the same columns, as the database is told them.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The table.
    pub table: &'a Table,
    /// The columns that they have.
    pub columns: Vec<&'a Column>,
    /// By which columns a row is known that is there already, and gets the new values.
    pub key: Option<&'a [String]>,
    /// What is said before the rows.
    head: String,
    /// What is said behind them.
    tail: String,
    text: String,
    /// Where in the text each row ends.
    ends: Vec<usize>,
}

impl<'a> Batch<'a> {
    /// One without rows.
    pub fn new(dialect: Dialect, table: &'a Table, columns: Vec<&'a Column>, key: Option<&'a [String]>) -> Self {
        let (text, ends) = (String::new(), Vec::new());
        let mut batch = Self { table, columns, key, head: String::new(), tail: String::new(), text, ends };
        (batch.head, batch.tail) = match dialect {
            Dialect::Postgres => postgres::around(&batch),
            Dialect::MySql => mysql::around(&batch),
            Dialect::Sqlite => sqlite::around(&batch),
        };
        batch
    }

    /// How many rows wait in it.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Takes all rows out.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// What is said of some rows.
    fn rows(&self, rows: Range<usize>) -> &str {
        let end = |count: usize| count.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or_default();
        self.text.get(end(rows.start)..end(rows.end)).unwrap_or_default()
    }
}

/// What a database has refused.
#[derive(Debug)]
pub struct Trouble {
    /// What it said.
    pub message: String,
    /// The column that it said so of, where it says that beside the message.
    pub column: Option<String>,
    /// The constraint that it said so of, where it says that beside the message.
    pub constraint: Option<String>,
    /// Whether the session is over.
    pub is_lost: bool,
    /// What about the server, the file or the user it is due to, if that is known.
    pub reason: Option<Reason>,
}

impl Trouble {
    /// As an error of a database.
    pub fn of(self, target: &Target) -> Error {
        Error::Database { database: target.redacted(), message: target.scrub(&self.message), reason: self.reason }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        let is_lost = matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed);
        let is_postgres = |error: &dyn DatabaseError| error.try_downcast_ref::<PgDatabaseError>().is_some();
        let dialect = match error.as_database_error().is_some_and(is_postgres) {
            true => Dialect::Postgres,
            false => Dialect::MySql,
        };
        let reason = driver_reason(&error, dialect);
        let sqlx::Error::Database(error) = error else {
            return Self { message: error.to_string(), column: None, constraint: None, is_lost, reason };
        };
        let own = error.try_downcast_ref::<PgDatabaseError>();
        let message = match own.and_then(PgDatabaseError::detail) {
            Some(detail) => format!("{}: {detail}", error.message()),
            None => error.message().to_owned(),
        };
        // `COPY users, line 3, column age: "forty"`
        let place = own.and_then(PgDatabaseError::r#where).and_then(|place| place.split_once(", column "));
        let column = own.and_then(PgDatabaseError::column).map(str::to_owned);
        let column = column.or(place.and_then(|(_, rest)| Some(rest.split_once(": ")?.0.to_owned())));
        Self { message, column, constraint: error.constraint().map(str::to_owned), is_lost, reason }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|error| error.extended_code.to_string());
        let reason = Dialect::Sqlite.reason(code.as_deref(), "");
        let message = match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            error => error.to_string(),
        };
        Self { message, column: None, constraint: None, is_lost: false, reason }
    }
}

/// What a database answers.
pub type Answer<T> = std::result::Result<T, Trouble>;

/// The way to fill tables, and to read them.
pub enum Writer {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// MariaDB and MySQL.
    MySql(MySqlConnection),
    /// SQLite: its own interface, since what lies between would take longer than it.
    Sqlite(rusqlite::Connection),
}

impl Writer {
    /// A session of its own with the database, in which times are UTC and a zero is a zero.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn open(target: &Target) -> Result<Self> {
        Self::connect(target).await.map_err(|trouble| trouble.of(target))
    }

    async fn connect(target: &Target) -> Answer<Self> {
        let url = target.secret_url();
        let mut writer = match target.dialect {
            Dialect::Postgres => Self::Postgres(PgConnection::connect_with(&postgres_options(url)?).await?),
            Dialect::MySql => Self::MySql(MySqlConnection::connect_with(&mysql_options(url)?).await?),
            Dialect::Sqlite => {
                // There is one: the schema was read from it.
                let access = match url.contains("mode=ro") {
                    true => OpenFlags::SQLITE_OPEN_READ_ONLY,
                    false => OpenFlags::SQLITE_OPEN_READ_WRITE,
                };
                let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection = rusqlite::Connection::open_with_flags(target.file().unwrap_or_default(), flags)?;
                connection.busy_timeout(Duration::from_secs(5))?;
                Self::Sqlite(connection)
            }
        };
        let mut settings: Vec<String> = match target.dialect {
            Dialect::Postgres => ["TimeZone = 'UTC'", "DateStyle = 'ISO, YMD'", "IntervalStyle = 'postgres'", "bytea_output = 'hex'", "extra_float_digits = 3", "row_security = off"]
                .map(|setting| format!("SET {setting}"))
                .into(),
            Dialect::MySql => vec![
                "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'"
                    .to_owned(),
            ],
            Dialect::Sqlite => vec!["PRAGMA foreign_keys = ON".to_owned()],
        };
        if let (Dialect::Postgres, Some(schema)) = (target.dialect, &target.schema) {
            settings.push(target.dialect.set_schema(schema));
        }
        for setting in settings {
            writer.execute(&setting).await?;
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
    pub async fn execute(&mut self, sql: &str) -> Answer<()> {
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Postgres(connection) => statement.execute(connection).await.map(|_| ())?,
            Self::MySql(connection) => statement.execute(connection).await.map(|_| ())?,
            Self::Sqlite(connection) => connection.execute_batch(sql)?,
        }
        Ok(())
    }

    /// The first column, which is text, of each row.
    pub async fn texts(&mut self, sql: &str) -> Answer<Vec<Option<String>>> {
        let text = AssertSqlSafe(sql.to_owned());
        Ok(match self {
            Self::Postgres(connection) => sqlx::query_scalar(text).fetch_all(connection).await?,
            Self::MySql(connection) => sqlx::query_scalar(text).fetch_all(connection).await?,
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql)?;
                statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
            }
        })
    }

    /// Adds a row to a batch, or where nothing is faster than a row at a time, inserts it. Whether the batch is full.
    ///
    /// # Errors
    /// What the database says of this row.
    pub fn take(&mut self, batch: &mut Batch<'_>, row: &[Datum<'_>]) -> Answer<bool> {
        let size = match self {
            Self::Sqlite(connection) => return sqlite::insert(connection, batch, row).map(|()| false),
            Self::Postgres(_) => {
                postgres::write(row, &mut batch.text);
                4 << 20
            }
            Self::MySql(_) => {
                mysql::write(&batch.columns, row, &mut batch.text);
                // As a statement: less than any server takes, and what one is done with quickest.
                256 << 10
            }
        };
        batch.ends.push(batch.text.len());
        // Memory does not depend on what rows hold.
        Ok(batch.len() >= 10_000 || batch.text.len() >= size)
    }

    /// Inserts some rows of a batch, or none of them.
    pub async fn insert(&mut self, batch: &Batch<'_>, rows: Range<usize>) -> Answer<()> {
        self.execute("SAVEPOINT kit_rows").await?;
        let outcome = match self {
            Self::Postgres(connection) => postgres::insert(connection, batch, rows).await,
            Self::MySql(connection) => mysql::insert(connection, batch, rows).await,
            Self::Sqlite(_) => Ok(()),
        };
        if outcome.is_err() {
            self.execute("ROLLBACK TO SAVEPOINT kit_rows").await?;
        }
        self.execute("RELEASE SAVEPOINT kit_rows").await?;
        outcome
    }
}

/// The names, in quotes, with commas.
pub fn list<'a>(dialect: Dialect, names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| dialect.quote(name)).collect::<Vec<_>>().join(", ")
}

/// The names of the columns of a batch.
fn names(dialect: Dialect, batch: &Batch<'_>) -> String {
    list(dialect, batch.columns.iter().map(|column| column.name.as_str()))
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
