//! Keeps two runs on one database apart: a lock of the server's in the very session that migrates, or a lock on a file
//! beside a database that is a file. Both go with the process that has them, however it ends. It never waits inside the
//! server, says who is at work, and does not know what a run does.
//!
//! A session lock says nothing where sessions are not what they seem (a cluster's nodes, a pooler that lends one session
//! to many): there a row of a table with signs of life takes its place, behind the same functions.

mod beat;
mod door;
mod file;
mod lease;
mod look;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use door::Door;
pub use lease::PROBE;
pub use look::{Presence, is_alive, leftover, look, look_at_file, signs};

use crate::connection::{Connection, Error, Row, Sessions, Value, table_exists};
use crate::dialect::Survey;
use crate::wire::{Event, Failure, Holder, Locking, Warning};

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

/// Takes the lock of `table`'s database, trying until `wanted.wait` is over. While another run has it, `on_event` is told
/// of each new holder. What was read before is out of date afterwards.
///
/// # Errors
/// [`Failure::Unfit`] where nothing can be migrated, [`Failure::Busy`], or [`Failure::Lock`] where the lock cannot be
/// taken by anybody.
pub async fn acquire<C: Connection>(
    connection: &C,
    table: &str,
    wanted: &Locking,
    on_event: &mut impl FnMut(Event),
) -> Result<Lock, Failure> {
    let survey = survey(connection).await.map_err(database)?;
    if let Some(unfit) = survey.unfit() {
        return Err(Failure::Unfit(unfit));
    }
    if connection.sessions() == Sessions::Lent {
        on_event(Event::Warned(Warning::Lent));
    }
    let mut door = Door::find(connection, table, wanted, &survey).await.map_err(impossible)?;
    let outcome = wait(&mut door, connection, wanted, on_event).await;
    if let (Err(_), Door::Lease(lease)) = (&outcome, &door) {
        lease.leave(connection).await;
    }
    let mut lock = Lock { door, table: table.to_owned(), own: outcome?, announced: false };
    if matches!(lock.door, Door::Session { .. }) {
        lock.announce_if_there(connection).await;
        connection.guard(None);
    }
    Ok(lock)
}

/// Tries until the door is open, and returns as whom it was entered.
async fn wait<C: Connection>(
    door: &mut Door,
    connection: &C,
    wanted: &Locking,
    on_event: &mut impl FnMut(Event),
) -> Result<Holder, Failure> {
    let clock = Instant::now();
    let patience = Duration::from_secs(wanted.wait);
    let mut pause = FIRST_PAUSE;
    let mut told = None;
    loop {
        let own = Holder { since: now_seconds(), ..this_process(wanted) };
        if door.enter(connection, &own).await.map_err(impossible)? {
            return Ok(own);
        }
        let holder = door.holder(connection).await;
        let waited = clock.elapsed();
        if waited >= patience {
            return Err(Failure::Busy { holder: holder.map(Box::new), waited: wanted.wait });
        }
        // One that has just begun has not said yet who it is.
        let new = told.as_ref() != Some(&holder);
        if new && (holder.is_some() || told.is_none() && waited >= LONGEST_PAUSE) {
            on_event(Event::Waiting { holder: holder.clone() });
            told = Some(holder);
        }
        // As often as there are signs of life to be seen.
        let longest = LONGEST_PAUSE.min(Duration::from_millis(wanted.beat));
        tokio::time::sleep((pause.min(longest) + jitter()).min(patience.saturating_sub(waited))).await;
        pause = (pause * 3 / 2).min(longest);
    }
}

/// Ends a session that has a lock, and the lock with it. A statement that it is busy with is ended, too.
///
/// # Errors
/// What the database said.
pub async fn end_session<C: Connection>(connection: &C, session: u64) -> Result<(), Error> {
    match connection.dialect().end_session(session) {
        Some(sql) => connection.execute(&sql, &[]).await,
        None => Ok(()),
    }
}

impl Lock {
    /// Passes if the lock is still this session's: a session that was lost and silently replaced has lost its lock, too.
    /// `connection` may be a transaction of the session that took it.
    ///
    /// # Errors
    /// [`Failure::LockLost`], [`Failure::Database`].
    pub async fn check<C: Connection>(&self, connection: &C) -> Result<(), Failure> {
        held(self.is_held(connection).await)
    }

    async fn is_held<C: Connection>(&self, connection: &C) -> Result<bool, Error> {
        #[cfg(feature = "fault")]
        if !fault::FENCES.load(std::sync::atomic::Ordering::SeqCst) {
            return Ok(true);
        }
        match &self.door {
            Door::Lease(lease) => lease.is_held(connection).await,
            Door::Session { key, .. } => match connection.dialect().has_lock(*key) {
                Some(sql) => says_yes(connection, &sql).await,
                None => Ok(false),
            },
            Door::File(file) => Ok(file.is_in_place()),
            Door::Open => Ok(true),
        }
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
        on_event: &mut impl FnMut(Event),
    ) -> Result<(), Failure> {
        match self.door {
            Door::Session { .. } => {
                connection.unguard();
                *self = acquire(connection, &self.table, wanted, on_event).await?;
                Ok(())
            }
            // A lease is not the session's: what that one still does is not known.
            Door::Lease(_) => Err(Failure::LockLost),
            Door::File(_) | Door::Open => Ok(()),
        }
    }

