//! The engine's traits over SeaORM: [`Session`] is a connection or a transaction, [`Project`] a
//! Migrator's list. What differs between SeaORM's major versions stands in `version_1` and `version_2`.

#[cfg(feature = "sea-orm-1")]
#[path = "version_1.rs"]
mod version;
#[cfg(not(feature = "sea-orm-1"))]
#[path = "version_2.rs"]
mod version;

mod connect;
mod driver;
mod guard;
pub(crate) mod manager;
#[cfg(feature = "pretend")]
mod pretend;

use std::process::ExitCode;
use std::sync::Arc;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::sea_query::Value as SeaValue;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement, TransactionTrait,
};

use crate::connection::{Connection, Error, Listed, Migrations, Row, Sessions, Trouble, Value};
use crate::dialect::{Dialect, Reason};
use crate::serve::serve;
use crate::wire::{Action, Failure, Request};

pub use connect::Settings;
pub use driver::{address, open_pool};
use guard::Guard;
#[cfg(feature = "seed")]
pub(crate) use version::executor;
#[cfg(not(feature = "sea-orm-1"))]
pub use version::main_with;

/// A connection, or a transaction on one.
#[derive(Debug)]
pub struct Session {
    handle: Handle,
    /// How to open another; `None` where somebody else has opened it.
    settings: Option<Arc<Settings>>,
    sessions: Sessions,
    guard: Guard,
    /// It has no server: its statements are only recorded.
    pretends: bool,
}

#[derive(Debug)]
enum Handle {
    Connection(DatabaseConnection),
    /// One session for kit and its lock, and a pool for migrations that want more than one.
    Pool(DatabaseConnection, DatabaseConnection),
    Transaction(DatabaseTransaction),
}

impl Session {
    /// A session over a connection whose pool has room for one: locks belong to a session, and a pool of several would
    /// take them on one and migrate on another. Nothing else can be opened from it, so its locks are believed.
    pub fn new(connection: DatabaseConnection) -> Self {
        Self::over(Handle::Connection(connection))
    }

    /// Such a session, with a pool beside it for migrations that run without a transaction and use several connections
    /// at once. If the process is killed in one of these, the lock does not wait for its last statement to end.
    pub fn with_pool(connection: DatabaseConnection, pool: DatabaseConnection) -> Self {
        Self::over(Handle::Pool(connection, pool))
    }

    fn over(handle: Handle) -> Self {
        Self { handle, settings: None, sessions: Sessions::Own, guard: Guard::default(), pretends: false }
    }

    /// Ends it, and waits until the server knows.
    pub async fn close(self) {
        let pools = match self.handle {
            Handle::Connection(one) => [Some(one), None],
            Handle::Pool(one, other) => [Some(one), Some(other)],
            Handle::Transaction(_) => [None, None],
        };
        for pool in pools.into_iter().flatten() {
            // What is gone already needs no closing.
            let _ = pool.close().await;
        }
    }

    fn backend(&self) -> DbBackend {
        match &self.handle {
            Handle::Connection(connection) | Handle::Pool(connection, _) => connection.get_database_backend(),
            Handle::Transaction(transaction) => transaction.get_database_backend(),
        }
    }

    fn statement(&self, sql: &str, values: &[Value]) -> Statement {
        let values = values.iter().map(|value| match value {
            Value::Int(number) => SeaValue::from(*number),
            Value::Text(text) => SeaValue::from(text.clone()),
        });
        Statement::from_sql_and_values(self.backend(), sql, values.collect::<Vec<_>>())
    }

    async fn run(&self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        let outcome = match &self.handle {
            Handle::Connection(connection) | Handle::Pool(connection, _) if values.is_empty() => {
                connection.execute_unprepared(sql).await
            }
            Handle::Transaction(transaction) if values.is_empty() => transaction.execute_unprepared(sql).await,
            Handle::Connection(connection) | Handle::Pool(connection, _) => {
                version::execute(connection, self.statement(sql, values)).await
            }
            Handle::Transaction(transaction) => version::execute(transaction, self.statement(sql, values)).await,
        };
        outcome.map(|done| done.rows_affected()).map_err(error_of(self.backend()))
    }

