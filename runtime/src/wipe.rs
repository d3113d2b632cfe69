//! Drops everything of a connection's own database or schema, whatever the names are and however the objects depend on each
//! other. It returns how many objects were dropped, and fails before it drops anything if an object that is to stay depends on
//! them. It does not know which objects a database has; its dialect does.

use crate::connection::{Connection, Error, Row};
use crate::dialect::{Dialect, Switch};
use crate::wire::Wipe;

/// Drops everything that `what` names and returns the number of objects dropped, without those that were dropped with another
/// one. Where DDL is transactional, that is one transaction, unless the server has not enough room for its locks
/// ([`Dialect::batch`](crate::dialect::Dialect::batch)): then it is one transaction for each batch. Without one transaction for
/// all, the table `ledger` is dropped first: an interrupted run must not leave one that lists migrations whose tables are gone,
/// and the next run drops the rest.
///
/// # Errors
/// The database's error, or which objects are to stay and depend on those that are to be dropped.
pub async fn wipe<C: Connection>(connection: &C, what: Wipe, ledger: &str) -> Result<usize, Error> {
    let batch = batch(connection).await?;
    wipe_in_batches(connection, what, ledger, batch).await
}

/// [`wipe`] with at most `batch` objects in a transaction.
///
/// # Errors
/// As [`wipe`].
pub async fn wipe_in_batches<C: Connection>(
    connection: &C,
    what: Wipe,
    ledger: &str,
    batch: usize,
) -> Result<usize, Error> {
    let switch = connection.dialect().foreign_key_switch();
    let (inside, outside) = (switch.filter(|switch| switch.inside), switch.filter(|switch| !switch.inside));
    switched_off(connection, outside, async || {
        let objects = objects(connection, what, ledger, batch).await?;
        let mut dropped = 0;
        for batch in objects.chunks(batch.max(1)) {
            let transaction = connection.begin().await?;
            let work = async || drop_objects(&transaction, batch, dropped).await;
            match switched_off(&transaction, inside, work).await {
                Ok(_) => transaction.commit().await?,
                Err(error) => {
                    // The first failure is the one to report; a rollback that fails as well has lost its session.
                    let _ = transaction.rollback().await;
                    return Err(error);
                }
            }
            dropped += batch.len();
        }
        Ok(dropped)
    })
    .await
}

/// How many objects may be dropped or emptied in one transaction.
pub(crate) async fn batch<C: Connection>(connection: &C) -> Result<usize, Error> {
    let Some(sql) = connection.dialect().batch() else { return Ok(usize::MAX) };
    let answer = connection.query(sql, &[]).await?.into_iter().flatten().next().flatten();
    Ok(answer.and_then(|answer| answer.parse().ok()).unwrap_or(usize::MAX))
}

/// Runs `work` while the session does not check foreign keys, and restores the setting whether or not `work` fails.
pub(crate) async fn switched_off<C: Connection>(
    session: &C,
    switch: Option<Switch>,
    work: impl AsyncFnOnce() -> Result<usize, Error>,
) -> Result<usize, Error> {
    let Some(switch) = switch else { return work().await };
    let before = session.query(switch.read, &[]).await?.into_iter().flatten().next().flatten();
    session.execute(&format!("{}{}", switch.set, switch.off), &[]).await?;
    let outcome = work().await;
    let restored = match before {
        Some(before) => session.execute(&format!("{}{before}", switch.set), &[]).await,
        None => Ok(()),
    };
    outcome.and_then(|objects| restored.map(|()| objects))
}

/// What is to be dropped, in order.
async fn objects<C: Connection>(connection: &C, what: Wipe, ledger: &str, batch: usize) -> Result<Vec<Row>, Error> {
    let dialect = connection.dialect();
    if let Some(blockers) = dialect.blockers(what) {
        let blockers: Vec<String> = connection.query(&blockers, &[]).await?.into_iter().flatten().flatten().collect();
        if !blockers.is_empty() {
            return Err(Error::new(format!("nothing was dropped: {}", blockers.join("; "))));
        }
    }
    let mut objects = Vec::new();
    for query in dialect.objects(what) {
        objects.extend(connection.query(&query, &[]).await?);
    }
    if !dialect.transactional_ddl() || objects.len() > batch {
        let name = |object: &Row| object.get(2).or_else(|| object.get(1)).and_then(Clone::clone);
        objects.sort_by_cached_key(|object| name(object).as_deref() != Some(ledger));
    }
    Ok(objects)
}

async fn drop_objects<C: Connection>(transaction: &C, objects: &[Row], before: usize) -> Result<usize, Error> {
    let dialect = transaction.dialect();
    let mut dropped = 0;
    while let Some((kind, names)) = next_of_a_kind(dialect, &objects[dropped..]) {
        for _ in &names {
            fault!("in-fresh", transaction);
        }
        let together = transaction.execute(&dialect.drop_objects(kind, &names), &[]).await;
        match together {
            Ok(()) => {}
            // One by one, to tell which of them it is.
            Err(_) if names.len() > 1 => {
                for (place, name) in names.iter().enumerate() {
                    let alone = transaction.execute(&dialect.drop_objects(kind, &[name]), &[]).await;
                    alone.map_err(|error| failed(kind, name, before + dropped + place, &error))?;
                }
            }
            Err(error) => {
                let so_far = before + if dialect.transactional_ddl() { 0 } else { dropped };
                return Err(failed(kind, names.concat().as_str(), so_far, &error));
            }
        }
        dropped += names.len();
    }
    Ok(objects.len())
}

/// The kind of the first object, and the names of those that one statement drops with it.
fn next_of_a_kind(dialect: Dialect, objects: &[Row]) -> Option<(&str, Vec<&str>)> {
    let kind = objects.first()?.first()?.as_deref()?;
    let is_alike = |object: &&Row| object.first().and_then(Option::as_deref) == Some(kind);
    let alike = objects.iter().take_while(is_alike).take(dialect.dropped_together(kind));
    Some((kind, alike.filter_map(|object| object.get(1)?.as_deref()).collect()))
}

fn failed(kind: &str, name: &str, so_far: usize, error: &Error) -> Error {
    error.renamed(format!("dropping {} `{name}` failed after {so_far} others: {error}", kind.to_lowercase()))
}
