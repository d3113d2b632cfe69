//! Taking all rows out of tables, whatever refers to what, and having their numbers begin anew. Tables and ledgers stay. Which
//! tables there are is asked of the database; how one is emptied is its dialect's business.

use crate::connection::{Connection, Error};
use crate::wipe::switched_off;

/// Empties all tables of a connection's own database or schema but those named in `except`, and returns how many there were.
///
/// # Errors
/// As [`empty`].
pub async fn truncate<C: Connection>(connection: &C, except: &[&str]) -> Result<usize, Error> {
    let rows = connection.query(connection.dialect().emptied(), &[]).await?;
    let names = rows.into_iter().filter_map(|row| row.into_iter().next().flatten());
    let tables: Vec<String> = names.filter(|name| !except.contains(&name.as_str())).collect();
    empty(connection, &tables).await.map(|()| tables.len())
}

/// Empties these tables. Where that can be rolled back, all of them or none.
///
/// # Errors
/// What the database said: of a table that is not among them and refers to one that is, for instance.
pub async fn empty<C: Connection>(connection: &C, tables: &[String]) -> Result<(), Error> {
    if tables.is_empty() {
        return Ok(());
    }
    let dialect = connection.dialect();
    let counts = match dialect.has_counters() {
        Some(sql) => !connection.query(sql, &[]).await?.is_empty(),
        None => false,
    };
    let inside = dialect.foreign_key_switch().filter(|switch| switch.inside);
    let transaction = connection.begin().await?;
    let work = async || {
        for sql in dialect.empty(tables, counts) {
            transaction.execute(&sql, &[]).await?;
        }
        Ok(tables.len())
    };
    match switched_off(&transaction, inside, work).await {
        Ok(_) => transaction.commit().await,
        Err(error) => {
            // The first failure is the one to report; a rollback that fails as well has lost its session.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}
