//! The messages between kit and a migrator: one [`Request`] as a line of JSON on the migrator's
//! standard input, then [`Event`]s as lines of JSON on its standard output, the last of which is
//! [`Event::Done`] or [`Event::Failed`]. A line that is no event is the migrations' own output.
//! The wire carries facts; how they look is not its business.

mod failure;
mod report;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use failure::{Cause, Failure, Stopped, Unfit};
pub use report::{Fault, Note, Remark, Warning};

/// The version both halves must agree on; raised with every change that an older half cannot read.
pub const PROTOCOL: u32 = 10;

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
    /// Take all rows out of all tables but the ledgers; for applications.
    Truncate,
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
    /// Run a seeder; goes alone, to a program that has seeders.
    Seed(Seed),
}

/// Which seeder to run, and how.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Seed {
    /// Its name, without modules.
    pub class: String,
    /// What random values begin with: the same number makes the same rows.
    pub number: u64,
    /// The ledger table, by which the database is locked.
    pub ledger: String,
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
    /// This one alone.
    Only(String),
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
    /// A statement of kit's own that a script needs: the bounds of a transaction, a row of the ledger. Only when pretending.
    Scripted {
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
    /// A seeder goes on; in between, how far it is.
    Seeding {
        /// Its name, without modules.
        seeder: String,
        /// Rows that factories have made in this run, in all.
        rows: u64,
    },
    /// A seeder has come to its end. What it made is in when the request is done.
    Seeded {
        /// Its name, without modules.
        seeder: String,
        /// Rows that factories made in it, those of the seeders that it called included.
        rows: u64,
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
