//! The lock where those of sessions mean nothing: a row of [`TABLE`] names its owner and a token that only grows, and a
//! row of [`PROBE`] counts the owner's signs of life. Whoever wants it takes it with one compare-and-swap: when it has no
//! owner, or when its owner gave no sign while writes of the challenger's own went through quickly, for so long. It
//! compares no clocks of two machines, and does not know what the lock is for.
//!
//! The signs of life come from a session and a thread of their own, so that neither a long statement nor a migration that
//! blocks its thread is taken for the end. They are not in the lock's row, so that this may be written, and so locked
//! and certified on every node, in the transaction that has to be the owner's.

use std::time::{Duration, Instant};

use super::beat::Beat;
use super::{TABLE, answer, chance};
use crate::connection::{Connection, Error, Sessions, Trouble, Value};
use crate::dialect::Dialect;
use crate::wire::{Holder, Locking};

/// Kit's table of signs of life.
pub const PROBE: &str = "kit_probe";

/// The lock's row; the one before it only says who has the lock of a session.
const ROW: i64 = 2;

/// How often tables are created that others create, too.
const TRIES: u32 = 20;

/// How long a session that was told to end may take.
const ENDING: Duration = Duration::from_secs(30);

/// A lease, or the wish for one.
#[derive(Debug)]
pub struct Lease {
    owner: String,
    token: i64,
    /// The lock of sessions for the same thing: runs that can use it do, and are kept out by both.
    key: u64,
    watch: Watch,
    beat: Beat,
}

/// What can be seen of an owner's life.
#[derive(Debug)]
pub struct Watch {
    own: String,
    beat: Duration,
    patience: Duration,
    seen: Option<(Row, Instant)>,
}

/// What stands in the lock's row, and the number of signs of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    owner: Option<String>,
    token: i64,
    signs: Option<i64>,
}

/// How an owner is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// There is none.
    Free(Row),
    /// It lives, or has not been silent for long enough.
    Alive,
    /// It has been silent for too long.
    Silent(Row),
}

impl Lease {
    /// Makes ready for a lease: the tables, and the session that gives the signs of life.
    pub async fn open<C: Connection>(connection: &C, key: u64, wanted: &Locking) -> Result<Self, Error> {
        install(connection).await?;
        let watch = Watch::new(wanted);
        let beat = Beat::open(connection, &watch.own, watch.beat)?;
        Ok(Self { owner: watch.own.clone(), token: 0, key, watch, beat })
    }

    /// One try.
    pub async fn enter<C: Connection>(&mut self, connection: &C, own: &Holder) -> Result<bool, Error> {
        let row = match self.watch.look(connection).await? {
            Sight::Alive => return Ok(false),
            Sight::Free(row) | Sight::Silent(row) => row,
        };
        let token = row.token + 1;
        if !swap(connection, &row, Some(&self.owner), own).await? {
            return Ok(false);
        }
        self.token = token;
        // Whoever has the lock of a session, and saw nobody here a moment ago, is in.
        let session = held_by(connection, self.key).await?;
        if session.is_some() {
            self.give_back(connection).await?;
            return Ok(false);
        }
        self.beat.begin(self.token);
        if let Some(before) = &row.owner {
            end_sessions(connection, before).await?;
        }
        // What others have left that were killed while they waited; who still waits writes anew.
        let sql = format!("DELETE FROM {PROBE} WHERE owner <> {}", connection.dialect().placeholder(1));
        passing(connection.change(&sql, &[self.owner.as_str().into()]).await)?;
        mark(connection, &self.owner).await;
        #[cfg(feature = "fault")]
        if !super::fault::FENCES.load(std::sync::atomic::Ordering::SeqCst) {
            return Ok(true);
        }
        connection.guard(Some(self.question(connection.dialect())));
        Ok(true)
    }

    /// Whether it is still this run's.
    pub async fn is_held<C: Connection>(&self, connection: &C) -> Result<bool, Error> {
        if self.beat.is_lost() {
            return Ok(false);
        }
        Ok(answer(connection, &self.question(connection.dialect())).await?.as_deref() == Some("1"))
    }

