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
