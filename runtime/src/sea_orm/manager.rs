//! What the helpers of [`crate::schema`] ask through the connection that a migration has: which database it is, whether it is
//! in a transaction, and rows as text. What they ask is their business.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::sea_query::Value;
use sea_orm_migration::sea_orm::{DatabaseTransaction, Statement, TransactionTrait};

use super::version;
use crate::connection::Row;
use crate::dialect::Dialect;

/// Which database a migration runs on.
pub(crate) fn dialect(manager: &SchemaManager<'_>) -> Dialect {
    super::dialect(manager.get_database_backend())
}

/// Whether a migration's statements are in a transaction.
pub(crate) fn is_in_transaction(manager: &SchemaManager<'_>) -> bool {
    !matches!(manager.get_connection(), SchemaManagerConnection::Connection(_))
}

/// A transaction of the migration's connection; in a transaction, a savepoint.
pub(crate) async fn begin(manager: &SchemaManager<'_>) -> Result<DatabaseTransaction, DbErr> {
    manager.get_connection().begin().await
}

/// Runs a query all columns of which are text; `values` stand for its placeholders.
pub(crate) async fn rows(on: &impl ConnectionTrait, sql: &str, values: &[&str]) -> Result<Vec<Row>, DbErr> {
    let values = values.iter().map(|value| Value::from(*value)).collect::<Vec<_>>();
    let rows = version::query(on, Statement::from_sql_and_values(on.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| (0..row.column_names().len()).map(|at| row.try_get_by_index(at)).collect()).collect()
}

/// The text of an `ALTER TABLE`.
pub(crate) fn text(manager: &SchemaManager<'_>, statement: &TableAlterStatement) -> String {
    manager.get_database_backend().build(statement).sql
}
