//! `seaql_migrations`, in SeaORM's exact format, and `kit_migrations` beside it for what SeaORM does
//! not keep. A ledger row without a side row is legal: another tool applied it. It reads and writes
//! rows; what they mean together is [`crate::plan`]'s business.

use std::collections::{HashMap, HashSet};

use crate::connection::{Connection, Error, Row, Value, rows_if_there, table_exists};
use crate::lock;
use crate::snapshot::Snapshot;
use crate::statements;
use crate::wire::Direction;

/// Kit's side table.
pub const JOURNAL: &str = "kit_migrations";

/// Kit's table of what was put right by hand: who, when, what.
pub const HISTORY: &str = "kit_history";

/// The tables that are kit's own, and the ledger `table`.
pub fn own_tables(table: &str) -> [&str; 6] {
    [table, JOURNAL, HISTORY, statements::TABLE, lock::TABLE, lock::PROBE]
}

/// SeaORM's table, unless the project's `migration_table_name()` says otherwise.
pub const LEDGER: &str = "seaql_migrations";

/// One applied migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its name.
    pub name: String,
    /// When, in seconds since 1970.
    pub applied_at: i64,
    /// Kit's side row, where kit applied it.
    pub entry: Option<Entry>,
}

/// What kit keeps of a migration that it applied, or tried to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The migration.
    pub name: String,
    /// Batch, counted from 1.
    pub batch: Option<i64>,
    /// How far it got.
    pub state: State,
    /// Which way it was going.
    pub direction: Direction,
    /// Checksum of its source when it ran.
    pub checksum: Option<String>,
    /// `applied_at` of the ledger row this row belongs to.
    pub applied_at: Option<i64>,
    /// Milliseconds since 1970.
    pub started_at: i64,
    /// Milliseconds since 1970.
    pub finished_at: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
}

/// How far a migration got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was going to start: nothing of it is in. Whether it still runs is not known from here.
    Starting,
    /// It started, and part of it may be in.
    Running,
    /// It is in.
    Applied,
    /// It failed.
    Failed,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Applied => "applied",
            Self::Failed => "failed",
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "starting" => Self::Starting,
            "applied" => Self::Applied,
            "failed" => Self::Failed,
            _ => Self::Running,
        }
    }
}

/// Everything the two tables say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Whether the ledger table is there.
    pub installed: bool,
    /// Whether kit's side table is there.
    pub journaled: bool,
    /// Applied migrations in the order of application, oldest first.
    pub applied: Vec<Applied>,
    /// Side rows of migrations that started or failed and are not in.
    pub unfinished: Vec<Entry>,
}

impl Ledger {
    /// The batch of the last run, 0 if there was none.
    pub fn last_batch(&self) -> i64 {
        self.applied.iter().filter_map(|applied| applied.entry.as_ref()?.batch).max().unwrap_or(0)
    }

    /// Migrations that stopped on their way, of which part may be in, by name. One whose ledger row says since that another
    /// tool has finished it is none of them.
    pub fn halted(&self) -> impl Iterator<Item = &Entry> {
        let halted = |entry: &&Entry| match entry.direction {
            Direction::Up => !self.has(&entry.name),
            Direction::Down => self.has(&entry.name),
        };
        self.unfinished.iter().filter(halted)
    }

    /// Whether a migration is in.
    pub fn has(&self, name: &str) -> bool {
        self.applied.iter().any(|applied| applied.name == name)
    }
}