    async fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        if let Some(rows) = self.unprepared(sql, values).await {
            return rows.map_err(error_of(self.backend()));
        }
        let statement = self.statement(sql, values);
        let rows = match &self.handle {
            Handle::Connection(connection) | Handle::Pool(connection, _) => version::query(connection, statement).await,
            Handle::Transaction(transaction) => version::query(transaction, statement).await,
        };
        let failed = error_of(self.backend());
        rows.map_err(failed)?
            .iter()
            .map(|row| (0..row.column_names().len()).map(|at| row.try_get_by_index(at).map_err(failed)).collect())
            .collect()
    }

    /// The rows of a query on MySQL and MariaDB without a prepared statement. kit asks for each table by name, and with
    /// sqlx 0.9 each statement beyond the hundred that a connection remembers waits 40 ms for a delayed acknowledgement.
    /// `None` if the query has values, or its connection cannot do that.
    async fn unprepared(&self, sql: &str, values: &[Value]) -> Option<Result<Vec<Row>, DbErr>> {
        match &self.handle {
            Handle::Connection(connection) | Handle::Pool(connection, _) if values.is_empty() && !self.pretends => {
                driver::unprepared(connection, sql).await
            }
            _ => None,
        }
    }

    /// What seeders write to.
    #[cfg(feature = "seed")]
    pub(crate) fn executor(&self) -> SchemaManagerConnection<'_> {
        match &self.handle {
            Handle::Connection(connection) | Handle::Pool(_, connection) => executor(connection),
            Handle::Transaction(transaction) => executor(transaction),
        }
    }

    fn manager(&self) -> MigrationManager<'_> {
        MigrationManager(match &self.handle {
            Handle::Connection(connection) | Handle::Pool(_, connection) => SchemaManager::new(connection),
            Handle::Transaction(transaction) => SchemaManager::new(transaction),
        })
    }
}

/// The manager of one migration. What the schema helpers remember of it ends with it.
struct MigrationManager<'c>(SchemaManager<'c>);

impl Drop for MigrationManager<'_> {
    fn drop(&mut self) {
        crate::schema::references::forget(&self.0);
    }
}

/// How long cancelling a statement may take.
const CANCEL_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

impl Connection for Session {
    fn dialect(&self) -> Dialect {
        dialect(self.backend())
    }

    async fn execute(&self, sql: &str, values: &[Value]) -> Result<(), Error> {
        self.change(sql, values).await.map(|_| ())
    }

    async fn change(&self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        if self.is_lent() && !values.is_empty() {
            let transaction = self.begin_lent().await?;
            let changed = transaction.run(sql, values).await;
            return transaction.end(changed).await;
        }
        self.run(sql, values).await
    }

    async fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        if self.is_lent() {
            let transaction = self.begin_lent().await?;
            let rows = transaction.rows(sql, values).await;
            return transaction.end(rows).await;
        }
        self.rows(sql, values).await
    }

    async fn begin(&self) -> Result<Self, Error> {
        if self.is_lent() {
            return self.begin_lent().await;
        }
        let transaction = match &self.handle {
            Handle::Connection(connection) | Handle::Pool(connection, _) => version::begin(connection).await,
            Handle::Transaction(transaction) => transaction.begin().await,
        };
        Ok(self.inside(transaction.map_err(error_of(self.backend()))?))
    }

    fn another(&self) -> Option<impl Future<Output = Result<Self, Error>> + Send + use<>> {
        let settings = self.settings.as_deref()?.alone();
        let (sessions, backend) = (self.sessions, self.backend());
        Some(async move {
            let session = Self::open(settings).await.map_err(error_of(backend))?;
            Ok(Self { sessions, ..session })
        })
    }

    #[cfg(feature = "pretend")]
    fn pretending(&self) -> Option<(Self, Arc<dyn crate::pretend::Recorder>)> {
        let settings = self.settings.as_deref()?.alone();
        let (connection, recorder) = pretend::over(settings, self.dialect())?;
        Some((Self { pretends: true, ..Self::new(connection) }, recorder))
    }

    fn sessions(&self) -> Sessions {
        self.sessions
    }

    fn guard(&self, question: Option<String>) {
        self.guard.begin(question);
    }

    fn is_whole(&self) -> bool {
        !self.guard.is_lost()
    }

    fn unguard(&self) -> bool {
        self.guard.end();
        !self.guard.is_lost()
    }

    fn is_one_session(&self) -> bool {
        !matches!(self.handle, Handle::Pool(..)) && self.sessions != Sessions::Lent
    }

    async fn cancel(&self) -> bool {
        if self.is_lent() || self.sessions == Sessions::Lent {
            return false;
        }
        if self.backend() == DbBackend::Sqlite {
            self.guard.set_cancel(cfg!(feature = "driver"));
            return cfg!(feature = "driver");
        }
        let Some(opening) = self.another() else { return false };
        let Ok(Ok(session)) = tokio::time::timeout(CANCEL_TIMEOUT, opening).await else { return false };
        let numbers = self.guard.sessions();
        for sql in numbers.iter().filter_map(|number| self.dialect().cancel_session(*number)) {
            // A session that is over has nothing to cancel.
            let _ = tokio::time::timeout(CANCEL_TIMEOUT, session.execute(&sql, &[])).await;
        }
        session.close().await;
        !numbers.is_empty()
    }

    async fn end_cancel(&self) {
        if self.backend() == DbBackend::Sqlite {
            self.guard.set_cancel(false);
            return;
        }
        // A cancellation that arrives after its statement has ended may hit the next one.
        let _ = self.rows("SELECT '1'", &[]).await;
    }

    async fn commit(self) -> Result<(), Error> {
        let backend = self.backend();
        match self.handle {
            Handle::Transaction(transaction) => transaction.commit().await.map_err(error_of(backend)),
            Handle::Connection(_) | Handle::Pool(..) => Ok(()),
        }
    }

    async fn rollback(self) -> Result<(), Error> {
        let backend = self.backend();
        match self.handle {
            Handle::Transaction(transaction) => transaction.rollback().await.map_err(error_of(backend)),
            Handle::Connection(_) | Handle::Pool(..) => Ok(()),
        }
    }
}