    /// Writes the lock's row, in the transaction that `connection` is: it is committed only as long as the lock is this
    /// run's, on whatever node another run takes it.
    pub async fn fence<C: Connection>(&self, connection: &C) -> Result<bool, Error> {
        if self.beat.is_lost() {
            return Ok(false);
        }
        let dialect = connection.dialect();
        let sql = format!(
            "UPDATE {TABLE} SET fence = fence + 1 WHERE id = {ROW} AND owner = {} AND token = {}",
            dialect.placeholder(1),
            dialect.placeholder(2)
        );
        Ok(connection.change(&sql, &[self.owner.as_str().into(), self.token.into()]).await? == 1)
    }

    /// Gives it back, and says whether it was had to the end.
    pub async fn release<C: Connection>(&mut self, connection: &C) -> Result<bool, Error> {
        self.beat.end();
        let kept = again(async || self.give_back(connection).await).await?;
        unmark(connection, &self.owner).await;
        self.leave(connection).await;
        Ok(kept)
    }

    /// Takes away what only waiting needs.
    pub async fn leave<C: Connection>(&self, connection: &C) {
        let sql = format!("DELETE FROM {PROBE} WHERE owner = {}", connection.dialect().placeholder(1));
        // A row that stays there goes with the next owner.
        let _ = connection.change(&sql, &[self.owner.as_str().into()]).await;
    }

    async fn give_back<C: Connection>(&self, connection: &C) -> Result<bool, Error> {
        let dialect = connection.dialect();
        let sql = format!(
            "UPDATE {TABLE} SET owner = NULL WHERE id = {ROW} AND owner = {} AND token = {}",
            dialect.placeholder(1),
            dialect.placeholder(2)
        );
        Ok(connection.change(&sql, &[self.owner.as_str().into(), self.token.into()]).await? == 1)
    }

    /// A query that says `1` while the lock is this run's. What stands in it is kit's own: hexadecimal digits and a number.
    fn question(&self, dialect: Dialect) -> String {
        format!(
            "SELECT {} FROM {TABLE} WHERE id = {ROW} AND owner = '{}' AND token = {}",
            dialect.text("1"),
            self.owner,
            self.token
        )
    }
}

impl Watch {
    /// Watches as a run of its own.
    pub fn new(wanted: &Locking) -> Self {
        Self {
            own: format!("{:016x}{:016x}", chance(), chance()),
            beat: Duration::from_millis(wanted.beat),
            patience: Duration::from_millis(wanted.patience),
            seen: None,
        }
    }

    /// Looks at the lock. Time in which the database does not take writes quickly says nothing of an owner.
    pub async fn look<C: Connection>(&mut self, connection: &C) -> Result<Sight, Error> {
        let row = read(connection).await?;
        if row.owner.is_none() {
            self.seen = None;
            return Ok(Sight::Free(row));
        }
        let begun = Instant::now();
        let written = passing(self.write(connection).await)?;
        let quick = written.is_some() && begun.elapsed() < self.beat;
        let now = read(connection).await?;
        match &self.seen {
            Some((seen, since)) if *seen == now && quick => {
                Ok(if since.elapsed() >= self.patience { Sight::Silent(now) } else { Sight::Alive })
            }
            _ => {
                self.seen = Some((now, Instant::now()));
                Ok(Sight::Alive)
            }
        }
    }

    /// Takes the lock from an owner that is silent, for nobody.
    pub async fn free<C: Connection>(&mut self, connection: &C, row: &Row, own: &Holder) -> Result<(), Error> {
        if swap(connection, row, None, own).await?
            && let Some(before) = &row.owner
        {
            end_sessions(connection, before).await?;
        }
        self.seen = None;
        Ok(())
    }

    async fn write<C: Connection>(&self, connection: &C) -> Result<(), Error> {
        sign(connection, &self.own).await.map(|_| ())
    }
}

