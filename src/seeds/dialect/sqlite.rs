//! `INSERT` of a row, prepared once: nothing is faster where the database is in the same process.

use kit_runtime::dialect::Dialect;
use rusqlite::{Connection, Statement};

use super::value::Datum;
use super::{Answer, Batch, Trouble, names, on_conflict};

/// The statement for one row, and nothing behind it.
pub fn around(batch: &Batch<'_>) -> (String, String) {
    let dialect = Dialect::Sqlite;
    let table = dialect.quote(&batch.table.name);
    if batch.columns.is_empty() {
        return (format!("INSERT INTO {table} DEFAULT VALUES"), String::new());
    }
    let marks = vec!["?"; batch.columns.len()].join(",");
    let conflict = batch.key.map(|key| on_conflict(dialect, batch, key)).unwrap_or_default();
    (format!("INSERT INTO {table} ({}) VALUES ({marks}){conflict}", names(dialect, batch)), String::new())
}

pub fn insert(connection: &Connection, batch: &Batch<'_>, row: &[Datum<'_>]) -> Answer<()> {
    let mut statement = connection.prepare_cached(&batch.head)?;
    bind(&mut statement, row)?;
    let Err(error) = statement.raw_execute() else { return Ok(()) };
    let is_key =
        error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
    let column = if is_key { dangling(connection, batch, row) } else { None };
    Err(Trouble { column, ..error.into() })
}

fn bind(statement: &mut Statement<'_>, row: &[Datum<'_>]) -> rusqlite::Result<()> {
    for (at, datum) in row.iter().enumerate() {
        match datum {
            Datum::Null => statement.raw_bind_parameter(at + 1, rusqlite::types::Null)?,
            Datum::Text(text) => statement.raw_bind_parameter(at + 1, text.as_ref())?,
            Datum::Bytes(bytes) => statement.raw_bind_parameter(at + 1, bytes)?,
            Datum::Integer(number) => statement.raw_bind_parameter(at + 1, number)?,
            Datum::Real(number) => statement.raw_bind_parameter(at + 1, number)?,
        }
    }
    Ok(())
}

/// The column of a row that refers to nothing: SQLite says only that there is one.
fn dangling(connection: &Connection, batch: &Batch<'_>, row: &[Datum<'_>]) -> Option<String> {
    let dialect = Dialect::Sqlite;
    let keys = batch.table.foreign_keys.iter().filter(|key| key.columns.len() == key.references.len());
    keys.flat_map(|key| key.columns.first().map(|column| (key, column))).find_map(|(key, column)| {
        let of = |name: &String| Some(row.get(batch.columns.iter().position(|column| column.name == *name)?)?.clone());
        let values: Vec<Datum<'_>> = key.columns.iter().map(of).collect::<Option<_>>()?;
        if values.contains(&Datum::Null) {
            return None;
        }
        let is: Vec<String> = key.references.iter().map(|name| format!("{} = ?", dialect.quote(name))).collect();
        let sql = format!("SELECT 1 FROM {} WHERE {}", dialect.quote(&key.table), is.join(" AND "));
        let mut statement = connection.prepare(&sql).ok()?;
        bind(&mut statement, &values).ok()?;
        let is_there = statement.raw_query().next().ok()?.is_some();
        (!is_there).then(|| column.clone())
    })
}
