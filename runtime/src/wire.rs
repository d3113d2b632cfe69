//! The messages between kit and a migrator: one [`Request`] as a line of JSON on the migrator's
//! standard input, then [`Event`]s as lines of JSON on its standard output, the last of which is
//! [`Event::Done`] or [`Event::Failed`]. A line that is no event is the migrations' own output.
//! The wire carries facts; how they look is not its business.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version both halves must agree on; raised with every change that an older half cannot read.
pub const PROTOCOL: u32 = 4;

/// What kit asks of a migrator.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Request {
    /// [`PROTOCOL`] of the asking half.
    pub protocol: u32,
    /// Version of kit, for the journal.
    pub kit: String,
    /// The database, password included: it travels on standard input, which no other user can read.
    pub url: String,
    /// What must not be kept or shown: the password of the URL, in every form that an error may quote it in.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Schema (`search_path`) on databases that have them.
    pub schema: Option<String>,
    /// Checksum of each migration's source, by migration name.
    pub checksums: BTreeMap<String, String>,
    /// How other runs are kept out while it writes.
    pub locking: Locking,
    /// Seconds that a statement waits for what another session has locked; 0 means as long as it takes.
    pub patience: u64,
    /// Connections that a migration without a transaction may use at once; with one, it runs in the session that has
    /// the lock.
    pub connections: u32,
    /// What to do, in order; the first failure ends it.
    pub actions: Vec<Action>,
}

/// How a run keeps others out of its database.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Locking {
    /// By which means; `None` takes what the database has.
    pub kind: Option<LockKind>,
    /// Seconds to wait for another run.
    pub wait: u64,
    /// The command, for those who wait.
    pub command: String,
    /// Milliseconds between two signs of life of whoever has a lease.
    pub beat: u64,
    /// Milliseconds without one after which a lease is somebody else's to take.
    pub patience: u64,
}

impl Default for Locking {
    fn default() -> Self {
        Self { kind: None, wait: 60, command: "migrate".to_owned(), beat: 1_000, patience: 15_000 }
    }
}

/// What keeps runs apart.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum LockKind {
    /// A lock of the server's that belongs to the session and goes with it.
    Session,
    /// A row of kit's own in the database, with signs of life.
    Lease,
    /// A lock on a file beside the database.
    File,
    /// Nothing.
    None,
}

/// Who has the lock.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Holder {
    /// The machine.
    pub host: String,
    /// The process on it.
    pub pid: u32,
    /// What it does: `migrate`, `migrate:fresh` …
    pub command: String,
    /// Since when, in seconds since 1970 on its own clock.
    pub since: i64,
}

/// One thing to do.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Say which migrations there are; needs no database.
    List,
    /// Create the ledger tables.
    Install,
    /// Drop everything of the connection's own database or schema.
    Wipe(Wipe),
    /// Apply pending migrations.
    Up(Up),
    /// Roll back applied migrations.
    Down(Down),
    /// Roll back, then apply exactly those again.
    Redo(Down),
    /// Apply, roll back and apply again on a database that is nobody's, and say what does not come back as it was.
    Verify(Verify),
    /// Say what these would do to the database, and do none of it.
    Pretend {
        /// What would be done: [`Action::Up`], [`Action::Down`], [`Action::Redo`].
        actions: Vec<Action>,
    },
}

/// How much [`Action::Wipe`] drops besides tables.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Wipe {
    /// Views and materialized views.
    pub views: bool,
    /// Enums, domains, sequences and functions.
    pub types: bool,
}

/// Which migrations to look at, and how.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Verify {
    /// Their names; those before and between them are applied and not looked at.
    pub only: Vec<String>,
    /// Rows that each table gets before a migration is rolled back once more; with 0, not.
    pub rows: u32,
    /// Leave the database empty, since it stays.
    pub clean: bool,
}

/// Which pending migrations to apply, and how.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Up {
    /// At most this many.
    pub limit: Option<usize>,
    /// Up to and including this one.
    pub to: Option<String>,
    /// Only these; empty means any.
    pub only: Vec<String>,
    /// A batch for each migration instead of one for the run.
    pub batch_each: bool,
    /// Refuse what would otherwise only be warned of.
    pub strict: bool,
}

/// Which applied migrations to roll back, counted from the newest.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Down {
    /// The last so many.
    Steps(usize),
    /// One batch, by number; `None` is the last one.
    Batch(Option<i64>),
    /// Everything applied after this one.
    To(String),
    /// Everything.
    All,
}

/// Which way a migration runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Applying.
    Up,
    /// Rolling back.
    Down,
}

