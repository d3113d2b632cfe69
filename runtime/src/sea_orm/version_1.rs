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

/// A connection or a transaction, as one type.
#[cfg(feature = "seed")]
pub fn executor<'c>(db: impl IntoSchemaManagerConnection<'c>) -> SchemaManagerConnection<'c> {
    db.into_schema_manager_connection()
}

/// The answers of whoever stands in for a database.
#[cfg(feature = "pretend")]
pub type Made = sea_orm_migration::sea_orm::ProxyRow;

/// A connection that asks `clerk` instead of a database.
#[cfg(feature = "pretend")]
pub fn connection_over(clerk: super::pretend::Clerk) -> Result<DatabaseConnection, DbErr> {
    use sea_orm_migration::sea_orm::ProxyDatabaseConnector;
    ProxyDatabaseConnector::connect(clerk.backend(), std::sync::Arc::new(Box::new(clerk)))
}

#[cfg(feature = "pretend")]
mod clerk {
    use sea_orm_migration::async_trait;
    use sea_orm_migration::prelude::DbErr;
    use sea_orm_migration::sea_orm::{ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement};

    use super::super::pretend::{Clerk, Done};

    #[async_trait::async_trait]
    impl ProxyDatabaseTrait for Clerk {
        async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
            Clerk::query(self, statement)
        }

        async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
            let Done { last_insert_id, rows_affected } = Clerk::execute(self, statement)?;
            Ok(ProxyExecResult::new(last_insert_id, rows_affected))
        }

        async fn begin(&self) {
            Clerk::begin(self);
        }

        async fn commit(&self) {
            Clerk::commit(self);
        }

        async fn rollback(&self) {
            Clerk::rollback(self);
        }

        fn start_rollback(&self) {
            Clerk::rollback(self);
        }
    }
}