/// What is different where a pooler gives each transaction another session: whatever needs an answer, or a prepared
/// statement, is a transaction.
impl Session {
    fn is_lent(&self) -> bool {
        self.sessions == Sessions::Lent && !matches!(self.handle, Handle::Transaction(_))
    }

    async fn begin_lent(&self) -> Result<Self, Error> {
        let (Handle::Connection(connection) | Handle::Pool(connection, _)) = &self.handle else {
            return Err(Error::new("a transaction is not lent"));
        };
        let failed = error_of(self.backend());
        let transaction = version::begin(connection).await.map_err(failed)?;
        if let Some(prelude) = self.settings.as_ref().and_then(|settings| settings.prelude()) {
            transaction.execute_unprepared(&prelude).await.map_err(failed)?;
        }
        Ok(self.inside(transaction))
    }

    async fn end<T>(self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Ok(value) => self.commit().await.map(|()| value),
            Err(error) => {
                // The first failure is the one to report.
                let _ = self.rollback().await;
                Err(error)
            }
        }
    }

    fn inside(&self, transaction: DatabaseTransaction) -> Self {
        Self {
            handle: Handle::Transaction(transaction),
            settings: self.settings.clone(),
            sessions: self.sessions,
            guard: self.guard.clone(),
            pretends: self.pretends,
        }
    }
}

/// The migrations of a project's Migrator.
pub struct Project {
    ledger: String,
    migrations: Box<dyn Fn() -> Vec<Box<dyn MigrationTrait>> + Send + Sync>,
}

impl Project {
    /// The migrations of a Migrator that is a type.
    pub fn of<M: MigratorTrait + 'static>() -> Self {
        Self { ledger: M::migration_table_name().to_string(), migrations: Box::new(M::migrations) }
    }

    fn migration(&self, index: usize) -> Result<Box<dyn MigrationTrait>, Error> {
        let mut migrations = (self.migrations)();
        if index < migrations.len() {
            Ok(migrations.swap_remove(index))
        } else {
            Err(Error::new("the list of migrations has changed"))
        }
    }
}

impl Migrations<Session> for Project {
    fn ledger_table(&self) -> String {
        self.ledger.clone()
    }

    fn list(&self) -> Vec<Listed> {
        let migrations = (self.migrations)();
        migrations
            .iter()
            .map(|migration| Listed {
                name: migration.name().to_owned(),
                transaction: version::transaction(migration.as_ref()),
            })
            .collect()
    }

    async fn up(&self, index: usize, connection: &Session) -> Result<(), Error> {
        self.migration(index)?.up(&connection.manager().0).await.map_err(error_of(connection.backend()))
    }

    async fn down(&self, index: usize, connection: &Session) -> Result<(), Error> {
        self.migration(index)?.down(&connection.manager().0).await.map_err(error_of(connection.backend()))
    }
}

/// The whole of a migrator: answers kit on standard input and output with the migrations of `M`.
pub fn main<M: MigratorTrait + 'static>() -> ExitCode {
    run(&Project::of::<M>())
}

/// Not generic, so that the engine is compiled with this crate, once, and not again with every edit of a migration.
#[inline(never)]
fn run(project: &Project) -> ExitCode {
    serve(project, connect)
}

pub(crate) async fn connect(request: Request) -> Result<Session, Failure> {
    let dialect = Dialect::of_url(&request.url);
    let settings = Settings::new(request.url).with(request.schema, request.connections);
    if matches!(request.actions.as_slice(), [Action::Pretend { .. }]) {
        return Session::to_read(settings).await.map_err(|error| no_connection(&error, dialect));
    }
    Session::connect(settings).await.map_err(|error| no_connection(&error, dialect))
}

