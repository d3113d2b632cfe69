//! `INSERT` of many rows, as text: preparing a statement for each size would cost more than it spares.

use std::fmt::Write as _;
use std::ops::Range;

use kit_runtime::dialect::Dialect;
use sea_orm::sqlx::mysql::MySqlConnection;
use sea_orm::sqlx::{self, Executor as _, raw_sql};

use super::value::Datum;
use super::{Answer, Batch, names, updates};
use crate::schema::model::{Column, Kind};

pub fn around(batch: &Batch<'_>) -> (String, String) {
    let dialect = Dialect::MySql;
    let head = format!("INSERT INTO {} ({}) VALUES ", dialect.quote(&batch.table.name), names(dialect, batch));
    let tail = batch.key.map(|key| {
        let updates = updates(dialect, batch, key, |name| format!("VALUES({name})"));
        let first = key.first().map(|name| dialect.quote(name)).unwrap_or_default();
        let updates = if updates.is_empty() { format!("{first} = {first}") } else { updates };
        format!(" ON DUPLICATE KEY UPDATE {updates}")
    });
    (head, tail.unwrap_or_default())
}

pub async fn insert(connection: &mut MySqlConnection, batch: &Batch<'_>, rows: Range<usize>) -> Answer<()> {
    let rows = batch.rows(rows).trim_start_matches(',');
    let sql = [batch.head.as_str(), rows, &batch.tail].concat();
    connection.execute(raw_sql(sqlx::AssertSqlSafe(sql))).await?;
    Ok(())
}

/// `,(1,'a')`.
pub fn write(columns: &[&Column], row: &[Datum<'_>], sql: &mut String) {
    sql.push_str(",(");
    for (at, datum) in row.iter().enumerate() {
        if at > 0 {
            sql.push(',');
        }
        let is_bits = columns.get(at).is_some_and(|column| matches!(column.kind, Kind::Bit(_)));
        literal(datum, is_bits, sql);
    }
    sql.push(')');
}

fn literal(datum: &Datum<'_>, bits: bool, sql: &mut String) {
    // Writing to a string does not fail.
    match datum {
        Datum::Null => sql.push_str("NULL"),
        Datum::Bytes(bytes) => {
            sql.push_str("x'");
            bytes.iter().for_each(|byte| {
                let _ = write!(sql, "{byte:02x}");
            });
            sql.push('\'');
        }
        Datum::Integer(number) => {
            let _ = write!(sql, "{number}");
        }
        Datum::Real(number) => {
            let _ = write!(sql, "{number}");
        }
        Datum::Text(text) => {
            if bits {
                sql.push('b');
            }
            sql.push('\'');
            if text.contains(['\\', '\'', '\0', '\u{1a}']) {
                for c in text.chars() {
                    match c {
                        '\\' => sql.push_str("\\\\"),
                        '\'' => sql.push_str("''"),
                        '\0' => sql.push_str("\\0"),
                        '\u{1a}' => sql.push_str("\\Z"),
                        c => sql.push(c),
                    }
                }
            } else {
                sql.push_str(text);
            }
            sql.push('\'');
        }
    }
}
