//! Why a request was not carried out to its end. A failure says what happened and what it left; what to do about it is the
//! asking half's to say.

use serde::{Deserialize, Serialize};

use super::{Direction, Holder, Warning};
use crate::dialect::Reason;

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
    /// The other half speaks another [`PROTOCOL`](super::PROTOCOL).
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
        /// What about the server, the file or the user it is due to, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// A statement of kit's own failed.
    Database {
        /// What the database said.
        message: String,
        /// What about the server, the file or the user it is due to, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// The migration tables are there, but cannot be read or written as they are; nothing was done.
    Ledger {
        /// What the database said.
        message: String,
        /// What about the server, the file or the user it is due to, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
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
        /// What about the server, the file or the user it is due to, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
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
    /// A name that is longer than the ledger's column; nothing was done.
    NameTooLong {
        /// The name.
        name: String,
        /// The maximum number of characters.
        limit: usize,
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
    /// A signal ended the run. What was done before stays done.
    Interrupted {
        /// Number of the signal.
        signal: u8,
        /// What was running and could not end by itself, if anything was.
        stopped: Option<Stopped>,
    },
    /// The program has no seeder of that name; nothing was done.
    NoSeeder {
        /// The name as it was given.
        name: String,
    },
    /// A seeder said no.
    Seeder {
        /// Its name, without modules.
        name: String,
        /// How it said so.
        cause: Cause,
        /// The error, or the panic's text.
        message: String,
        /// Nothing of the run is in the database.
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
    /// A script is complete, but a run may do something else in places; nothing was done.
    Undecided {
        /// How many places are marked.
        count: usize,
    },
}

/// A migration or seeder that a signal ended.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Stopped {
    /// Its name.
    pub name: String,
    /// Which way a migration was running; `None` for a seeder.
    pub direction: Option<Direction>,
    /// Nothing of it is in the database.
    pub rolled_back: bool,
}

/// How a migration failed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It returned an error.
    Error,
    /// It returned an error that is due to the server, the file or the user.
    Refused(Reason),
    /// It panicked.
    Panic,
    /// The query builder cannot write this statement for this database, and panicked.
    Unsupported,
    /// It waited for another connection than the one it has until the pool gave up.
    Starved,
    /// It has no `down`.
    Irreversible,
    /// It created an index on a column that does not exist, and the database took the name for a text.
    NoColumn,
    /// A statement is not possible in the transaction in which the migration runs.
    InTransaction,
}
