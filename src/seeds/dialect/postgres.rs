//! `COPY … FROM STDIN`, in the form that is text: PostgreSQL reads each value as its own type.

use std::fmt::Write as _;
use std::ops::Range;

use kit_runtime::dialect::Dialect;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Executor as _, raw_sql};

use super::value::Datum;
use super::{Answer, Batch, names, on_conflict, value};

/// Where rows wait that may be there already.
const WAITING: &str = "kit_seed";

/// Nothing is around the rows themselves.
pub fn around(batch: &Batch<'_>) -> (String, String) {
    let dialect = Dialect::Postgres;
    let table = dialect.quote(if batch.key.is_some() { WAITING } else { &batch.table.name });
    (format!("COPY {table} ({}) FROM STDIN", names(dialect, batch)), String::new())
}

pub async fn insert(connection: &mut PgConnection, batch: &Batch<'_>, rows: Range<usize>) -> Answer<()> {
    let dialect = Dialect::Postgres;
    let table = dialect.quote(&batch.table.name);
    if batch.columns.is_empty() {
        // Rows that say nothing.
        for _ in rows {
            run(connection, format!("INSERT INTO {table} DEFAULT VALUES")).await?;
        }
        return Ok(());
    }
    let Some(key) = batch.key else { return Ok(copy(connection, &batch.head, batch.rows(rows)).await?) };
    let (waiting, columns) = (dialect.quote(WAITING), names(dialect, batch));
    let create = format!("CREATE TEMP TABLE {waiting} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA");
    run(connection, create).await?;
    copy(connection, &batch.head, batch.rows(rows)).await?;
    let conflict = on_conflict(dialect, batch, key);
    let insert =
        format!("INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {waiting}{conflict}");
    run(connection, insert).await?;
    Ok(run(connection, format!("DROP TABLE {waiting}")).await?)
}

async fn run(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    connection.execute(raw_sql(sqlx::AssertSqlSafe(sql))).await.map(|_| ())
}

async fn copy(connection: &mut PgConnection, statement: &str, text: &str) -> sqlx::Result<()> {
    let mut copy = connection.copy_in_raw(statement).await?;
    match copy.send(text.as_bytes()).await {
        Ok(_) => copy.finish().await.map(|_| ()),
        Err(error) => {
            // The first error is the one to report.
            let _ = copy.abort("it cannot be sent").await;
            Err(error)
        }
    }
}

/// A line of `COPY`.
pub fn write(row: &[Datum<'_>], text: &mut String) {
    for (at, datum) in row.iter().enumerate() {
        if at > 0 {
            text.push('\t');
        }
        match datum {
            Datum::Null => text.push_str("\\N"),
            Datum::Text(word) => escape(word, text),
            Datum::Bytes(bytes) => escape(&value::hex(bytes), text),
            // Writing to a string does not fail.
            Datum::Integer(number) => {
                let _ = write!(text, "{number}");
            }
            Datum::Real(number) => {
                let _ = write!(text, "{number}");
            }
        }
    }
    text.push('\n');
}

fn escape(word: &str, text: &mut String) {
    if !word.contains(['\\', '\n', '\r', '\t']) {
        return text.push_str(word);
    }
    for c in word.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c => text.push(c),
        }
    }
}