/// Reads both tables and creates neither. A table that is not there is an empty one.
///
/// # Errors
/// What the database said.
pub async fn read<C: Connection>(connection: &C, table: &str) -> Result<Ledger, Error> {
    let dialect = connection.dialect();
    let journaled = table_exists(connection, JOURNAL).await?;
    let mut entries: HashMap<String, Entry> = HashMap::new();
    if journaled {
        let columns =
            ["version", "batch", "state", "direction", "checksum", "applied_at", "started_at", "finished_at", "error"]
                .map(|column| dialect.text(column))
                .join(", ");
        for row in select(connection, &columns, JOURNAL).await? {
            let text = |index: usize| row.get(index).cloned().flatten();
            let number = |index: usize| text(index).and_then(|text| text.parse::<i64>().ok());
            let entry = Entry {
                name: text(0).unwrap_or_default(),
                batch: number(1),
                state: State::from_name(&text(2).unwrap_or_default()),
                direction: if text(3).as_deref() == Some("down") { Direction::Down } else { Direction::Up },
                checksum: text(4),
                applied_at: number(5),
                started_at: number(6).unwrap_or_default(),
                finished_at: number(7),
                error: text(8),
            };
            entries.insert(entry.name.clone(), entry);
        }
    }
    if !table_exists(connection, table).await? {
        return Ok(Ledger { journaled, unfinished: unfinished(entries), ..Ledger::default() });
    }
    let columns = ["version", "applied_at"].map(|column| dialect.text(column)).join(", ");
    let mut applied = Vec::new();
    for row in select(connection, &columns, table).await? {
        let name = row.first().cloned().flatten().unwrap_or_default();
        let applied_at = row.get(1).cloned().flatten().and_then(|text| text.parse().ok()).unwrap_or_default();
        // A side row belongs to this ledger row only if both carry the same time; another tool may have rolled the
        // migration back and applied it again since.
        let own = entries.get(&name).is_some_and(|entry| entry.applied_at == Some(applied_at));
        let running = entries.get(&name).is_some_and(|entry| entry.state != State::Applied);
        let entry = if own && !running { entries.remove(&name) } else { entries.get(&name).filter(|_| own).cloned() };
        applied.push(Applied { name, applied_at, entry });
    }
    sort(&mut applied);
    once_each(&mut applied);
    Ok(Ledger { installed: true, journaled, applied, unfinished: unfinished(entries) })
}

/// Seconds first, since every tool keeps those; then kit's own finer clock. In a second in which another tool was at work
/// too, that clock says nothing of the other's rows, and names are the better guess.
fn sort(applied: &mut [Applied]) {
    let shared: HashSet<i64> = applied.iter().filter(|row| row.entry.is_none()).map(|row| row.applied_at).collect();
    applied.sort_by_cached_key(|row| {
        let own = row.entry.as_ref().filter(|_| !shared.contains(&row.applied_at));
        (row.applied_at, own.map_or(0, |entry| entry.started_at), row.name.clone())
    });
}

/// A table without its primary key may name a migration twice; it is applied once. Kit's own row wins, then the newest.
fn once_each(applied: &mut Vec<Applied>) {
    let mut chosen: HashMap<String, usize> = HashMap::new();
    for (at, row) in applied.iter().enumerate() {
        let own = |at: usize| applied.get(at).is_some_and(|row| row.entry.is_some());
        if chosen.get(&row.name).is_none_or(|before| row.entry.is_some() || !own(*before)) {
            chosen.insert(row.name.clone(), at);
        }
    }
    let mut at = 0..;
    applied.retain(|row| chosen.get(&row.name).copied() == at.next());
}

async fn select<C: Connection>(connection: &C, columns: &str, table: &str) -> Result<Vec<Row>, Error> {
    let sql = format!("SELECT {columns} FROM {}", connection.dialect().quote(table));
    let rows = rows_if_there(connection, table, &sql, &[]).await;
    rows.map_err(|error| error.renamed(format!("`{table}`: {error}")))
}

fn unfinished(entries: HashMap<String, Entry>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = entries.into_values().filter(|entry| entry.state != State::Applied).collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries
}

/// Creates both tables where they are missing.
///
/// # Errors
/// What the database said.
pub async fn install<C: Connection>(connection: &C, table: &str) -> Result<(), Error> {
    let dialect = connection.dialect();
    connection.execute(&dialect.create_ledger(table), &[]).await?;
    connection.execute(&dialect.create_journal(JOURNAL), &[]).await?;
    match dialect.installs_statements() {
        true => statements::install(connection).await,
        false => Ok(()),
    }
}

