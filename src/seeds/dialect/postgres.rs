//! `COPY … FROM STDIN`, in the form that is text: PostgreSQL reads each value as its own type.

use std::fmt::Write as _;

use kit_runtime::dialect::Dialect;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Executor as _, raw_sql};

use super::value::Datum;
use super::{Batch, list, on_conflict, value};

/// Where rows wait that may be there already.
const WAITING: &str = "kit_seed";

pub async fn insert(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
    rows: &[Vec<Datum>],
    key: Option<&[String]>,
) -> sqlx::Result<()> {
    let dialect = Dialect::Postgres;
    let table = dialect.quote(&batch.table.name);
    let columns = list(dialect, batch.columns.iter().map(|column| column.name.as_str()));
    let Some(key) = key else {
        return copy(connection, &table, &columns, rows).await;
    };
    let waiting = dialect.quote(WAITING);
    let create = format!("CREATE TEMP TABLE {waiting} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA");
    run(connection, create).await?;
    copy(connection, &waiting, &columns, rows).await?;
    let conflict = on_conflict(dialect, batch, key);
    let insert =
        format!("INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {waiting}{conflict}");
    run(connection, insert).await?;
    run(connection, format!("DROP TABLE {waiting}")).await
}

async fn run(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    connection.execute(raw_sql(sqlx::AssertSqlSafe(sql))).await.map(|_| ())
}

async fn copy(connection: &mut PgConnection, table: &str, columns: &str, rows: &[Vec<Datum>]) -> sqlx::Result<()> {
    let statement = match columns.is_empty() {
        // A row that says nothing.
        true => return defaults(connection, table, rows.len()).await,
        false => format!("COPY {table} ({columns}) FROM STDIN"),
    };
    let text = text(rows);
    let mut copy = connection.copy_in_raw(&statement).await?;
    match copy.send(text.as_bytes()).await {
        Ok(_) => copy.finish().await.map(|_| ()),
        Err(error) => {
            // The first error is the one to report.
            let _ = copy.abort("it cannot be sent").await;
            Err(error)
        }
    }
}

async fn defaults(connection: &mut PgConnection, table: &str, rows: usize) -> sqlx::Result<()> {
    for _ in 0..rows {
        run(connection, format!("INSERT INTO {table} DEFAULT VALUES")).await?;
    }
    Ok(())
}

fn text(rows: &[Vec<Datum>]) -> String {
    let mut text = String::new();
    for row in rows {
        for (at, datum) in row.iter().enumerate() {
            if at > 0 {
                text.push('\t');
            }
            match datum {
                Datum::Null => text.push_str("\\N"),
                Datum::Text(word) => escape(word, &mut text),
                Datum::Bytes(bytes) => escape(&value::hex(bytes), &mut text),
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
    text
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