impl Direction {
    /// `up` or `down`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// What a migrator reports.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// First of all: who speaks.
    Hello {
        /// [`PROTOCOL`] of the migrator.
        protocol: u32,
    },
    /// Answer to [`Action::List`].
    Listed {
        /// Names, in the Migrator's own order.
        migrations: Vec<String>,
        /// Name of the ledger table.
        ledger: String,
    },
    /// Another run is at work on the database; this one goes on when it is over.
    Waiting {
        /// Who, as far as known.
        holder: Option<Holder>,
    },
    /// The ledger tables were created.
    Installed,
    /// Everything was dropped.
    Wiped {
        /// Number of objects dropped.
        objects: usize,
    },
    /// The migrations about to run are known; they follow in this order.
    Planned {
        /// Which way.
        direction: Direction,
        /// Their names.
        migrations: Vec<String>,
    },
    /// Something the user should know, which stops nothing.
    Warned(Warning),
    /// A migration starts.
    Started {
        /// Which way.
        direction: Direction,
        /// Its name.
        name: String,
    },
    /// A statement that the migration would send, with its values in it. Only when pretending.
    Statement {
        /// Without the end that a script needs.
        sql: String,
    },
    /// What is to be known of the statement above, or of those below. Only when pretending.
    Noted(Note),
    /// A migration and its ledger row are in.
    Finished {
        /// Which way.
        direction: Direction,
        /// Its name.
        name: String,
        /// How long it took, in milliseconds.
        millis: u64,
    },
    /// A migration was applied, rolled back and applied again.
    Verified {
        /// Its name.
        name: String,
        /// How long all of that took, in milliseconds.
        millis: u64,
        /// What is wrong with it; empty if nothing.
        faults: Vec<Fault>,
        /// What could not be looked at, and what may well be meant so.
        notes: Vec<Remark>,
    },
    /// Last of all: everything was done.
    Done,
    /// Last of all: it could not be done.
    Failed(Failure),
}

/// What is wrong with a migration, as far as it shows when it is applied, rolled back and applied again.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// It cannot be applied at all.
    Up {
        /// What was said.
        message: String,
    },
    /// It has no `down`.
    Missing,
    /// Its `down` fails on empty tables.
    Down {
        /// What was said.
        message: String,
    },
    /// Its `down` leaves the schema as `up` made it.
    Idle {
        /// Lines of the schema that `up` has taken away and that do not come back.
        missing: Vec<String>,
        /// Lines that `up` has brought and that stay.
        left: Vec<String>,
    },
    /// Its `down` makes another schema than there was before.
    Other {
        /// Lines of the schema that do not come back.
        missing: Vec<String>,
        /// Lines that there were not before.
        left: Vec<String>,
    },
    /// After its `down`, it cannot be applied again.
    Again {
        /// What was said.
        message: String,
    },
    /// The second `up` makes another schema than the first.
    Unlike {
        /// Lines that only the first has made.
        missing: Vec<String>,
        /// Lines that only the second has made.
        left: Vec<String>,
    },
    /// Its `down` works on empty tables only.
    OnlyEmpty {
        /// What was said.
        message: String,
    },
    /// Rows of a table are gone that it was not to touch.
    RowsLost {
        /// The table.
        table: String,
        /// Which way they got lost.
        direction: Direction,
        /// How many.
        lost: usize,
        /// Of how many.
        of: usize,
    },
    /// Rows of a table are there, and what stood in one of their columns is gone.
    ValuesLost {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Which way they got lost.
        direction: Direction,
    },
}

/// What there is to say of a migration that is no fault of it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Remark {
    /// A table got no rows, or fewer than were asked for.
    Unfilled {
        /// The table.
        table: String,
        /// What the last attempt was answered.
        message: String,
    },
    /// `up` does not go through with the rows that kit made up.
    UpOnRows {
        /// What was said.
        message: String,
    },
    /// `up` drops a table or a column, and `down` brings it back empty.
    Emptied {
        /// The table.
        table: String,
        /// The column, if it is not the whole table.
        column: Option<String>,
    },
}

/// What is odd, but stops nothing.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// A pending migration stands before an applied one.
    OutOfOrder {
        /// The pending one.
        name: String,
        /// The last applied one.
        after: String,
    },
    /// The ledger names a migration that the Migrator does not have.
    Missing {
        /// Its name.
        name: String,
    },
    /// So many more than those that were named before.
    MoreMissing {
        /// How many.
        count: usize,
    },
    /// The Migrator's list is not in name order; it is respected.
    Unsorted,
    /// Its source has changed since it was applied.
    Modified {
        /// Its name.
        name: String,
    },
    /// It met another session's lock, nothing of it was kept, and it runs once more.
    Retried {
        /// Its name.
        name: String,
        /// What the database said.
        message: String,
    },
    /// It left settings of the session otherwise than it found them; they were put back.
    Settings {
        /// Its name.
        name: String,
        /// The settings.
        settings: Vec<String>,
    },
    /// It ended the transaction that it was given, and went on without one.
    CommittedInside {
        /// Its name.
        name: String,
    },
    /// It began a transaction and did not end it; it was committed.
    LeftOpen {
        /// Its name.
        name: String,
    },
    /// A pooler gives each transaction another session; the lock is a row of a table.
    Lent,
    /// It is at work elsewhere, or was interrupted.
    Unfinished {
        /// Its name.
        name: String,
    },
}

