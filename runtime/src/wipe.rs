//! Dropping everything of a connection's own database or schema, whatever its names are and however its
//! objects depend on each other. It returns how many objects went, and refuses before it drops anything if something
//! that is to stay depends on them. It does not know which objects a database has; its dialect does.

use crate::connection::{Connection, Error};
use crate::dialect::Switch;
use crate::wire::Wipe;

/// Drops everything that `what` names and returns the number of objects dropped, without those that went with another one.
/// Where DDL can be rolled back, all of it goes or nothing. Elsewhere the table `ledger` goes first: a run that is killed on its
/// way must not leave one that says that what is gone is there.
///
/// # Errors
/// What the database said, or what depends on the objects and is to stay.
pub async fn wipe<C: Connection>(connection: &C, what: Wipe, ledger: &str) -> Result<usize, Error> {
    let switch = connection.dialect().foreign_key_switch();
    let (inside, outside) = (switch.filter(|switch| switch.inside), switch.filter(|switch| !switch.inside));
    switched_off(connection, outside, async || {
        let transaction = connection.begin().await?;
        match switched_off(&transaction, inside, async || drop_all(&transaction, what, ledger).await).await {
            Ok(objects) => transaction.commit().await.map(|()| objects),
            Err(error) => {
                // The first failure is the one to report; a rollback that fails as well has lost its session.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    })
    .await
}

/// Runs `work` while the session does not look at foreign keys, and puts the switch back however that ends.
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

async fn drop_all<C: Connection>(transaction: &C, what: Wipe, ledger: &str) -> Result<usize, Error> {
    let dialect = transaction.dialect();
    if let Some(blockers) = dialect.blockers(what) {
        let blockers: Vec<String> = transaction.query(&blockers, &[]).await?.into_iter().flatten().flatten().collect();
        if !blockers.is_empty() {
            return Err(Error::new(format!("nothing was dropped: {}", blockers.join("; "))));
        }
    }
    let mut objects = Vec::new();
    for query in dialect.objects(what) {
        objects.extend(transaction.query(&query, &[]).await?);
    }
    if !dialect.transactional_ddl() {
        objects.sort_by_key(|object| object.get(1).and_then(Option::as_deref) != Some(ledger));
    }
    for (dropped, object) in objects.iter().enumerate() {
        fault!("in-fresh", transaction);
        let [Some(kind), Some(name)] = object.as_slice() else { continue };
        transaction.execute(&dialect.drop_object(kind, name), &[]).await.map_err(|error| {
            let so_far = if dialect.transactional_ddl() { 0 } else { dropped };
            Error::new(format!("dropping {} `{name}` failed after {so_far} others: {error}", kind.to_lowercase()))
        })?;
    }
    Ok(objects.len())
}