/// Adds to a side table what a version of kit that made it did not know of.
///
/// # Errors
/// What the database said.
pub async fn complete<C: Connection>(connection: &C) -> Result<(), Error> {
    let dialect = connection.dialect();
    let look = format!("SELECT {} FROM {} WHERE 1 = 0", dialect.text("snapshot"), dialect.quote(JOURNAL));
    match connection.query(&look, &[]).await {
        Ok(_) => Ok(()),
        Err(_) => connection.execute(&dialect.add_snapshot(JOURNAL), &[]).await,
    }
}

/// Writes a row into each table and takes it out again, so that a table of another shape, a view, or a right that is not
/// given is known before a migration runs, not after. `longest` is the length of
/// the longest name to be written, `now` the time in seconds.
///
/// # Errors
/// What the database said.
pub async fn rehearse<C: Connection>(
    connection: &C,
    table: &str,
    longest: usize,
    now: i64,
    kit: &str,
) -> Result<(), Error> {
    let entry = Entry {
        name: "~".repeat(longest.max(1)),
        batch: Some(0),
        state: State::Running,
        direction: Direction::Up,
        checksum: None,
        applied_at: None,
        started_at: 0,
        finished_at: None,
        error: None,
    };
    let transaction = connection.begin().await?;
    let outcome = async {
        let of = |table: &str, error: Error| error.renamed(format!("`{table}`: {error}"));
        insert(&transaction, table, &entry.name, now).await.map_err(|error| of(table, error))?;
        // Not every storage engine can roll back.
        delete(&transaction, table, &entry.name).await.map_err(|error| of(table, error))?;
        record(&transaction, &entry, kit).await.map_err(|error| of(JOURNAL, error))?;
        forget(&transaction, &entry.name).await.map_err(|error| of(JOURNAL, error))
    }
    .await;
    let rolled_back = transaction.rollback().await;
    outcome.and(rolled_back)
}

/// Adds the row that says a migration is in.
///
/// # Errors
/// What the database said.
pub async fn insert<C: Connection>(connection: &C, table: &str, name: &str, applied_at: i64) -> Result<(), Error> {
    let dialect = connection.dialect();
    let sql = format!(
        "INSERT INTO {} ({}, {}) VALUES ({})",
        dialect.quote(table),
        dialect.quote("version"),
        dialect.quote("applied_at"),
        dialect.placeholders(2)
    );
    connection.execute(&sql, &[name.into(), applied_at.into()]).await
}

/// Takes it out again.
///
/// # Errors
/// What the database said.
pub async fn delete<C: Connection>(connection: &C, table: &str, name: &str) -> Result<(), Error> {
    let dialect = connection.dialect();
    let sql =
        format!("DELETE FROM {} WHERE {} = {}", dialect.quote(table), dialect.quote("version"), dialect.placeholder(1));
    connection.execute(&sql, &[name.into()]).await
}

/// Changes the name of a migration in both tables. A journal row that `new` has from an earlier life is replaced.
///
/// # Errors
/// What the database said.
pub async fn rename<C: Connection>(connection: &C, table: &str, old: &str, new: &str) -> Result<(), Error> {
    let dialect = connection.dialect();
    forget(connection, new).await?;
    let (first, second) = (dialect.placeholder(1), dialect.placeholder(2));
    for table in [table, JOURNAL] {
        let (table, version) = (dialect.quote(table), dialect.quote("version"));
        let sql = format!("UPDATE {table} SET {version} = {first} WHERE {version} = {second}");
        connection.execute(&sql, &[new.into(), old.into()]).await?;
    }
    Ok(())
}