/// One sign of life. `false` if it was the first.
pub(super) async fn sign<C: Connection>(connection: &C, owner: &str) -> Result<bool, Error> {
    let placeholder = connection.dialect().placeholder(1);
    let update = format!("UPDATE {PROBE} SET n = n + 1 WHERE owner = {placeholder}");
    let known = connection.change(&update, &[owner.into()]).await? == 1;
    if !known {
        let insert = format!("INSERT INTO {PROBE} (owner, n) VALUES ({placeholder}, 0)");
        connection.change(&insert, &[owner.into()]).await?;
    }
    Ok(known)
}

/// Whether `owner` has the lock with `token`.
pub(super) async fn owns<C: Connection>(connection: &C, owner: &str, token: i64) -> Result<bool, Error> {
    let row = read(connection).await?;
    Ok(row.owner.as_deref() == Some(owner) && row.token == token)
}

/// Whether somebody has a lease on the database, as far as can be known without one's own tables.
pub async fn is_there<C: Connection>(connection: &C) -> bool {
    let sql = format!("SELECT {} FROM {TABLE} WHERE id = {ROW}", text(connection, "owner"));
    matches!(connection.query(&sql, &[]).await.as_deref(), Ok([row, ..]) if row.first().is_some_and(Option::is_some))
}

/// How often whoever has it has given a sign of life.
pub async fn signs<C: Connection>(connection: &C) -> Result<Option<i64>, Error> {
    Ok(read(connection).await?.signs)
}

/// Who has it.
pub async fn holder<C: Connection>(connection: &C) -> Option<Holder> {
    let columns = ["host", "pid", "command", "acquired_at"].map(|column| text(connection, column)).join(", ");
    let sql = format!("SELECT {columns} FROM {TABLE} WHERE id = {ROW} AND owner IS NOT NULL");
    super::holder_of(connection.query(&sql, &[]).await.ok()?)
}

