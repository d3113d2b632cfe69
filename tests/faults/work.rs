//! Migrations that show it if a part of them is lost or done twice, and what a person does by hand about one that stopped on
//! its way. Every data change adds a power of ten to one number: its digit says how often it was done.

use std::time::{SystemTime, UNIX_EPOCH};

use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::{self, LEDGER, State, own_tables};
use kit_runtime::lock;
use kit_runtime::repair::{self, Deed, Left, Verdict};
use kit_runtime::sea_orm::{Session, Settings};
use kit_runtime::snapshot::{Scope, Snapshot};
use kit_runtime::wire::{Action, Direction, Down, Failure, Locking, Up, Wipe};

use crate::support::database::Database;
use crate::support::steps::{Op, Step, run};

/// Who repairs, now.
pub fn deed() -> Deed<'static> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Deed { person: "ann", command: "migrate:repair", kit: "0.0.test", now: since.as_millis() as i64 }
}

/// How a person sees that a statement is in.
#[derive(Clone, Copy, Debug)]
enum Seen {
    Digit(u32),
    Table(&'static str),
    Column(&'static str, &'static str),
    Index(&'static str),
}

#[derive(Clone, Debug)]
struct Change {
    seen: Seen,
    make: String,
    undo: String,
}

/// A migration, statement by statement.
#[derive(Clone, Debug)]
struct Task {
    name: String,
    transaction: Option<bool>,
    changes: Vec<Change>,
}

/// All of the migrations.
#[derive(Clone, Debug)]
pub struct Work {
    tasks: Vec<Task>,
    /// The same, to be run.
    pub steps: Vec<Step>,
}

fn add(digit: u32) -> Change {
    let power = 10_u64.pow(digit);
    Change {
        seen: Seen::Digit(digit),
        make: format!("UPDATE counter SET n = n + {power}"),
        undo: format!("UPDATE counter SET n = n - {power}"),
    }
}

fn change(seen: Seen, make: &str, undo: &str) -> Change {
    Change { seen, make: make.to_owned(), undo: undo.to_owned() }
}

/// Digits of the number when all is in.
pub const DIGITS: usize = 11;

/// So many statements, and so many migrations.
pub const CHANGES: u32 = 16;
pub const TASKS: u32 = 7;

impl Work {
    /// DDL and data changes in all combinations, in a transaction and without one.
    pub fn new(dialect: Dialect) -> Self {
        let (make, undo) = match dialect {
            Dialect::Postgres => ("CREATE INDEX CONCURRENTLY ix_a ON counter (a)", "DROP INDEX ix_a"),
            Dialect::MySql => ("CREATE INDEX ix_a ON counter (a)", "DROP INDEX ix_a ON counter"),
            Dialect::Sqlite => ("CREATE INDEX ix_a ON counter (a)", "DROP INDEX ix_a"),
        };
        let counter = "CREATE TABLE counter (id int PRIMARY KEY, n bigint NOT NULL)";
        let row = ("INSERT INTO counter VALUES (1, 1)", "DELETE FROM counter");
        let column = |table, name| {
            let (make, undo) = (
                format!("ALTER TABLE {table} ADD COLUMN {name} int"),
                format!("ALTER TABLE {table} DROP COLUMN {name}"),
            );
            Change { seen: Seen::Column(table, name), make, undo }
        };
        let extra = change(Seen::Table("extra"), "CREATE TABLE extra (id int PRIMARY KEY)", "DROP TABLE extra");
        let tasks = vec![
            (
                None,
                vec![
                    change(Seen::Table("counter"), counter, "DROP TABLE counter"),
                    change(Seen::Digit(0), row.0, row.1),
                ],
            ),
            (None, vec![add(1), add(2)]),
            (None, vec![column("counter", "a"), add(3), extra, add(4)]),
            (Some(false), vec![change(Seen::Index("ix_a"), make, undo)]),
            (Some(false), vec![add(5), column("extra", "b"), add(6)]),
            (Some(true), vec![add(7), add(8)]),
            (Some(false), vec![add(9), add(10)]),
        ];
        let name = |(at, (transaction, changes))| Task { name: format!("m{}", at + 1), transaction, changes };
        Self::of(tasks.into_iter().enumerate().map(name).collect())
    }

    fn of(tasks: Vec<Task>) -> Self {
        let pause = || Op::Sleep(3);
        let steps = tasks.iter().map(|task| {
            let ops = |sql: &mut dyn Iterator<Item = &String>| {
                sql.flat_map(|sql| [Op::Sql(sql.clone()), pause()]).collect::<Vec<_>>()
            };
            let up = ops(&mut task.changes.iter().map(|change| &change.make));
            let down = ops(&mut task.changes.iter().rev().map(|change| &change.undo));
            Step::new(&task.name, up, down).with_transaction(task.transaction)
        });
        Self { steps: steps.collect(), tasks }
    }
}

/// What a run was to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Everything in.
    Up,
    /// Everything out but the first migration.
    Down,
    /// Everything dropped, and in again.
    Fresh,
}

impl Goal {
    pub async fn actions(self, session: &Session) -> Vec<Action> {
        let up = Action::Up(Up::default());
        match self {
            Self::Up => vec![up],
            Self::Down => {
                let applied = ledger::read(session, LEDGER).await.unwrap().applied.len();
                vec![Action::Down(Down::Steps(applied.saturating_sub(1)))]
            }
            Self::Fresh => vec![Action::Wipe(Wipe { views: true, types: true }), up],
        }
    }
}

/// A session like that of a migrator.
pub async fn connect(url: &str) -> Session {
    Session::connect(Settings::new(url)).await.unwrap()
}

/// Goes on after a failure as kit says; returns how often a person was needed. An error is a way on which kit has nothing to
/// say, or has said what is not so.
pub async fn go_on(
    database: &Database,
    work: &Work,
    goal: Goal,
    coin: &mut impl FnMut() -> bool,
) -> Result<u32, String> {
    let mut by_hand = 0;
    for _ in 0..20 {
        let session = connect(database.url()).await;
        let actions = goal.actions(&session).await;
        let (lines, outcome) = run(&session, &work.steps, &actions).await;
        drop(session);
        match outcome {
            Ok(()) => return Ok(by_hand),
            Err(Failure::Halted { .. }) => {
                repair_by_hand(database, work, coin()).await?;
                by_hand += 1;
            }
            Err(failure) => return Err(format!("{failure:?} after {lines:?}")),
        }
    }
    Err("it never ends".to_owned())
}

/// Looks at what stopped, and completes it or takes it back; then says so. Returns whether there was something.
pub async fn repair_by_hand(database: &Database, work: &Work, complete: bool) -> Result<bool, String> {
    let session = connect(database.url()).await;
    // Nothing of the old run may go on meanwhile: `kit migrate:repair` has the lock, too.
    let lock =
        lock::acquire(&session, LEDGER, &Locking::default(), &mut |_| ()).await.map_err(|it| format!("{it:?}"))?;
    let found = repair::diagnose(&session, LEDGER).await.unwrap();
    if !found.invalid_indexes.is_empty() {
        repair::drop_invalid_indexes(&session, LEDGER, &deed()).await.unwrap();
    }
    for case in &found.halted {
        let task = work.tasks.iter().find(|task| task.name == case.entry.name).unwrap();
        let mut is_in = Vec::new();
        for change in &task.changes {
            is_in.push(sees(database, change.seen).await);
        }
        // Statements are done one after the other.
        if !is_in.is_sorted_by(|a, b| a >= b) {
            return Err(format!("{}: a part in the middle is lost: {is_in:?}", task.name));
        }
        let untouched = match case.entry.direction {
            Direction::Up => is_in.iter().all(|is_in| !is_in),
            Direction::Down => is_in.iter().all(|is_in| *is_in),
        };
        if case.left == Left::Nothing && !untouched {
            return Err(format!("{}: kit says that nothing is in: {is_in:?}", task.name));
        }
        let changes = task.changes.iter().zip(is_in);
        let (sql, verdict): (Vec<&String>, _) = match complete {
            true => {
                let rest = changes.filter(|(_, is_in)| !is_in).map(|(change, _)| &change.make).collect();
                (rest, Verdict::Applied { batch: 1, checksum: Some(format!("sum of {}", task.name)) })
            }
            false => {
                let own = changes.rev().filter(|(_, is_in)| *is_in).map(|(change, _)| &change.undo).collect();
                (own, Verdict::Pending)
            }
        };
        for sql in sql {
            database.execute(&[sql]).await;
        }
        repair::settle(&session, LEDGER, &task.name, &verdict, &deed()).await.map_err(|it| it.message)?;
    }
    lock.release(&session).await.map_err(|it| format!("{it:?}"))?;
    Ok(!found.halted.is_empty())
}

async fn sees(database: &Database, seen: Seen) -> bool {
    let objects = async || {
        let snapshot = Snapshot::take(&database.session, Scope::Schema, &own_tables(LEDGER)).await.unwrap();
        snapshot.objects().to_vec()
    };
    match seen {
        Seen::Digit(digit) => digits(database).await.get(digit as usize).is_some_and(|times| *times > 0),
        Seen::Table(name) => database.has_table(name).await,
        Seen::Column(table, name) => {
            objects().await.iter().any(|object| object.name == format!("column {table}.{name}"))
        }
        Seen::Index(name) => objects().await.iter().any(|object| {
            let is_it = object.name.starts_with("index ") && object.name.ends_with(&format!(".{name}"));
            is_it && !object.definition.iter().any(|line| line == "INVALID")
        }),
    }
}

/// How often each data change was done, the first one first.
pub async fn digits(database: &Database) -> Vec<u32> {
    if !database.has_table("counter").await {
        return Vec::new();
    }
    let sql = format!("SELECT {} FROM counter", database.dialect.text("n"));
    let rows = database.query(&sql).await;
    // Two rows would be two first changes.
    if rows.len() > 1 {
        return vec![u32::try_from(rows.len()).unwrap(); 1];
    }
    let Some(text) = rows.into_iter().flatten().flatten().next() else { return Vec::new() };
    text.chars().rev().map(|digit| digit.to_digit(10).unwrap_or(9)).collect()
}

/// The state that every run has to come to.
#[derive(Clone, Debug)]
pub struct Golden {
    schema: Snapshot,
    goal: Goal,
}

/// What is not as it should be.
#[derive(Clone, Debug, Default)]
pub struct Faulty {
    pub reasons: Vec<String>,
    /// Data changes that are lost or done more than once.
    pub changes: u32,
}

impl Golden {
    /// Of a database on which everything went well.
    pub async fn of(database: &Database, goal: Goal) -> Self {
        Self { schema: Snapshot::take(&database.session, Scope::Schema, &own_tables(LEDGER)).await.unwrap(), goal }
    }

