//! The engine's traits over SeaORM: [`Session`] is a connection or a transaction, [`Project`] a
//! Migrator's list. What differs between SeaORM's major versions stands in `version_1` and `version_2`.

#[cfg(feature = "sea-orm-1")]
#[path = "version_1.rs"]
mod version;
#[cfg(not(feature = "sea-orm-1"))]
#[path = "version_2.rs"]
mod version;

use std::process::ExitCode;
use std::time::Duration;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::sea_query::Value as SeaValue;
use sea_orm_migration::sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
    TransactionTrait,
};

use crate::connection::{Connection, Error, Listed, Migrations, Row, Trouble, Value};
use crate::dialect::Dialect;
use crate::serve::serve;
use crate::wire::{Failure, Request};

#[cfg(not(feature = "sea-orm-1"))]
pub use version::main_with;

/// A connection, or a transaction on one.
#[derive(Debug)]
pub struct Session(Handle);

#[derive(Debug)]
enum Handle {
    Connection(DatabaseConnection),
    /// One session for kit and its lock, and a pool for migrations that want more than one.
    Pool(DatabaseConnection, DatabaseConnection),
    Transaction(DatabaseTransaction),
}

impl Session {
    /// A session over a connection whose pool has room for one: locks belong to a session, and a pool of several would
    /// take them on one and migrate on another.
    pub fn new(connection: DatabaseConnection) -> Self {
        Self(Handle::Connection(connection))
    }

    /// Such a session, with a pool beside it for migrations that run without a transaction and use several connections
    /// at once. If the process is killed in one of these, the lock does not wait for its last statement to end.
    pub fn with_pool(connection: DatabaseConnection, pool: DatabaseConnection) -> Self {
        Self(Handle::Pool(connection, pool))
    }

    fn backend(&self) -> DbBackend {
        match &self.0 {
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

    fn manager(&self) -> SchemaManager<'_> {
        match &self.0 {
            Handle::Connection(connection) | Handle::Pool(_, connection) => SchemaManager::new(connection),
            Handle::Transaction(transaction) => SchemaManager::new(transaction),
        }
    }
}

impl Connection for Session {
    fn dialect(&self) -> Dialect {
        dialect(self.backend())
    }

    async fn execute(&self, sql: &str, values: &[Value]) -> Result<(), Error> {
        let outcome = match &self.0 {
            Handle::Connection(connection) | Handle::Pool(connection, _) if values.is_empty() => {
                connection.execute_unprepared(sql).await
            }
            Handle::Transaction(transaction) if values.is_empty() => transaction.execute_unprepared(sql).await,
            Handle::Connection(connection) | Handle::Pool(connection, _) => {
                version::execute(connection, self.statement(sql, values)).await
            }
            Handle::Transaction(transaction) => version::execute(transaction, self.statement(sql, values)).await,
        };
        outcome.map(|_| ()).map_err(error_of(self.backend()))
    }

    async fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql, values);
        let rows = match &self.0 {
            Handle::Connection(connection) | Handle::Pool(connection, _) => version::query(connection, statement).await,
            Handle::Transaction(transaction) => version::query(transaction, statement).await,
        };
        let failed = error_of(self.backend());
        rows.map_err(failed)?
            .iter()
            .map(|row| (0..row.column_names().len()).map(|at| row.try_get_by_index(at).map_err(failed)).collect())
            .collect()
    }

    async fn begin(&self) -> Result<Self, Error> {
        let transaction = match &self.0 {
            Handle::Connection(connection) | Handle::Pool(connection, _) => version::begin(connection).await,
            Handle::Transaction(transaction) => transaction.begin().await,
        };
        Ok(Self(Handle::Transaction(transaction.map_err(error_of(self.backend()))?)))
    }

    fn is_one_session(&self) -> bool {
        !matches!(self.0, Handle::Pool(..))
    }

    async fn commit(self) -> Result<(), Error> {
        let backend = self.backend();
        match self.0 {
            Handle::Transaction(transaction) => transaction.commit().await.map_err(error_of(backend)),
            Handle::Connection(_) | Handle::Pool(..) => Ok(()),
        }
    }

    async fn rollback(self) -> Result<(), Error> {
        let backend = self.backend();
        match self.0 {
            Handle::Transaction(transaction) => transaction.rollback().await.map_err(error_of(backend)),
            Handle::Connection(_) | Handle::Pool(..) => Ok(()),
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
        self.migration(index)?.up(&connection.manager()).await.map_err(error_of(connection.backend()))
    }

    async fn down(&self, index: usize, connection: &Session) -> Result<(), Error> {
        self.migration(index)?.down(&connection.manager()).await.map_err(error_of(connection.backend()))
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

async fn connect(request: Request) -> Result<Session, Failure> {
    let mut options = ConnectOptions::new(request.url);
    options.sqlx_logging(false);
    if let Some(schema) = request.schema {
        options.set_schema_search_path(Dialect::Postgres.quote(&schema));
    }
    // One session, kept: the lock belongs to it. Pragmas do, too.
    options.max_connections(1).min_connections(1).idle_timeout(FOR_EVER).max_lifetime(FOR_EVER);
    options.acquire_timeout(PATIENCE);
    let failed = |error: DbErr| Failure::Connect { message: error.to_string() };
    let connection = Database::connect(options.clone()).await.map_err(failed)?;
    if request.connections < 2 || connection.get_database_backend() == DbBackend::Sqlite {
        // A second connection to a file that one of them writes would only wait for the first.
        return Ok(Session::new(connection));
    }
    options.max_connections(request.connections);
    let pool = Database::connect(options).await.map_err(failed)?;
    Ok(Session::with_pool(connection, pool))
}

/// How long a pool may take to give a connection: one that a migration holds itself does not come back.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than any migration; not every version of SeaORM takes `None`.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

fn dialect(backend: DbBackend) -> Dialect {
    match backend {
        DbBackend::MySql => Dialect::MySql,
        DbBackend::Postgres => Dialect::Postgres,
        _ => Dialect::Sqlite,
    }
}

fn error_of(backend: DbBackend) -> impl Fn(DbErr) -> Error + Copy {
    move |error| Error { message: error.to_string(), trouble: trouble(&error, dialect(backend)) }
}

/// What the database meant by an error.
#[cfg(feature = "drivers")]
fn trouble(error: &DbErr, dialect: Dialect) -> Trouble {
    use sea_orm_migration::sea_orm::{RuntimeErr, sqlx};
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return Trouble::Lasting;
    };
    let error: &sqlx::Error = error;
    match error {
        sqlx::Error::Database(error) => dialect.trouble(error.code().as_deref(), &error.to_string()),
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Trouble::Lost,
        _ => Trouble::Lasting,
    }
}

/// Without a driver there is nobody to say.
#[cfg(not(feature = "drivers"))]
fn trouble(_error: &DbErr, _dialect: Dialect) -> Trouble {
    Trouble::Lasting
}
