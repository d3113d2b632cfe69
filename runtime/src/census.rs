//! How much a database holds, for the question before it is destroyed. It counts tables exactly and
//! rows up to [`ENOUGH`], so that asking stays quick whatever the size. It does not know what the numbers are for.

use crate::connection::{Connection, Error};

/// Rows beyond which counting stops.
pub const ENOUGH: u64 = 100_000;

/// Tables that are counted with one query: few enough for any server's locks.
const TOGETHER: usize = 50;

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
    let mut sources = Vec::new();
    for row in connection.query(dialect.census(), &[]).await? {
        let mut cells = row.into_iter();
        let (name, rows_from) = (cells.next().flatten().unwrap_or_default(), cells.next().flatten());
        if !except.contains(&name.as_str()) {
            census.tables += 1;
            sources.extend(rows_from);
        }
    }
    for sources in sources.chunks(TOGETHER) {
        let left = ENOUGH - census.rows;
        if left == 0 {
            break;
        }
        let counts = |source: &String| {
            let count = dialect.text("COUNT(*)");
            format!("SELECT {count} FROM (SELECT 1 FROM {source} LIMIT {left}) AS counted")
        };
        let sql = sources.iter().map(counts).collect::<Vec<_>>().join(" UNION ALL ");
        let answer = connection.query(&sql, &[]).await?;
        let counted = answer.into_iter().flatten().flatten().filter_map(|count| count.parse::<u64>().ok());
        census.rows = counted.fold(census.rows, u64::saturating_add).min(ENOUGH);
    }
    Ok(census)
}
