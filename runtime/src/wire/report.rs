//! What there is to tell of a migration besides that it ran: faults that verifying finds, remarks, warnings, notes of a run
//! that only pretends. They are facts; their words stand in `words`.

use serde::{Deserialize, Serialize};

use super::Direction;
use crate::snapshot::Change;

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
        /// From the schema before `up` to the one after `down`.
        changes: Vec<Change>,
    },
    /// Its `down` makes another schema than there was before.
    Other {
        /// From the schema before `up` to the one after `down`.
        changes: Vec<Change>,
    },
    /// After its `down`, it cannot be applied again.
    Again {
        /// What was said.
        message: String,
    },
    /// The second `up` makes another schema than the first.
    Unlike {
        /// From the schema after the first `up` to the one after the second.
        changes: Vec<Change>,
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
    /// The columns of a table come back in another order, which the database has no statement for.
    Reordered {
        /// The table and its columns as they were.
        was: String,
        /// The same as they are now.
        is: String,
    },
    /// `up` deletes rows that earlier migrations inserted.
    UpDeletes {
        /// The table.
        table: String,
        /// How many rows.
        rows: usize,
    },
    /// `up` clears a column in rows that earlier migrations inserted.
    UpClears {
        /// The table.
        table: String,
        /// The column.
        column: String,
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
    /// A double-quoted name in what it created is no column, and the database took it for a text.
    TakenForText {
        /// Its name.
        name: String,
        /// The name in backticks, and the table or view that it is in.
        text: String,
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
    /// Rows break a constraint: a statement above fails in a run.
    Broken {
        /// The table.
        table: String,
        /// The constraint.
        rule: String,
    },
    /// A statement fails, is not in the script, and the migration may go on without it.
    LeftOut {
        /// The statement.
        sql: String,
        /// Why it fails.
        message: String,
    },
}

impl Note {
    /// Whether a run may do something else than the script.
    pub fn is_undecided(&self) -> bool {
        match self {
            Self::Unknown { .. } | Self::Catalog | Self::Unanswered { .. } | Self::Broken { .. } => true,
            Self::Effect { function } => function.ends_with("val"),
            Self::Given { .. } | Self::Uncounted { .. } | Self::LeftOut { .. } => false,
        }
    }
}
