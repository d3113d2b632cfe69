//! What a run reports, in sentences: lower case, one each, without a final period and without advice.

use std::fmt;

use crate::snapshot::Change;
use crate::wire::{Cause, Direction, Failure, Fault, Holder, Note, PROTOCOL, Remark, Stopped, Unfit, Warning};

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&failure_text(self))
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&warning_text(self))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up { message } => write!(f, "`up` fails: {message}"),
            Self::Missing => f.write_str("there is no `down`"),
            Self::Down { message } => write!(f, "`down` fails: {message}"),
            Self::Idle { .. } => f.write_str("`down` does nothing"),
            Self::Other { .. } => f.write_str("`down` does not restore the schema"),
            Self::Again { message } => write!(f, "after `down`, `up` fails: {message}"),
            Self::Unlike { .. } => f.write_str("after `down`, `up` makes another schema than the first time"),
            Self::OnlyEmpty { message } => write!(f, "`down` fails where tables have rows: {message}"),
            Self::RowsLost { table, direction, lost, of } => {
                write!(f, "`{}` loses {lost} of {of} rows of `{table}`", direction.name())
            }
            Self::ValuesLost { table, column, direction } => {
                write!(f, "`{}` loses what stood in `{column}` of `{table}`", direction.name())
            }
        }
    }
}

impl Fault {
    /// Returns the differences of the schemas, if the fault is one of the schema.
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Idle { changes } | Self::Other { changes } | Self::Unlike { changes } => changes,
            _ => &[],
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfilled { table, message } => write!(f, "`{table}` could not be filled: {message}"),
            Self::UpOnRows { message } => write!(f, "`up` fails with the rows that kit made up: {message}"),
            Self::Reordered { was, is } => {
                write!(f, "this database cannot restore the order of columns: `{was}` is now `{is}`")
            }
            Self::UpDeletes { table, rows } => {
                write!(f, "`up` deletes {rows} of the rows that earlier migrations inserted into `{table}`")
            }
            Self::UpClears { table, column } => {
                write!(f, "`up` clears `{column}` in the rows that earlier migrations inserted into `{table}`")
            }
            Self::Emptied { table, column: None } => {
                write!(f, "`up` drops `{table}`, and `down` brings it back without its rows")
            }
            Self::Emptied { table, column: Some(column) } => {
                write!(f, "`up` drops `{column}` of `{table}`, and `down` brings it back without its values")
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&note_text(self))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`kit {}` on {} (process {})", self.command, self.host, self.pid)
    }
}

fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::Protocol { migrator } => {
            format!("the migrator speaks version {migrator} of the wire, kit {}", PROTOCOL)
        }
        Failure::Occupied { objects } => {
            format!("the scratch database is not empty: {}; nothing was done", objects.join(", "))
        }
        Failure::Request { message } => format!("the migrator does not understand kit: {message}"),
        Failure::Connect { message, .. } => format!("the migrator cannot connect: {message}"),
        Failure::Database { message, .. } => message.clone(),
        Failure::Ledger { message, .. } => format!("the migration tables cannot be used: {message}"),
        Failure::Busy { holder, waited } => {
            format!("the database is locked by {} (waited {waited} seconds)", holder_text(holder.as_deref()))
        }
        Failure::Unfit(unfit) => unfit_text(unfit),
        Failure::Lock { message, .. } => format!("the database cannot be locked: {message}"),
        Failure::LockLost => "the lock on the database was lost, another run may be at work".to_owned(),
        Failure::Unknown { name } => format!("no migration `{name}` to go to"),
        Failure::Duplicate { name } => format!("two migrations are named `{name}`"),
        Failure::NameTooLong { name, limit } => format!(
            "the migration `{name}` has a name of {} characters, and the ledger's column `version` takes {limit}",
            name.chars().count()
        ),
        Failure::Strict(warning) => format!("refused by --strict: {warning}"),
        Failure::Gone { name } => format!("cannot roll back `{name}`: it is in the ledger, but not in the Migrator"),
        Failure::Halted { name, direction, error } => {
            let verb = match direction {
                Direction::Up => "applying",
                Direction::Down => "rolling back",
            };
            match error {
                None => format!("{verb} `{name}` was interrupted, part of it may be in the database"),
                Some(error) => {
                    format!("{verb} `{name}` failed in an earlier run, part of it may be in the database: {error}")
                }
            }
        }
        Failure::OutcomeUnknown { name, message } => {
            format!("the connection was lost while `{name}` was being committed: {message}")
        }
        Failure::Interrupted { signal, stopped } => interrupted_text(*signal, stopped.as_ref()),
        Failure::Undecided { count: 1 } => "the script is marked `undecided` in 1 place".to_owned(),
        Failure::Undecided { count } => format!("the script is marked `undecided` in {count} places"),
        Failure::NoSeeder { name } => format!("there is no seeder `{name}`"),
        Failure::Seeder { name, cause, message, rolled_back } => {
            let verb = if *cause == Cause::Panic { "panicked" } else { "failed" };
            let left = if *rolled_back { "nothing of it is in" } else { "part of it may be in" };
            format!("seeder `{name}` {verb}, {left}: {message}")
        }
        Failure::Migration { name, direction, cause, message, .. }
        | Failure::Pretended { name, direction, cause, message } => {
            let verb = match direction {
                Direction::Up => "applying",
                Direction::Down => "rolling back",
            };
            match cause {
                Cause::Error | Cause::Refused(_) | Cause::NoColumn | Cause::InTransaction => {
                    format!("{verb} `{name}` failed: {message}")
                }
                Cause::Panic => format!("{verb} `{name}` panicked: {message}"),
                Cause::Unsupported => format!("{verb} `{name}` failed: this database cannot do it: {message}"),
                Cause::Starved => {
                    format!("{verb} `{name}` failed: it has one connection and waited for another: {message}")
                }
                Cause::Irreversible => format!("`{name}` has no `down`"),
            }
        }
    }
}

