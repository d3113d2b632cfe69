//! Keeps two runs on one database apart: a lock of the server's in the very session that migrates, or a lock on a file
//! beside a database that is a file. Both go with the process that has them, however it ends. It never waits inside the
//! server, says who is at work, and does not know what a run does.
//!
//! A session lock says nothing where sessions are not what they seem (a cluster's nodes, a pooler that lends one session
//! to many): there, a row of a table with a beat has to take its place, behind the same functions.

mod file;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use file::LockFile;

use crate::connection::{Connection, Error, Value};
use crate::wire::{Failure, Holder, LockKind, Locking};

/// Kit's table that says who is at work, where the database is not a file.
pub const TABLE: &str = "kit_lock";

/// The first pause between two tries; each is longer than the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A lock that somebody has. It is to be given back with [`Lock::release`], which says whether it held to the end; one
/// that is dropped instead goes with its session or file.
#[derive(Debug)]
pub struct Lock {
    door: Door,
    /// The ledger that it is about.
    table: String,
    own: Holder,
    announced: bool,
}

#[derive(Debug)]
enum Door {
    Session { key: u64 },
    File(LockFile),
    Open,
}

/// Takes the lock of `table`'s database, trying until `wanted.wait` is over. While another run has it, `on_wait` is told
/// of each new holder. What was read before is out of date afterwards.
///
/// # Errors
/// [`Failure::Busy`], or [`Failure::Lock`] where the lock cannot be taken by anybody.
pub async fn acquire<C: Connection>(
    connection: &C,
    table: &str,
    wanted: &Locking,
    on_wait: &mut impl FnMut(Option<Holder>),
) -> Result<Lock, Failure> {
    let mut door = find(connection, table, wanted).await.map_err(impossible)?;
    let clock = Instant::now();
    let patience = Duration::from_secs(wanted.wait);
    let mut pause = FIRST_PAUSE;
    let mut told = None;
    loop {
        let own = Holder { since: now_seconds(), ..this_process(wanted) };
        if enter(&mut door, connection, &own).await.map_err(impossible)? {
            let mut lock = Lock { door, table: table.to_owned(), own, announced: false };
            lock.announce_if_there(connection).await;
            return Ok(lock);
        }
        let holder = holder(&mut door, connection).await;
        let waited = clock.elapsed();
        if waited >= patience {
            return Err(Failure::Busy { holder: holder.map(Box::new), waited: wanted.wait });
        }
        // One that has just begun has not said yet who it is.
        let new = told.as_ref() != Some(&holder);
        if new && (holder.is_some() || told.is_none() && waited >= LONGEST_PAUSE) {
            on_wait(holder.clone());
            told = Some(holder);
        }
        tokio::time::sleep((pause + jitter()).min(patience.saturating_sub(waited))).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

impl Lock {
    /// Passes if the lock is still this session's: a session that was lost and silently replaced has lost its lock, too.
    /// `connection` may be a transaction of the session that took it.
    ///
    /// # Errors
    /// [`Failure::LockLost`], [`Failure::Database`].
    pub async fn check<C: Connection>(&self, connection: &C) -> Result<(), Failure> {
        let holds = match &self.door {
            Door::Session { key } => match connection.dialect().has_lock(*key) {
                Some(sql) => says_yes(connection, &sql).await.map_err(database)?,
                None => false,
            },
            Door::File(file) => file.is_in_place(),
            Door::Open => true,
        };
        if holds { Ok(()) } else { Err(Failure::LockLost) }
    }

    /// Takes it anew for the session that is there now, after the one that had it was lost. The server gives it to nobody
    /// before that one is over.
    ///
    /// # Errors
    /// As [`acquire`].
    pub async fn regain<C: Connection>(
        &mut self,
        connection: &C,
        wanted: &Locking,
        on_wait: &mut impl FnMut(Option<Holder>),
    ) -> Result<(), Failure> {
        if let Door::Session { .. } = self.door {
            *self = acquire(connection, &self.table, wanted, on_wait).await?;
        }
        Ok(())
    }

    /// Says in [`TABLE`] who is at work, and creates it where it is missing. Called when the ledger's tables are there,
    /// so that a run that is refused leaves no trace.
    pub async fn announce<C: Connection>(&mut self, connection: &C) {
        if !self.announced && matches!(self.door, Door::Session { .. }) {
            // The lock stands without it; only a waiting run knows less.
            let _ = connection.execute(&connection.dialect().create_lock_table(TABLE), &[]).await;
            self.announce_if_there(connection).await;
        }
    }

    async fn announce_if_there<C: Connection>(&mut self, connection: &C) {
        let Door::Session { .. } = self.door else { return };
        let dialect = connection.dialect();
        let there = connection.query(dialect.table_exists(), &[TABLE.into()]).await;
        let (Ok([_, ..]), Some(insert)) = (there.as_deref(), dialect.insert_lock_holder(TABLE)) else { return };
        let values = [
            self.own.host.as_str().into(),
            i64::from(self.own.pid).into(),
            self.own.command.as_str().into(),
            Value::from(self.own.since),
        ];
        // As above.
        let _ = forget(connection).await;
        self.announced = connection.execute(&insert, &values).await.is_ok();
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// [`Failure::LockLost`] if it was gone by then, [`Failure::Database`].
    pub async fn release<C: Connection>(self, connection: &C) -> Result<(), Failure> {
        if self.announced {
            // A row that stays is not believed: its session no longer has the lock.
            let _ = forget(connection).await;
        }
        let released = match self.door {
            Door::Session { key } => match connection.dialect().release_lock(key) {
                Some(sql) => says_yes(connection, &sql).await.map_err(database)?,
                None => false,
            },
            Door::File(file) => file.release(),
            Door::Open => true,
        };
        if released { Ok(()) } else { Err(Failure::LockLost) }
    }
}

/// What the lock is to be taken on.
async fn find<C: Connection>(connection: &C, table: &str, wanted: &Locking) -> Result<Door, Error> {
    let dialect = connection.dialect();
    let kind = wanted.kind.unwrap_or(dialect.lock_kind());
    if kind == LockKind::None {
        return Ok(Door::Open);
    }
    let own = dialect.lock_kind();
    if kind != own {
        let word = |kind| if kind == LockKind::File { "on a file" } else { "of a session" };
        return Err(Error::new(format!("this database is kept by a lock {}, not {}", word(own), word(kind))));
    }
    let scope = connection.query(dialect.lock_scope(), &[]).await?.into_iter().flatten().next().flatten();
    let scope = scope.unwrap_or_default();
    if kind == LockKind::Session {
        if let Some(keep) = dialect.keep_session() {
            connection.execute(keep, &[]).await?;
        }
        return Ok(Door::Session { key: key(&scope, table) });
    }
    // A database in memory is nobody else's.
    if scope.is_empty() { Ok(Door::Open) } else { LockFile::open(&scope).map(Door::File) }
}

/// One try.
async fn enter<C: Connection>(door: &mut Door, connection: &C, own: &Holder) -> Result<bool, Error> {
    let key = match door {
        Door::Session { key } => *key,
        Door::File(file) => return file.enter(own),
        Door::Open => return Ok(true),
    };
    let Some(sql) = connection.dialect().try_lock(key) else { return Ok(false) };
    match answer(connection, &sql).await?.as_deref() {
        Some("1") => Ok(true),
        Some("0") => Ok(false),
        other => Err(Error::new(format!("the server answered {} when asked for it", other.unwrap_or("NULL")))),
    }
}

/// Who has it, as far as can be known.
async fn holder<C: Connection>(door: &mut Door, connection: &C) -> Option<Holder> {
    let key = match door {
        Door::Session { key } => *key,
        Door::File(file) => return file.holder(),
        Door::Open => return None,
    };
    let sql = connection.dialect().lock_holder(TABLE, key)?;
    // Without the table, or the right to read it, there is a holder all the same.
    let row = connection.query(&sql, &[]).await.ok()?.into_iter().next()?;
    let mut cells = row.into_iter();
    let mut next = || cells.next().flatten();
    Some(Holder { host: next()?, pid: next()?.parse().ok()?, command: next()?, since: next()?.parse().ok()? })
}

async fn forget<C: Connection>(connection: &C) -> Result<(), Error> {
    let table = connection.dialect().quote(TABLE);
    connection.execute(&format!("DELETE FROM {table} WHERE id = 1"), &[]).await
}

async fn says_yes<C: Connection>(connection: &C, sql: &str) -> Result<bool, Error> {
    Ok(answer(connection, sql).await?.as_deref() == Some("1"))
}

async fn answer<C: Connection>(connection: &C, sql: &str) -> Result<Option<String>, Error> {
    Ok(connection.query(sql, &[]).await?.into_iter().flatten().next().flatten())
}

/// FNV-1a over database or schema and ledger: two that share a key by chance only wait for each other.
fn key(scope: &str, table: &str) -> u64 {
    let bytes = scope.bytes().chain([0]).chain(table.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn this_process(wanted: &Locking) -> Holder {
    Holder { host: host(), pid: std::process::id(), command: wanted.command.clone(), since: 0 }
}

/// The name of this machine.
#[cfg(unix)]
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
pub(crate) fn host() -> String {
    "a machine".to_owned()
}

/// So that runs that began together do not try together for ever.
fn jitter() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_nanos(u64::from(since.subsec_nanos()) % 50_000_000)
}

fn now_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn impossible(error: Error) -> Failure {
    Failure::Lock { message: error.message }
}

fn database(error: Error) -> Failure {
    Failure::Database { message: error.message }
}
