//! `INSERT` of many rows, as text: preparing a statement for each size would cost more than it spares.

use std::fmt::Write as _;

use kit_runtime::dialect::Dialect;
use sea_orm::sqlx::mysql::MySqlConnection;
use sea_orm::sqlx::{self, Executor as _, raw_sql};

use super::value::Datum;
use super::{Batch, list, updates};
use crate::schema::model::Kind;

/// A statement has at most about so many bytes: less than any server takes.
const SIZE: usize = 1 << 20;

pub async fn insert(
    connection: &mut MySqlConnection,
    batch: &Batch<'_>,
    rows: &[Vec<Datum>],
    key: Option<&[String]>,
) -> sqlx::Result<()> {
    let dialect = Dialect::MySql;
    let table = dialect.quote(&batch.table.name);
    let columns = list(dialect, batch.columns.iter().map(|column| column.name.as_str()));
    let head = format!("INSERT INTO {table} ({columns}) VALUES ");
    let tail = key.map(|key| {
        let updates = updates(dialect, batch, key, |name| format!("VALUES({name})"));
        let first = key.first().map(|name| dialect.quote(name)).unwrap_or_default();
        let updates = if updates.is_empty() { format!("{first} = {first}") } else { updates };
        format!(" ON DUPLICATE KEY UPDATE {updates}")
    });
    let bits: Vec<bool> = batch.columns.iter().map(|column| matches!(column.kind, Kind::Bit(_))).collect();
    let mut rows = rows.iter().peekable();
    while rows.peek().is_some() {
        let mut sql = head.clone();
        while let Some(row) = rows.next_if(|_| sql.len() < SIZE) {
            if sql.len() > head.len() {
                sql.push(',');
            }
            sql.push('(');
            for (at, datum) in row.iter().enumerate() {
                if at > 0 {
                    sql.push(',');
                }
                literal(datum, bits.get(at) == Some(&true), &mut sql);
            }
            sql.push(')');
        }
        sql.push_str(tail.as_deref().unwrap_or_default());
        connection.execute(raw_sql(sqlx::AssertSqlSafe(sql))).await?;
    }
    Ok(())
}

fn literal(datum: &Datum, bits: bool, sql: &mut String) {
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
