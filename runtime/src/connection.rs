//! The two traits that the engine drives: a [`Connection`] that executes and queries, and the
//! [`Migrations`] of a project. Adapters implement them, one for each major version of SeaORM.
//! Nothing here knows SeaORM, a URL or a pool.

use std::fmt;
use std::future::Future;

use crate::dialect::{Dialect, Reason};

/// A session with a database, or a transaction on one.
pub trait Connection: Sized + Send + Sync + 'static {
    /// Which database answers.
    fn dialect(&self) -> Dialect;

    /// Executes one statement; values stand for the dialect's placeholders in order.
    fn execute(&self, sql: &str, values: &[Value]) -> impl Future<Output = Result<(), Error>> + Send;

    /// Executes one statement and returns how many rows it found to change.
    fn change(&self, sql: &str, values: &[Value]) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Runs one query. Every selected column must be text (cast it in SQL) and is NULL as `None`.
    fn query(&self, sql: &str, values: &[Value]) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;

    /// Begins a transaction that takes the write lock at once, where the database has such a thing;
    /// inside a transaction, a savepoint.
    fn begin(&self) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Whether everything runs in one session, migrations without a transaction included.
    fn is_one_session(&self) -> bool {
        true
    }

    /// Opens one more session with the same database, in whatever thread the future is polled. `None` for a session over
    /// a connection that somebody else has opened.
    fn another(&self) -> Option<impl Future<Output = Result<Self, Error>> + Send + use<Self>> {
        None::<std::future::Ready<Result<Self, Error>>>
    }

    /// A session in which a migration runs without doing anything: what it reads is read here, what it would change is
    /// noted. `None` where there can be none.
    #[cfg(feature = "pretend")]
    fn pretending(&self) -> Option<(Self, std::sync::Arc<dyn crate::pretend::Recorder>)> {
        None
    }

    /// What is known of the sessions behind it.
    fn sessions(&self) -> Sessions {
        Sessions::Own
    }

    /// From now on a session that died is not replaced by a new one, and `question`, if there is one, has to be answered
    /// with `1` before each statement outside of a transaction. Ends with [`Connection::unguard`].
    fn guard(&self, _question: Option<String>) {}

    /// Whether nothing was refused since [`Connection::guard`].
    fn is_whole(&self) -> bool {
        true
    }

    /// Ends what [`Connection::guard`] began, and says whether nothing was refused meanwhile.
    fn unguard(&self) -> bool {
        true
    }

    /// Cancels the statements that its sessions run, by another session. Returns whether that is possible here.
    fn cancel(&self) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// Ends what [`Connection::cancel`] began: statements sent afterwards are not cancelled.
    fn end_cancel(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Commits what [`Connection::begin`] began.
    fn commit(self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Rolls back what [`Connection::begin`] began.
    fn rollback(self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What stands behind a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// One session of the server's, as far as is known.
    Own,
    /// One session, whose locks mean nothing to others.
    Lockless,
    /// A pooler gives each transaction another session.
    Lent,
}

/// A project's migrations, in the order of its `Migrator`.
pub trait Migrations<C: Connection>: Send + Sync {
    /// Name of the ledger table: `seaql_migrations` unless the project overrides it.
    fn ledger_table(&self) -> String;

    /// All migrations, in the Migrator's own order.
    fn list(&self) -> Vec<Listed>;

    /// Runs `up` of the migration at `index` of [`Migrations::list`].
    fn up(&self, index: usize, connection: &C) -> impl Future<Output = Result<(), Error>> + Send;

    /// Runs `down` of the migration at `index` of [`Migrations::list`].
    fn down(&self, index: usize, connection: &C) -> impl Future<Output = Result<(), Error>> + Send;
}

/// One migration of a [`Migrations`] list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name in the ledger.
    pub name: String,
    /// SeaORM's `use_transaction()`: `None` leaves it to the engine.
    pub transaction: Option<bool>,
}

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A 64-bit integer, or NULL.
    Int(Option<i64>),
    /// A text, or NULL.
    Text(Option<String>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

/// One row of an answer: each column as text.
pub type Row = Vec<Option<String>>;

/// Returns whether a table of this name exists in the connection's own database or schema.
///
/// # Errors
/// The database's error.
pub(crate) async fn table_exists<C: Connection>(connection: &C, name: &str) -> Result<bool, Error> {
    Ok(!connection.query(connection.dialect().table_exists(), &[name.into()]).await?.is_empty())
}

/// The rows of a query on one of kit's own tables, none if the table is gone. Whoever only reads has no lock: the table may have been
/// dropped a moment ago, and created again since.
pub(crate) async fn rows_if_there<C: Connection>(
    connection: &C,
    table: &str,
    sql: &str,
    values: &[Value],
) -> Result<Vec<Row>, Error> {
    let error = match connection.query(sql, values).await {
        Ok(rows) => return Ok(rows),
        Err(error) => error,
    };
    match table_exists(connection, table).await {
        Ok(false) => Ok(Vec::new()),
        Ok(true) => connection.query(sql, values).await,
        // The first error is the one to report, where it has ended a transaction.
        Err(_) => Err(error),
    }
}

/// Why a statement or a migration failed, in the database's or the migration's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The message and its causes, joined by `: `; no connection URL in it.
    pub message: String,
    /// What kind of trouble it is.
    pub trouble: Trouble,
    /// What about the server, the file or the user it is due to, if that is known.
    pub reason: Option<Reason>,
}

/// What an error says about trying again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// The same thing would fail again.
    #[default]
    Lasting,
    /// Another session was in the way: a deadlock, a serialization failure, a lock that was not given in time.
    Passing,
    /// The session is gone; what its last statement did is not known.
    Lost,
    /// A foreign key does not fit.
    ForeignKey,
    /// The statement fails in a transaction, and may succeed outside of one.
    InTransaction,
}

impl Error {
    /// An error that says `message`, and would come again.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), trouble: Trouble::default(), reason: None }
    }

    /// The error with `message`, for the same reason; it would come again.
    pub(crate) fn renamed(&self, message: impl Into<String>) -> Self {
        Self { reason: self.reason, ..Self::new(message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
