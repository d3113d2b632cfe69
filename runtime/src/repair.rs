//! Putting the ledger right by hand: what stopped on its way and what it has left, and each thing that may be said about it.
//! It changes what the tables say and runs no migration; every change is kept in `kit_history`. The caller has the lock.

use crate::connection::{Connection, Error};
use crate::ledger::{self, Applied, Entry, HISTORY, Ledger, State, own_tables};
use crate::snapshot::{Change, Scope, Snapshot};
use crate::statements::{self, Recorded};
use crate::wire::Direction;

/// What is not as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Migrations that stopped on their way.
    pub halted: Vec<Case>,
    /// Indexes that were begun and never finished, as the server quotes them.
    pub invalid_indexes: Vec<String>,
}

impl Diagnosis {
    /// Whether all is well.
    pub fn is_empty(&self) -> bool {
        self.halted.is_empty() && self.invalid_indexes.is_empty()
    }
}

/// A migration that stopped on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its side row.
    pub entry: Entry,
    /// What it has left.
    pub left: Left,
    /// The statements that it sent and that change something, where they are known.
    pub statements: Vec<Recorded>,
    /// The schema as it was before, where that is known.
    pub before: Option<Snapshot>,
}

/// What a migration that stopped has left in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing, for certain.
    Nothing,
    /// The schema is as it was before; whether rows were changed is not known.
    SameSchema,
    /// The schema is another one.
    Changed(Vec<Change>),
    /// It is not known how the schema was before.
    Unknown,
}

/// Finds out what is not as it should be; changes nothing.
///
/// # Errors
/// What the database said.
pub async fn diagnose<C: Connection>(connection: &C, table: &str) -> Result<Diagnosis, Error> {
    let ledger = ledger::read(connection, table).await?;
    let dialect = connection.dialect();
    let keeps_rows = match dialect.keeps_rows() {
        Some(sql) => !connection.query(sql, &[]).await?.is_empty(),
        None => false,
    };
    let mut halted = Vec::new();
    for entry in ledger.halted() {
        let before = ledger::snapshot(connection, &entry.name).await?;
        let left = match &before {
            _ if entry.state == State::Starting && !keeps_rows => Left::Nothing,
            None => Left::Unknown,
            Some(before) => {
                let now = Snapshot::take(connection, Scope::Schema, &own_tables(table)).await?;
                let changes = before.changes(&now);
                if changes.is_empty() { Left::SameSchema } else { Left::Changed(changes) }
            }
        };
        let statements = match left {
            Left::Nothing => Vec::new(),
            _ => statements::read(connection, &entry.name).await?,
        };
        halted.push(Case { entry: entry.clone(), left, statements, before });
    }
    let rows = match dialect.invalid_indexes() {
        Some(sql) => connection.query(sql, &[]).await?,
        None => Vec::new(),
    };
    Ok(Diagnosis { halted, invalid_indexes: rows.into_iter().flatten().flatten().collect() })
}

/// What is said about a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it is in; it counts as applied in this batch, with this checksum.
    Applied {
        /// Its batch.
        batch: i64,
        /// Of its source now.
        checksum: Option<String>,
    },
    /// Nothing of it is in; it is pending.
    Pending,
    /// Its source may be as it is now.
    Accepted {
        /// Of its source now.
        checksum: String,
    },
}

/// Who says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed<'a> {
    /// The person, as the system calls them.
    pub person: &'a str,
    /// The command, with its arguments.
    pub command: &'a str,
    /// Version of kit.
    pub kit: &'a str,
    /// Milliseconds since 1970.
    pub now: i64,
}