/// Replaces a migration's side row.
///
/// # Errors
/// What the database said.
pub async fn record<C: Connection>(connection: &C, entry: &Entry, kit: &str) -> Result<(), Error> {
    forget(connection, &entry.name).await?;
    let dialect = connection.dialect();
    let sql = format!(
        "INSERT INTO {} (version, batch, state, direction, checksum, kit_version, applied_at, started_at, finished_at, error) \
         VALUES ({})",
        dialect.quote(JOURNAL),
        dialect.placeholders(10)
    );
    let values = [
        entry.name.as_str().into(),
        Value::Int(entry.batch),
        entry.state.name().into(),
        entry.direction.name().into(),
        Value::Text(entry.checksum.clone()),
        kit.into(),
        Value::Int(entry.applied_at),
        entry.started_at.into(),
        Value::Int(entry.finished_at),
        Value::Text(entry.error.clone()),
    ];
    connection.execute(&sql, &values).await
}

/// Says that from now on part of a migration may be in. In a transaction it is in with what comes after, or not at all.
///
/// # Errors
/// What the database said.
pub async fn touch<C: Connection>(connection: &C, name: &str) -> Result<(), Error> {
    set(connection, name, "state", State::Running.name().into()).await
}

/// How far a migration got, as its side row says.
///
/// # Errors
/// What the database said.
pub async fn state<C: Connection>(connection: &C, name: &str) -> Result<Option<State>, Error> {
    let text = get(connection, name, "state").await?;
    Ok(text.map(|name| State::from_name(&name)))
}

/// Keeps the schema as it was before a migration, until its side row is replaced.
///
/// # Errors
/// What the database said.
pub async fn keep_snapshot<C: Connection>(connection: &C, name: &str, snapshot: &Snapshot) -> Result<(), Error> {
    set(connection, name, "snapshot", snapshot.text().as_str().into()).await
}

/// The schema as it was before a migration that stopped on its way, if this version of kit can read it.
///
/// # Errors
/// What the database said.
pub async fn snapshot<C: Connection>(connection: &C, name: &str) -> Result<Option<Snapshot>, Error> {
    Ok(get(connection, name, "snapshot").await?.and_then(|text| Snapshot::parse(&text)))
}

/// Says how a migration failed, `now` in milliseconds; all else of its side row stays.
///
/// # Errors
/// What the database said.
pub async fn fail<C: Connection>(connection: &C, name: &str, error: &str, now: i64) -> Result<(), Error> {
    set(connection, name, "finished_at", now.into()).await?;
    set(connection, name, "error", error.into()).await?;
    set(connection, name, "state", State::Failed.name().into()).await
}

/// Writes that a signal ended a migration, `now` in milliseconds, and by which `error` that is shown. Its state stays
/// `running`: part of it may be in the database.
///
/// # Errors
/// The error of the database.
pub async fn interrupt<C: Connection>(connection: &C, name: &str, error: &str, now: i64) -> Result<(), Error> {
    set(connection, name, "finished_at", now.into()).await?;
    set(connection, name, "error", error.into()).await
}

async fn set<C: Connection>(connection: &C, name: &str, column: &str, value: Value) -> Result<(), Error> {
    let dialect = connection.dialect();
    let (journal, first, second) = (dialect.quote(JOURNAL), dialect.placeholder(1), dialect.placeholder(2));
    let sql = format!("UPDATE {journal} SET {column} = {first} WHERE version = {second}");
    connection.execute(&sql, &[value, name.into()]).await
}

async fn get<C: Connection>(connection: &C, name: &str, column: &str) -> Result<Option<String>, Error> {
    let dialect = connection.dialect();
    let (journal, value) = (dialect.quote(JOURNAL), dialect.placeholder(1));
    let sql = format!("SELECT {} FROM {journal} WHERE version = {value}", dialect.text(column));
    Ok(connection.query(&sql, &[name.into()]).await?.into_iter().flatten().next().flatten())
}

/// Deletes a migration's side row.
///
/// # Errors
/// What the database said.
pub async fn forget<C: Connection>(connection: &C, name: &str) -> Result<(), Error> {
    let dialect = connection.dialect();
    let sql = format!("DELETE FROM {} WHERE version = {}", dialect.quote(JOURNAL), dialect.placeholder(1));
    connection.execute(&sql, &[name.into()]).await
}
