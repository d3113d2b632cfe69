//! How much a database holds, for the question before it is destroyed. It counts tables exactly and
//! rows up to [`ENOUGH`], so that asking stays quick whatever the size. It does not know what the numbers are for.

use crate::connection::{Connection, Error};

/// Rows beyond which counting stops.
pub const ENOUGH: u64 = 100_000;

/// What there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Number of tables.
    pub tables: usize,
    /// Number of rows in them; if [`ENOUGH`], that many or more.
    pub rows: u64,
}

/// Counts tables and rows of a connection's own database or schema, without the tables named in `except`.
///
/// # Errors
/// What the database said, such as that a table may not be read.
pub async fn count<C: Connection>(connection: &C, except: &[&str]) -> Result<Census, Error> {
    let dialect = connection.dialect();
    let mut census = Census::default();
    for row in connection.query(dialect.census(), &[]).await? {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let (name, rows_from) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        if except.contains(&name.as_str()) {
            continue;
        }
        census.tables += 1;
        let left = ENOUGH - census.rows;
        if left == 0 || rows_from.is_empty() {
            continue;
        }
        let sql =
            format!("SELECT {} FROM (SELECT 1 FROM {rows_from} LIMIT {left}) AS counted", dialect.text("COUNT(*)"));
        let answer = connection.query(&sql, &[]).await?;
        let counted = answer.first().and_then(|row| row.first()?.as_ref()?.parse::<u64>().ok());
        census.rows += counted.unwrap_or_default();
    }
    Ok(census)
}