/// Has the ledger say it, and keeps who said so.
///
/// # Errors
/// What the database said; then nothing has changed.
pub async fn settle<C: Connection>(
    connection: &C,
    table: &str,
    name: &str,
    verdict: &Verdict,
    deed: &Deed<'_>,
) -> Result<(), Error> {
    ledger::install(connection, table).await?;
    let before = ledger::read(connection, table).await?;
    create_history(connection).await?;
    let recorded = statements::is_installed(connection).await?;
    let transaction = connection.begin().await?;
    let outcome = async {
        if recorded && !matches!(verdict, Verdict::Accepted { .. }) {
            statements::forget(&transaction, name).await?;
        }
        change(&transaction, table, &before, name, verdict, deed).await?;
        fault!("in-repair", &transaction);
        remember(&transaction, Some(name), &word(verdict), deed).await
    }
    .await;
    match outcome {
        Ok(()) => transaction.commit().await,
        Err(error) => {
            // The first failure is the one to report.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

/// Gives an applied migration another name in both tables, in one transaction, and keeps who did so.
///
/// # Errors
/// What the database said; then nothing has changed.
pub async fn rename<C: Connection>(
    connection: &C,
    table: &str,
    old: &str,
    new: &str,
    deed: &Deed<'_>,
) -> Result<(), Error> {
    ledger::install(connection, table).await?;
    create_history(connection).await?;
    let transaction = connection.begin().await?;
    let outcome = async {
        ledger::rename(&transaction, table, old, new).await?;
        fault!("in-repair", &transaction);
        remember(&transaction, Some(old), &format!("renamed to {new}"), deed).await
    }
    .await;
    match outcome {
        Ok(()) => transaction.commit().await,
        Err(error) => {
            // The first failure is the one to report.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

/// Drops the indexes that were begun and never finished; returns their names.
///
/// # Errors
/// What the database said.
pub async fn drop_invalid_indexes<C: Connection>(
    connection: &C,
    table: &str,
    deed: &Deed<'_>,
) -> Result<Vec<String>, Error> {
    let names = diagnose(connection, table).await?.invalid_indexes;
    if !names.is_empty() {
        create_history(connection).await?;
    }
    for name in &names {
        // As the server quoted it.
        connection.execute(&format!("DROP INDEX IF EXISTS {name}"), &[]).await?;
        remember(connection, None, &format!("dropped invalid index {name}"), deed).await?;
    }
    Ok(names)
}

async fn change<C: Connection>(
    connection: &C,
    table: &str,
    before: &Ledger,
    name: &str,
    verdict: &Verdict,
    deed: &Deed<'_>,
) -> Result<(), Error> {
    let row = before.applied.iter().find(|applied| applied.name == name);
    match verdict {
        Verdict::Pending => {
            ledger::delete(connection, table, name).await?;
            ledger::forget(connection, name).await
        }
        Verdict::Applied { batch, checksum } => {
            let applied_at = row.map_or(deed.now / 1_000, |row| row.applied_at);
            if row.is_none() {
                ledger::insert(connection, table, name, applied_at).await?;
            }
            let own = row.and_then(|row| row.entry.as_ref());
            let entry = Entry {
                name: name.to_owned(),
                batch: own.and_then(|own| own.batch).or(Some(*batch)),
                state: State::Applied,
                direction: Direction::Up,
                checksum: own.and_then(|own| own.checksum.clone()).or_else(|| checksum.clone()),
                applied_at: Some(applied_at),
                started_at: own.map_or(deed.now, |own| own.started_at),
                finished_at: Some(deed.now),
                error: None,
            };
            ledger::record(connection, &entry, deed.kit).await
        }
        Verdict::Accepted { checksum } => match row {
            Some(Applied { entry: Some(entry), .. }) => {
                let entry = Entry { checksum: Some(checksum.clone()), ..entry.clone() };
                ledger::record(connection, &entry, deed.kit).await
            }
            _ => Ok(()),
        },
    }
}

fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Applied { .. } => "applied".to_owned(),
        Verdict::Pending => "pending".to_owned(),
        Verdict::Accepted { checksum } => format!("accepted checksum {checksum}"),
    }
}

async fn create_history<C: Connection>(connection: &C) -> Result<(), Error> {
    connection.execute(&connection.dialect().create_history(HISTORY), &[]).await
}

async fn remember<C: Connection>(connection: &C, name: Option<&str>, what: &str, deed: &Deed<'_>) -> Result<(), Error> {
    let dialect = connection.dialect();
    let sql = format!(
        "INSERT INTO {} (happened_at, host, person, command, version, what, kit_version) VALUES ({})",
        dialect.quote(HISTORY),
        dialect.placeholders(7)
    );
    let values = [
        deed.now.into(),
        crate::lock::host().as_str().into(),
        deed.person.into(),
        deed.command.into(),
        crate::connection::Value::Text(name.map(str::to_owned)),
        what.into(),
        deed.kit.into(),
    ];
    connection.execute(&sql, &values).await
}