/// Creates the tables and the row. Others may do so at the same time.
async fn install<C: Connection>(connection: &C) -> Result<(), Error> {
    let dialect = connection.dialect();
    for (table, create) in [(TABLE, dialect.create_lock_table(TABLE)), (PROBE, dialect.create_probe_table(PROBE))] {
        for rest in (0..TRIES).rev() {
            // Asked first: on some clusters even a statement that creates nothing makes everybody wait.
            if !connection.query(dialect.table_exists(), &[table.into()]).await?.is_empty() {
                break;
            }
            match connection.execute(&create, &[]).await {
                Ok(()) => break,
                Err(error) if rest == 0 => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
    let there = format!("SELECT {} FROM {TABLE} WHERE id = {ROW}", text(connection, "token"));
    let insert = format!(
        "INSERT INTO {TABLE} (id, host, pid, session_id, command, acquired_at, token) VALUES ({ROW}, '', 0, 0, '', 0, 0)"
    );
    for rest in (0..TRIES).rev() {
        let of_another_shape = |error: Error| error.renamed(format!("the table `{TABLE}` is not kit's: {error}"));
        if !connection.query(&there, &[]).await.map_err(of_another_shape)?.is_empty() {
            break;
        }
        match connection.execute(&insert, &[]).await {
            Ok(()) => break,
            Err(error) if rest == 0 => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    Ok(())
}

async fn read<C: Connection>(connection: &C) -> Result<Row, Error> {
    let columns = ["l.owner", "l.token", "p.n"].map(|column| text(connection, column)).join(", ");
    let sql = format!("SELECT {columns} FROM {TABLE} l LEFT JOIN {PROBE} p ON p.owner = l.owner WHERE l.id = {ROW}");
    let Some(row) = connection.query(&sql, &[]).await?.into_iter().next() else {
        return Err(Error::new(format!("the row of the lock in `{TABLE}` is gone")));
    };
    let mut cells = row.into_iter();
    let mut next = || cells.next().flatten();
    let (owner, token, signs) = (next(), next(), next());
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    Ok(Row { owner, token: number(token).unwrap_or_default(), signs: number(signs) })
}

/// The compare-and-swap, and whether it was this one's.
async fn swap<C: Connection>(connection: &C, row: &Row, new: Option<&str>, own: &Holder) -> Result<bool, Error> {
    let dialect = connection.dialect();
    let mut values: Vec<Value> = Vec::new();
    let mut bind = |value: Value| {
        values.push(value);
        dialect.placeholder(values.len())
    };
    let owner = bind(Value::Text(new.map(str::to_owned)));
    let set = [
        ("token", bind((row.token + 1).into())),
        ("host", bind(own.host.as_str().into())),
        ("pid", bind(i64::from(own.pid).into())),
        ("command", bind(own.command.as_str().into())),
        ("acquired_at", bind(own.since.into())),
    ]
    .map(|(column, placeholder)| format!("{column} = {placeholder}"))
    .join(", ");
    let is = match &row.owner {
        Some(before) => {
            // One that gave a sign of life at the last moment has it still.
            let (known, same) = (bind(before.as_str().into()), bind(before.as_str().into()));
            let signs = row.signs.unwrap_or(-1);
            format!(
                "owner = {known} AND NOT EXISTS (SELECT 1 FROM {PROBE} p WHERE p.owner = {same} AND p.n <> {signs})"
            )
        }
        None => "owner IS NULL".to_owned(),
    };
    let token = bind(row.token.into());
    let session = dialect.own_session();
    let sql = format!(
        "UPDATE {TABLE} SET owner = {owner}, {set}, session_id = {session} WHERE id = {ROW} AND {is} AND token = {token}"
    );
    Ok(passing(connection.change(&sql, &values).await)? == Some(1))
}

/// A lock of the session that migrates, under its owner's own name: where another run takes over on the same server, it
/// sees by this whether the session is still at work, and ends it.
async fn mark<C: Connection>(connection: &C, owner: &str) {
    if connection.sessions() != Sessions::Lent
        && let Some(sql) = connection.dialect().try_lock(super::key(owner, TABLE))
    {
        // Without it a takeover has less to go by.
        let _ = connection.query(&sql, &[]).await;
    }
}

async fn unmark<C: Connection>(connection: &C, owner: &str) {
    if connection.sessions() != Sessions::Lent
        && let Some(sql) = connection.dialect().release_lock(super::key(owner, TABLE))
    {
        // It goes with the session.
        let _ = connection.query(&sql, &[]).await;
    }
}

/// Ends the session that an owner left on this server, and waits until it has ended.
async fn end_sessions<C: Connection>(connection: &C, owner: &str) -> Result<(), Error> {
    #[cfg(feature = "fault")]
    if !super::fault::ENDS_SESSIONS.load(std::sync::atomic::Ordering::SeqCst) {
        return Ok(());
    }
    let begun = Instant::now();
    while let Some(session) = held_by(connection, super::key(owner, TABLE)).await? {
        let Some(end) = connection.dialect().end_session(session) else { return Ok(()) };
        // Gone meanwhile, or somebody else's to end: then it is waited for.
        let _ = connection.execute(&end, &[]).await;
        if begun.elapsed() > ENDING {
            return Err(Error::new(format!("session {session} of the run before is still at work")));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// The session on this server that has the lock `key`.
async fn held_by<C: Connection>(connection: &C, key: u64) -> Result<Option<u64>, Error> {
    let Some(sql) = connection.dialect().lock_session(key) else { return Ok(None) };
    // A server that does not know such locks has nobody who has one.
    let rows = connection.query(&sql, &[]).await.unwrap_or_default();
    Ok(rows.into_iter().flatten().next().flatten().and_then(|number| number.parse().ok()))
}

/// Returns `None` for a transient error: another session was in the way.
fn passing<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.trouble == Trouble::Passing => Ok(None),
        Err(error) => Err(error),
    }
}

/// Runs `work` again after a transient error.
pub(super) async fn again<T>(work: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..TRIES {
        match work().await {
            Err(error) if error.trouble == Trouble::Passing => tokio::time::sleep(Duration::from_millis(50)).await,
            outcome => return outcome,
        }
    }
    work().await
}

fn text<C: Connection>(connection: &C, column: &str) -> String {
    connection.dialect().text(column)
}
