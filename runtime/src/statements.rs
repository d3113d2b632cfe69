//! The statements of a migration that cannot be rolled back as a whole, in kit's table [`TABLE`]: which ones ran, which one
//! failed, which one was running when its process ended. It reads and writes rows; [`crate::record`] finds out what to write.

use crate::connection::{Connection, Error, Value, rows_if_there, table_exists};

/// Kit's table of statements. Rows are deleted when their migration is applied, or settled by `migrate:repair`.
pub const TABLE: &str = "kit_statements";

/// A statement that a migration has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its position, counted from 1; positions of statements that only read are missing.
    pub step: i64,
    /// Its text, with values; cut at [`MAX_BODY`].
    pub body: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The error of the database.
    pub error: Option<String>,
}

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was sent, and no answer was received.
    Running,
    /// It succeeded.
    Done,
    /// It failed.
    Failed,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "done" => Self::Done,
            "failed" => Self::Failed,
            _ => Self::Running,
        }
    }
}

/// Longest text of a statement that is kept, in bytes.
pub const MAX_BODY: usize = 16 * 1024;

/// Rows that one statement writes.
const CHUNK: usize = 50;

/// Creates the table if it does not exist.
///
/// # Errors
/// The error of the database.
pub async fn install<C: Connection>(connection: &C) -> Result<(), Error> {
    connection.execute(&connection.dialect().create_statements(TABLE), &[]).await
}

/// Returns whether the table exists.
///
/// # Errors
/// The error of the database.
pub async fn is_installed<C: Connection>(connection: &C) -> Result<bool, Error> {
    table_exists(connection, TABLE).await
}

/// Returns the statements of a migration, in the order in which they were sent.
///
/// # Errors
/// The error of the database.
pub async fn read<C: Connection>(connection: &C, name: &str) -> Result<Vec<Recorded>, Error> {
    if !is_installed(connection).await? {
        return Ok(Vec::new());
    }
    let dialect = connection.dialect();
    let columns = ["step", "body", "state", "error"].map(|column| dialect.text(column)).join(", ");
    let sql = format!(
        "SELECT {columns} FROM {table} WHERE version = {} ORDER BY {table}.step",
        dialect.placeholder(1),
        table = dialect.quote(TABLE),
    );
    let rows = rows_if_there(connection, TABLE, &sql, &[name.into()]).await?;
    let recorded = rows.into_iter().map(|row| {
        let text = |at: usize| row.get(at).cloned().flatten();
        Recorded {
            step: text(0).and_then(|step| step.parse().ok()).unwrap_or_default(),
            body: text(1).unwrap_or_default(),
            outcome: Outcome::from_name(&text(2).unwrap_or_default()),
            error: text(3),
        }
    });
    Ok(recorded.collect())
}

/// Writes statements of a migration; those that are in the table are replaced.
///
/// # Errors
/// The error of the database.
pub async fn write<C: Connection>(connection: &C, name: &str, statements: &[Recorded]) -> Result<(), Error> {
    for chunk in statements.chunks(CHUNK) {
        let sql = connection.dialect().put_statements(TABLE, chunk.len());
        let values = chunk.iter().flat_map(|statement| {
            [
                name.into(),
                statement.step.into(),
                statement.body.as_str().into(),
                statement.outcome.name().into(),
                Value::Text(statement.error.clone()),
            ]
        });
        connection.execute(&sql, &values.collect::<Vec<Value>>()).await?;
    }
    Ok(())
}

/// Deletes the statements of a migration. The table has to exist.
///
/// # Errors
/// The error of the database.
pub async fn forget<C: Connection>(connection: &C, name: &str) -> Result<(), Error> {
    let dialect = connection.dialect();
    let sql = format!("DELETE FROM {} WHERE version = {}", dialect.quote(TABLE), dialect.placeholder(1));
    connection.execute(&sql, &[name.into()]).await
}