    /// Compares schema, rows and both tables; `own` is whether it was kit's run.
    pub async fn compare(&self, database: &Database, own: bool) -> Faulty {
        let mut faulty = Faulty::default();
        let now = Snapshot::take(&database.session, Scope::Schema, &own_tables(LEDGER)).await.unwrap();
        if now != self.schema {
            faulty.reasons.push(format!("{:?}", self.schema.changes(&now)));
        }
        let (wanted, names) = match self.goal {
            Goal::Up | Goal::Fresh => (DIGITS, TASKS),
            Goal::Down => (1, 1),
        };
        let mut times = digits(database).await;
        times.resize(wanted.max(times.len()), 0);
        let wrong = times.iter().enumerate().filter(|(at, times)| **times != u32::from(*at < wanted)).count();
        faulty.changes = u32::try_from(wrong).unwrap();
        if wrong > 0 {
            faulty.reasons.push(format!("data changes were done {times:?} times"));
        }
        let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
        let mut applied: Vec<&str> = ledger.applied.iter().map(|row| row.name.as_str()).collect();
        if !own {
            applied.sort_unstable();
        }
        if applied != (1..=names).map(|at| format!("m{at}")).collect::<Vec<_>>() {
            faulty.reasons.push(format!("the ledger has {applied:?}"));
        }
        if own {
            let whole = |row: &&ledger::Applied| {
                row.entry.as_ref().is_some_and(|entry| {
                    entry.state == State::Applied
                        && entry.direction == Direction::Up
                        && entry.error.is_none()
                        && entry.batch.is_some()
                        && entry.finished_at.is_some()
                        && entry.checksum == Some(format!("sum of {}", row.name))
                })
            };
            faulty.reasons.extend(ledger.applied.iter().filter(|row| !whole(row)).map(|row| format!("{row:?}")));
            faulty.reasons.extend(ledger.unfinished.iter().map(|entry| format!("{entry:?}")));
            let batches: Vec<_> = ledger.applied.iter().filter_map(|row| row.entry.as_ref()?.batch).collect();
            let invalid = repair::diagnose(&database.session, LEDGER).await.unwrap();
            if !invalid.is_empty() {
                faulty.reasons.push(format!("{invalid:?}, {batches:?}"));
            }
        }
        faulty
    }
}

/// Takes everything out of a database, so that it can be used again.
pub async fn empty(database: &Database) {
    kit_runtime::wipe::wipe(&database.session, Wipe { views: true, types: true }, LEDGER).await.unwrap();
    if database.has_table("kit_lock").await {
        database.execute(&["DROP TABLE kit_lock"]).await;
    }
}
