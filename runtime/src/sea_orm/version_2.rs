//! What is SeaORM 2's own: the names of some functions, `BEGIN IMMEDIATE`, `use_transaction()`, and
//! Migrators that are values.

use std::process::ExitCode;

use sea_orm_migration::MigratorTraitSelf;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use super::{Project, run};

pub async fn execute(on: &impl ConnectionTrait, statement: Statement) -> Result<ExecResult, DbErr> {
    on.execute_raw(statement).await
}

pub async fn query(on: &impl ConnectionTrait, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
    on.query_all_raw(statement).await
}

/// Begins a transaction that holds the write lock.
pub async fn begin(on: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    if on.get_database_backend() != DbBackend::Sqlite {
        return on.begin().await;
    }
    let mode = Some(SqliteTransactionMode::Immediate);
    on.begin_with_options(TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() }).await
}

/// Whether the migration itself says that it wants a transaction, or none.
pub fn transaction(migration: &dyn MigrationTrait) -> Option<bool> {
    migration.use_transaction()
}

impl Project {
    /// The migrations of a Migrator that is a value.
    pub fn with(migrator: impl MigratorTraitSelf + 'static) -> Self {
        let ledger = migrator.migration_table_name().to_string();
        Self { ledger, migrations: Box::new(move || migrator.migrations()) }
    }
}

/// [`main`](super::main) for a Migrator that is a value.
pub fn main_with(migrator: impl MigratorTraitSelf + 'static) -> ExitCode {
    run(&Project::with(migrator))
}

/// A connection or a transaction, as one type.
#[cfg(feature = "seed")]
pub fn executor<'c>(db: impl IntoSchemaManagerConnection<'c>) -> SchemaManagerConnection<'c> {
    db.into_database_executor()
}

/// The answers of whoever stands in for a database: rows of the database's own.
#[cfg(feature = "pretend")]
pub type Made = sea_orm_migration::sea_orm::QueryResult;

/// A connection that asks `clerk` instead of a database.
#[cfg(feature = "pretend")]
pub fn connection_over(clerk: super::pretend::Clerk) -> Result<DatabaseConnection, DbErr> {
    use sea_orm_migration::sea_orm::{DatabaseConnectionType, MockDatabaseConnection};
    let connection = MockDatabaseConnection::new(clerk);
    Ok(DatabaseConnectionType::MockDatabaseConnection(std::sync::Arc::new(connection)).into())
}

/// What SeaORM has for tests is the one connection of its that takes rows of a database's.
#[cfg(feature = "pretend")]
mod clerk {
    use sea_orm_migration::prelude::DbErr;
    use sea_orm_migration::sea_orm::{
        DbBackend, ExecResult, MockDatabase, MockDatabaseTrait, MockExecResult, QueryResult, Statement, Transaction,
    };

    use super::super::pretend::{Clerk, Done};

    impl MockDatabaseTrait for Clerk {
        fn execute(&mut self, _counter: usize, statement: Statement) -> Result<ExecResult, DbErr> {
            let Done { last_insert_id, rows_affected } = Clerk::execute(self, statement.clone())?;
            let made = MockExecResult { last_insert_id, rows_affected };
            MockDatabase::new(self.backend()).append_exec_results([made]).execute(0, statement)
        }

        fn query(&mut self, _counter: usize, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
            Clerk::query(self, statement)
        }

        fn begin(&mut self) {
            Clerk::begin(self);
        }

        fn commit(&mut self) {
            Clerk::commit(self);
        }

        fn rollback(&mut self) {
            Clerk::rollback(self);
        }

        fn drain_transaction_log(&mut self) -> Vec<Transaction> {
            Vec::new()
        }

        fn get_database_backend(&self) -> DbBackend {
            self.backend()
        }

        fn ping(&self) -> Result<(), DbErr> {
            Ok(())
        }
    }
}