/// The failure of a connection that could not be opened.
pub(crate) fn no_connection(error: &DbErr, dialect: Option<Dialect>) -> Failure {
    Failure::Connect { message: error.to_string(), reason: dialect.and_then(|dialect| reason(error, dialect)) }
}

fn backend(on: &DatabaseConnection) -> DbBackend {
    on.get_database_backend()
}

pub(crate) fn dialect_of(on: &DatabaseConnection) -> Dialect {
    dialect(backend(on))
}

fn dialect(backend: DbBackend) -> Dialect {
    match backend {
        DbBackend::MySql => Dialect::MySql,
        DbBackend::Postgres => Dialect::Postgres,
        _ => Dialect::Sqlite,
    }
}

#[cfg(feature = "pretend")]
fn backend_of(dialect: Dialect) -> DbBackend {
    match dialect {
        Dialect::MySql => DbBackend::MySql,
        Dialect::Postgres => DbBackend::Postgres,
        Dialect::Sqlite => DbBackend::Sqlite,
    }
}

fn error_of(backend: DbBackend) -> impl Fn(DbErr) -> Error + Copy {
    move |error| Error {
        message: explained(&error),
        trouble: trouble(&error, dialect(backend)),
        reason: reason(&error, dialect(backend)),
    }
}

/// An error's message, with the details and the advice that the server sends in fields of their own.
pub(crate) fn explained(error: &DbErr) -> String {
    error.to_string() + &details(error)
}

#[cfg(feature = "sqlx-postgres")]
fn details(error: &DbErr) -> String {
    use sea_orm_migration::sea_orm::sqlx::{Error, postgres::PgDatabaseError};
    let Some(Error::Database(error)) = driver_error(error) else { return String::new() };
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else { return String::new() };
    let fields = [("DETAIL", error.detail()), ("HINT", error.hint())];
    fields.into_iter().filter_map(|(name, text)| Some(format!("\n{name}: {}", text?))).collect()
}

/// No other driver has such fields.
#[cfg(not(feature = "sqlx-postgres"))]
fn details(_error: &DbErr) -> String {
    String::new()
}

/// What the database meant by an error.
#[cfg(feature = "driver")]
fn trouble(error: &DbErr, dialect: Dialect) -> Trouble {
    use sea_orm_migration::sea_orm::sqlx;
    let Some(error) = driver_error(error) else { return Trouble::Lasting };
    match error {
        sqlx::Error::Database(error) => dialect.trouble(error.code().as_deref(), &error.to_string()),
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Trouble::Lost,
        _ => Trouble::Lasting,
    }
}

/// What the driver returned.
#[cfg(feature = "driver")]
fn driver_error(error: &DbErr) -> Option<&sea_orm_migration::sea_orm::sqlx::Error> {
    use sea_orm_migration::sea_orm::RuntimeErr;
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Without a driver there is nobody to say.
#[cfg(not(feature = "driver"))]
fn trouble(_error: &DbErr, _dialect: Dialect) -> Trouble {
    Trouble::Lasting
}

/// What about the server, the file or the user an error is due to.
#[cfg(feature = "driver")]
fn reason(error: &DbErr, dialect: Dialect) -> Option<Reason> {
    match error {
        DbErr::ConnectionAcquire(_) => Some(Reason::NoAnswer),
        error => driver_reason(driver_error(error)?, dialect),
    }
}

/// The same for an error of the driver.
#[cfg(feature = "driver")]
pub fn driver_reason(error: &sea_orm_migration::sea_orm::sqlx::Error, dialect: Dialect) -> Option<Reason> {
    use std::io::ErrorKind as Kind;

    use sea_orm_migration::sea_orm::sqlx;
    match error {
        sqlx::Error::Database(error) => dialect.reason(error.code().as_deref(), &error.to_string()),
        sqlx::Error::Tls(_) => Some(Reason::Encryption),
        sqlx::Error::PoolTimedOut => Some(Reason::NoAnswer),
        sqlx::Error::Io(error) => match error.kind() {
            // The socket file of a server that does not run.
            Kind::ConnectionRefused | Kind::NotFound => Some(Reason::NotListening),
            Kind::TimedOut | Kind::HostUnreachable | Kind::NetworkUnreachable => Some(Reason::NoAnswer),
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => {
                Some(Reason::NotReady)
            }
            Kind::PermissionDenied => Some(Reason::CannotOpen),
            // The resolver's errors have no kind.
            _ => error.to_string().contains("lookup address").then_some(Reason::UnknownHost),
        },
        _ => None,
    }
}

/// Without a driver no error has a code.
#[cfg(not(feature = "driver"))]
fn reason(_error: &DbErr, _dialect: Dialect) -> Option<Reason> {
    None
}

#[cfg(test)]
#[path = "manager_tests.rs"]
mod tests;
