//! Databases on a server that kit makes for a while and takes away again: those that migrations are tried on, those of tests.
//! It owns their names, the protocol by which they go even if their run is killed, and what they have in common with a
//! database that they stand for. It does not know what is done on them, nor how to connect.
//!
//! The name of each begins as its kind does, followed by something that nobody has thought of. It is locked in a session from before
//! the database is there until it is gone: one of that name whose lock is free is a killed run's, and is dropped if nobody is
//! in it and if nothing is in it but what kit put there.

mod likeness;

pub use likeness::Likeness;

use crate::connection::{Connection, Error, table_exists};
use crate::dialect::Dialect;
use crate::lock;
use crate::sea_orm::Session;

/// How the names of those begin that migrations are tried on.
pub const SCRATCH: &str = "kit_scratch_";

/// How the names of those begin that a test has.
pub const TEST: &str = "kit_test_";

/// The table by which such a database is known once something is in it.
pub const MARK: &str = "kit_scratch";

/// The statement that marks a database as kit's.
pub fn mark(dialect: Dialect) -> String {
    format!("CREATE TABLE {} (made_for_kit integer)", dialect.quote(MARK))
}

/// A name that nobody has, locked in the session `server`.
pub async fn claim(server: &Session, kind: &str) -> String {
    let name = format!("{kind}{}{:016x}", node(server).await, lock::chance());
    lock(server, &name).await;
    name
}

/// Locks a name in the session `server`; whether nobody else has it.
pub async fn lock(server: &Session, name: &str) -> bool {
    says_yes(server, &server.dialect().lock_name(name)).await
}

/// Gives a name back that `server` has locked; whether it had.
pub async fn unlock(server: &Session, name: &str) -> bool {
    says_yes(server, &server.dialect().unlock_name(name)).await
}

/// Drops a database that `server` has claimed, whoever is in it, and gives its name back.
///
/// # Errors
/// What the database said.
pub async fn remove(server: &Session, name: &str) -> Result<(), Error> {
    let dialect = server.dialect();
    // What was killed may still be busy there.
    for session in texts(server, &dialect.sessions_in(name)).await {
        if let Ok(session) = session.parse() {
            let _ = lock::end_session(server, session).await;
        }
    }
    server.execute(&format!("DROP DATABASE IF EXISTS {}", dialect.quote(name)), &[]).await?;
    unlock(server, name).await;
    Ok(())
}

/// Drops those of this kind that killed runs have left, and says how many there were. What cannot be dropped stays for another
/// time. `open` connects to a database of that name on the same server.
pub async fn sweep(server: &Session, kind: &str, open: impl AsyncFn(&str) -> Option<Session>) -> usize {
    let start = format!("{kind}{}", node(server).await);
    let mut removed = 0;
    for name in texts(server, server.dialect().deserted()).await.iter().filter(|name| is_named(name, &start)) {
        if !lock(server, name).await {
            continue;
        }
        if is_ours(name, &open).await {
            let drop = format!("DROP DATABASE {}", server.dialect().quote(name));
            removed += usize::from(server.execute(&drop, &[]).await.is_ok());
        }
        unlock(server, name).await;
    }
    removed
}

/// Whether nobody is in it, and nothing, or what says that kit made it.
pub(crate) async fn is_ours(name: &str, open: &impl AsyncFn(&str) -> Option<Session>) -> bool {
    let Some(session) = open(name).await else { return false };
    let dialect = session.dialect();
    let ours = async {
        if !session.query(&dialect.sessions_in(name), &[]).await.ok()?.is_empty() {
            return None;
        }
        let marked = table_exists(&session, MARK).await.ok()?;
        let tables = session.query(dialect.census(), &[]).await.ok()?;
        Some(marked || tables.is_empty())
    };
    let ours = ours.await.unwrap_or_default();
    // A session that is still closing would be in the way of a drop.
    session.close().await;
    ours
}

/// What tells the nodes of a cluster apart, where a lock is only one node's.
async fn node(server: &Session) -> String {
    let Some(sql) = server.dialect().node() else { return String::new() };
    texts(server, sql).await.into_iter().next().map(|node| node + "_").unwrap_or_default()
}

fn is_named(name: &str, start: &str) -> bool {
    let digits = name.strip_prefix(start).unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
}

/// The first column; of what cannot be read, nothing.
pub(crate) async fn texts(session: &Session, sql: &str) -> Vec<String> {
    let rows = session.query(sql, &[]).await.unwrap_or_default();
    rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
}

pub(crate) async fn says_yes(session: &Session, sql: &str) -> bool {
    texts(session, sql).await.first().is_some_and(|answer| answer == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_look_like_scratch_are_somebody_elses() {
        for (name, ours) in [
            ("kit_scratch_0123456789abcdef", true),
            ("kit_scratch_0123456789ABCDEF", false),
            ("kit_scratch_0123456789abcde", false),
            ("kit_scratch_0123456789abcdef0", false),
            ("kit_scratch_", false),
            ("kit_scratch_of_my_own_00000", false),
            ("my_kit_scratch_0123456789abcdef", false),
            ("kit_test_0123456789abcdef", false),
        ] {
            assert_eq!(is_named(name, SCRATCH), ours, "{name}");
        }
    }
}
