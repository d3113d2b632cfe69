//! What is SeaORM 1.1's own: the names of some functions, and how to take SQLite's write lock without
//! `BEGIN IMMEDIATE`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, ExecResult, QueryResult, Statement,
    TransactionTrait,
};

use crate::dialect::Dialect;
use crate::ledger::JOURNAL;

pub async fn execute(on: &impl ConnectionTrait, statement: Statement) -> Result<ExecResult, DbErr> {
    on.execute(statement).await
}

pub async fn query(on: &impl ConnectionTrait, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
    on.query_all(statement).await
}

/// Begins a transaction that holds the write lock.
pub async fn begin(on: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = on.begin().await?;
    if on.get_database_backend() == DbBackend::Sqlite {
        // A write as the first statement takes the lock that BEGIN IMMEDIATE takes. Where the table is not there yet,
        // the statement fails and the transaction goes on without it.
        let write = format!("DELETE FROM {} WHERE 0", Dialect::Sqlite.quote(JOURNAL));
        let _ = transaction.execute_unprepared(&write).await;
    }
    Ok(transaction)
}

/// Migrations of this version say nothing of transactions.
pub fn transaction(_migration: &dyn MigrationTrait) -> Option<bool> {
    None
}