    /// Whether it turned out meanwhile to be somebody else's, so that statements were refused.
    pub fn is_taken<C: Connection>(&self, connection: &C) -> bool {
        matches!(self.door, Door::Lease(_)) && !connection.is_whole()
    }

    /// Passes if the lock is this run's, and sees to it that the transaction that `connection` is does not commit if it
    /// is somebody else's by then. To be asked as the last thing before the commit.
    ///
    /// # Errors
    /// [`Failure::LockLost`], [`Failure::Database`].
    pub async fn fence<C: Connection>(&self, connection: &C) -> Result<(), Failure> {
        held(self.is_fenced(connection).await)
    }

    async fn is_fenced<C: Connection>(&self, connection: &C) -> Result<bool, Error> {
        let Door::Lease(lease) = &self.door else { return self.is_held(connection).await };
        #[cfg(feature = "fault")]
        if !fault::FENCES.load(std::sync::atomic::Ordering::SeqCst) {
            return Ok(true);
        }
        lease.fence(connection).await
    }

    /// Runs `work` in a transaction that commits only while the lock is this run's, and once more where another session
    /// was in the way and nothing was done. For writes of kit's own, which may be repeated.
    ///
    /// # Errors
    /// [`Failure::LockLost`], [`Failure::Database`].
    pub async fn write<C: Connection>(
        &self,
        connection: &C,
        work: impl AsyncFn(&C) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let once = async || -> Result<Result<(), Failure>, Error> {
            let transaction = connection.begin().await?;
            let passes = match self.is_fenced(&transaction).await {
                Ok(true) => work(&transaction).await.map(Ok),
                Ok(false) => Ok(Err(Failure::LockLost)),
                Err(error) => Err(error),
            };
            if matches!(passes, Ok(Ok(()))) {
                return transaction.commit().await.map(Ok);
            }
            // The first failure is the one to report.
            let _ = transaction.rollback().await;
            passes
        };
        lease::again(once).await.map_err(database)?
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

    /// The same, where the table is there already.
    pub(crate) async fn announce_if_there<C: Connection>(&mut self, connection: &C) {
        if !matches!(self.door, Door::Session { .. }) {
            return;
        }
        let dialect = connection.dialect();
        let (Ok(true), Some(insert)) = (table_exists(connection, TABLE).await, dialect.insert_lock_holder(TABLE))
        else {
            return;
        };
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
        let whole = match self.door {
            Door::Session { .. } | Door::Lease(_) => connection.unguard(),
            Door::File(_) | Door::Open => true,
        };
        if self.announced {
            // A row that stays is not believed: its session no longer has the lock.
            let _ = forget(connection).await;
        }
        let released = match self.door {
            Door::Session { key, .. } => match connection.dialect().release_lock(key) {
                Some(sql) => says_yes(connection, &sql).await.map_err(database)?,
                None => false,
            },
            Door::Lease(mut lease) => lease.release(connection).await.map_err(database)?,
            Door::File(file) => file.release(),
            Door::Open => true,
        };
        if released && whole { Ok(()) } else { Err(Failure::LockLost) }
    }
}

/// Turns the answer to "is the lock held" into a result.
fn held(answer: Result<bool, Error>) -> Result<(), Failure> {
    if answer.map_err(database)? { Ok(()) } else { Err(Failure::LockLost) }
}

/// What the server says of itself.
///
/// # Errors
/// What the database said.
pub async fn survey<C: Connection>(connection: &C) -> Result<Survey, Error> {
    let mut rows = Vec::new();
    for sql in connection.dialect().survey() {
        rows.extend(connection.query(sql, &[]).await?);
    }
    Ok(Survey::new(rows.into_iter().filter_map(|row| {
        let mut cells = row.into_iter();
        Some((cells.next()??, cells.next()??))
    })))
}

fn holder_of(rows: Vec<Row>) -> Option<Holder> {
    let mut cells = rows.into_iter().next()?.into_iter();
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

/// A number that nobody else has.
pub(crate) fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Over database or schema and ledger: two that share a key by chance only wait for each other.
fn key(scope: &str, table: &str) -> u64 {
    digest(scope.bytes().chain([0]).chain(table.bytes()))
}

/// FNV-1a.
pub(crate) fn digest(bytes: impl Iterator<Item = u8>) -> u64 {
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
    Failure::Lock { message: error.message, reason: error.reason }
}

fn database(error: Error) -> Failure {
    Failure::Database { message: error.message, reason: error.reason }
}

/// Switches for tests that prove that what they test can fail.
#[cfg(feature = "fault")]
pub mod fault {
    use std::sync::atomic::AtomicBool;

    /// Whether a run looks at its lock before it writes.
    pub static FENCES: AtomicBool = AtomicBool::new(true);

    /// Whether a run that takes over ends the session of the one before.
    pub static ENDS_SESSIONS: AtomicBool = AtomicBool::new(true);
}