/// What could not be known, since nothing was done.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// The database gives a row that was to be added values of its own.
    Given {
        /// The table.
        table: String,
        /// What is taken for them: column and value.
        assumed: Vec<(String, String)>,
    },
    /// Rows were read of which nothing is known any more.
    Unknown {
        /// The table.
        table: String,
    },
    /// The schema was read after statements that change it.
    Catalog,
    /// A query calls a function that changes something.
    Effect {
        /// The function.
        function: String,
    },
    /// The database refused to answer a query.
    Unanswered {
        /// The query.
        sql: String,
        /// What it said.
        message: String,
    },
    /// How many rows a statement finds is not known.
    Uncounted {
        /// The table.
        table: String,
    },
}

/// Why a server cannot be migrated as it is.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "unfit", rename_all = "snake_case")]
pub enum Unfit {
    /// It takes no writes.
    ReadOnly {
        /// The setting that says so.
        says: String,
    },
    /// It is a node that has lost its cluster, or has not joined it yet.
    NoQuorum {
        /// What it says of itself.
        state: String,
    },
    /// Changes of the schema stay on this node.
    NodeByNode,
    /// A pooler gives each transaction another session, and this migration runs without a transaction.
    Lent {
        /// The migration.
        name: String,
    },
}

/// Why a request was not carried out to its end.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "failure", rename_all = "snake_case")]
pub enum Failure {
    /// The database to try migrations on is not empty; nothing was done.
    Occupied {
        /// Some of what is in it.
        objects: Vec<String>,
    },
    /// The other half speaks another [`PROTOCOL`].
    Protocol {
        /// What the migrator speaks.
        migrator: u32,
    },
    /// The request could not be read.
    Request {
        /// Why.
        message: String,
    },
    /// No connection.
    Connect {
        /// What the database said.
        message: String,
    },
    /// A statement of kit's own failed.
    Database {
        /// What the database said.
        message: String,
    },
    /// The migration tables are there, but cannot be read or written as they are; nothing was done.
    Ledger {
        /// What the database said.
        message: String,
    },
    /// Another run was still at work when the time to wait was over; nothing was done.
    Busy {
        /// Who, as far as known.
        holder: Option<Box<Holder>>,
        /// Seconds that were waited.
        waited: u64,
    },
    /// The server cannot be migrated as it is; nothing was done.
    Unfit(Unfit),
    /// The lock could not be taken; nothing was done.
    Lock {
        /// Why.
        message: String,
    },
    /// The lock is gone, and with it the certainty that nobody else is at work; nothing more was done.
    LockLost,
    /// A name that is in neither the list nor the ledger, or not in the state that was asked for.
    Unknown {
        /// The name as it was given.
        name: String,
    },
    /// Two migrations share one name.
    Duplicate {
        /// The name.
        name: String,
    },
    /// `--strict` and there is something to warn of; nothing was done.
    Strict(Warning),
    /// To be rolled back, but the Migrator does not have it; nothing was done.
    Gone {
        /// Its name.
        name: String,
    },
    /// A migration stopped on its way in an earlier run, and part of it may be in; nothing was done.
    Halted {
        /// Its name.
        name: String,
        /// Which way it was going.
        direction: Direction,
        /// How it failed; none if it was interrupted.
        error: Option<String>,
    },
    /// The session was lost while a migration's end was being written, and the database cannot be asked.
    OutcomeUnknown {
        /// Its name.
        name: String,
        /// What the database said.
        message: String,
    },
    /// A migration said no.
    Migration {
        /// Its name.
        name: String,
        /// Which way.
        direction: Direction,
        /// How it said so.
        cause: Cause,
        /// The error, or the panic's text.
        message: String,
        /// The database is as it was before this migration.
        rolled_back: bool,
    },
    /// A migration said no to a run that only pretended; the database is as it was.
    Pretended {
        /// Its name.
        name: String,
        /// Which way.
        direction: Direction,
        /// How it said so.
        cause: Cause,
        /// The error, or the panic's text.
        message: String,
    },
}

/// How a migration failed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It returned an error.
    Error,
    /// It panicked.
    Panic,
    /// The query builder cannot write this statement for this database, and panicked.
    Unsupported,
    /// It waited for another connection than the one it has until the pool gave up.
    Starved,
    /// It has no `down`.
    Irreversible,
}
