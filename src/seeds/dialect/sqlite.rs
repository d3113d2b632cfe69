//! `INSERT` of many rows with values, prepared once for each number of rows.

use kit_runtime::dialect::Dialect;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sea_orm::sqlx::{self, Arguments as _, AssertSqlSafe};

use super::value::Datum;
use super::{Batch, list, on_conflict};

pub async fn insert(
    connection: &mut SqliteConnection,
    batch: &Batch<'_>,
    rows: &[Vec<Datum>],
    key: Option<&[String]>,
) -> sqlx::Result<()> {
    let dialect = Dialect::Sqlite;
    let table = dialect.quote(&batch.table.name);
    if batch.columns.is_empty() {
        for _ in rows {
            sqlx::query(AssertSqlSafe(format!("INSERT INTO {table} DEFAULT VALUES"))).execute(&mut *connection).await?;
        }
        return Ok(());
    }
    let columns = list(dialect, batch.columns.iter().map(|column| column.name.as_str()));
    let marks = format!("({})", vec!["?"; batch.columns.len()].join(","));
    let values = vec![marks.as_str(); rows.len()].join(",");
    let conflict = key.map(|key| on_conflict(dialect, batch, key)).unwrap_or_default();
    let sql = format!("INSERT INTO {table} ({columns}) VALUES {values}{conflict}");
    let mut arguments = SqliteArguments::default();
    for datum in rows.iter().flatten() {
        let added = match datum {
            Datum::Null => arguments.add(None::<String>),
            Datum::Text(text) => arguments.add(text.clone()),
            Datum::Bytes(bytes) => arguments.add(bytes.clone()),
            Datum::Integer(number) => arguments.add(*number),
            Datum::Real(number) => arguments.add(*number),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    sqlx::query_with(AssertSqlSafe(sql), arguments).execute(connection).await.map(|_| ())
}
