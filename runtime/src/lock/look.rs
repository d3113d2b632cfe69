//! Looking at the lock from outside: who has it, whether they give signs of life, what a killed run has left. It takes
//! nothing, writes nothing and waits for nobody.

use std::path::Path;

use super::{PROBE, TABLE, answer, file, holder_of, key, lease};
use crate::connection::{Connection, Error};
use crate::wire::Holder;

/// Who has the lock of `table`'s database on a server. Of a database that is a file it knows nothing.
///
/// # Errors
/// What the database said.
pub async fn look<C: Connection>(connection: &C, table: &str) -> Result<Option<Presence>, Error> {
    let dialect = connection.dialect();
    let scope = answer(connection, dialect.lock_scope()).await?.unwrap_or_default();
    let key = key(&scope, table);
    let Some(sql) = dialect.lock_session(key) else { return Ok(None) };
    let session = answer(connection, &sql).await?.and_then(|session| session.parse().ok());
    if session.is_some() {
        let sql = dialect.lock_holder(TABLE, key).unwrap_or_default();
        let holder =
            if is_there(connection, TABLE).await? { holder_of(connection.query(&sql, &[]).await?) } else { None };
        return Ok(Some(Presence { holder, session }));
    }
    if !is_there(connection, PROBE).await? || !lease::is_there(connection).await {
        return Ok(None);
    }
    Ok(Some(Presence { holder: lease::holder(connection).await, session: None }))
}

/// Who is at work on a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Who, as far as known.
    pub holder: Option<Holder>,
    /// Their session, by the server's number; none where the lock is no session's.
    pub session: Option<u64>,
}

/// Number of signs of life of whoever has a lease: two answers are different as long as they live.
///
/// # Errors
/// What the database said.
pub async fn signs<C: Connection>(connection: &C) -> Result<Option<i64>, Error> {
    lease::signs(connection).await
}

/// Who wrote last that they have the lock of a session, and has not taken it back. Whether they have it, [`look`] says.
///
/// # Errors
/// What the database said.
pub async fn leftover<C: Connection>(connection: &C) -> Result<Option<Holder>, Error> {
    if !is_there(connection, TABLE).await? {
        return Ok(None);
    }
    let dialect = connection.dialect();
    let columns = ["host", "pid", "command", "acquired_at"].map(|column| dialect.text(column)).join(", ");
    let sql = format!("SELECT {columns} FROM {} WHERE id = 1", dialect.quote(TABLE));
    Ok(holder_of(connection.query(&sql, &[]).await?))
}

/// Who wrote into the lock file of a `database` that is a file, and has not taken it back.
pub fn look_at_file(database: &Path) -> Option<Holder> {
    file::written(&database.to_string_lossy())
}

/// Whether a process lives; `None` where that cannot be known, since it is another machine's.
#[cfg(unix)]
pub fn is_alive(holder: &Holder) -> Option<bool> {
    use rustix::process::{Pid, test_kill_process};
    let pid = Pid::from_raw(i32::try_from(holder.pid).ok()?)?;
    // One that may not be asked lives.
    (holder.host == super::host()).then(|| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Of processes nothing is known on this system.
#[cfg(not(unix))]
pub fn is_alive(_holder: &Holder) -> Option<bool> {
    None
}

async fn is_there<C: Connection>(connection: &C, table: &str) -> Result<bool, Error> {
    Ok(!connection.query(connection.dialect().table_exists(), &[table.into()]).await?.is_empty())
}