fn interrupted_text(signal: u8, stopped: Option<&Stopped>) -> String {
    let signal = signal_name(signal);
    let Some(Stopped { name, direction, rolled_back }) = stopped else {
        return format!("interrupted by {signal}: no migration was left half-way");
    };
    let verb = match direction {
        Some(Direction::Up) => "applying",
        Some(Direction::Down) => "rolling back",
        None => "the seeder",
    };
    let outcome = match (rolled_back, direction) {
        (true, Some(Direction::Down)) => "it is still applied, nothing of it was undone",
        (true, _) => "it was rolled back, nothing of it is in the database",
        (false, Some(Direction::Down)) => "part of it may be undone",
        (false, _) => "part of it may be in the database",
    };
    format!("interrupted by {signal} while {verb} `{name}`{}: {outcome}", if direction.is_none() { " ran" } else { "" })
}

/// Returns the usual name of a signal that ends a run.
pub(crate) fn signal_name(signal: u8) -> String {
    match signal {
        1 => "SIGHUP".to_owned(),
        2 => "SIGINT".to_owned(),
        15 => "SIGTERM".to_owned(),
        other => format!("signal {other}"),
    }
}

fn holder_text(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another run".to_owned(), Holder::to_string)
}

fn unfit_text(unfit: &Unfit) -> String {
    match unfit {
        Unfit::ReadOnly { says } => format!("the server takes no writes ({says} is on), nothing was done"),
        Unfit::NoQuorum { state } => format!("the node is not in its cluster ({state}), nothing was done"),
        Unfit::NodeByNode => {
            "the node changes its schema alone (wsrep_OSU_method is RSU), and rows from others would lose columns; \
             nothing was done"
                .to_owned()
        }
        Unfit::Lent { name } => {
            format!("`{name}` runs without a transaction, and the pooler gives every statement another session")
        }
    }
}

fn note_text(note: &Note) -> String {
    match note {
        Note::Given { table, assumed } => {
            let values: Vec<String> = assumed.iter().map(|(column, value)| format!("{column} = {value}")).collect();
            format!("the database gives this row of `{table}` its own values, assumed: {}", values.join(", "))
        }
        Note::Unknown { table } => {
            format!(
                "rows of `{table}` are read here, and what the statements above leave of them is not known: none are assumed"
            )
        }
        Note::Catalog => "the schema is read here as it is now, without the statements above".to_owned(),
        Note::LeftOut { sql, message } => {
            format!("left out, since it fails: {}: {message}", sql.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        Note::Effect { function } => format!("`{function}` changes something and was not called: 1 is assumed"),
        Note::Unanswered { sql, message } => {
            format!("not known, no rows are assumed: {sql}: {message}")
        }
        Note::Broken { table, rule } => {
            format!("rows of `{table}` break `{rule}`: a statement above fails in a run, and the script with it")
        }
        Note::Uncounted { table } => format!("how many rows of `{table}` this finds is not known: 1 is assumed"),
    }
}

fn warning_text(warning: &Warning) -> String {
    match warning {
        Warning::OutOfOrder { name, after } => format!("`{name}` is out of order: `{after}` was applied before it"),
        Warning::Missing { name } => format!("`{name}` is in the ledger, but not in the Migrator"),
        Warning::MoreMissing { count } => format!("{count} more are in the ledger, but not in the Migrator"),
        Warning::Modified { name } => format!("`{name}` has changed since it was applied"),
        Warning::Retried { name, message } => format!("`{name}` met another session's lock and runs again: {message}"),
        Warning::Settings { name, settings } => {
            format!("`{name}` left {} of the session changed, kit put it back", settings.join(", "))
        }
        Warning::CommittedInside { name } => format!(
            "`{name}` ended the transaction it was given: a failure in it would leave a part of it; \
             it should say `use_transaction() -> Some(false)`"
        ),
        Warning::LeftOpen { name } => format!("`{name}` left a transaction open, kit committed it"),
        Warning::TakenForText { name, text } => format!("`{name}`: {text} names no column and is taken for a text"),
        Warning::Lent => "a pooler lends its sessions to many, the lock is a row of `kit_lock`".to_owned(),
        Warning::Unfinished { name } => format!("`{name}` is at work elsewhere, or was interrupted"),
        Warning::Unsorted => "the Migrator's list is not in name order, kit follows the list".to_owned(),
    }
}
