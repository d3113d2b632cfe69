//! What a migrator reports, in sentences: failures, their hints, warnings.

use chrono::DateTime;
use kit_runtime::wire::{Cause, Direction, Failure, Holder, Unfit, Warning};

pub(super) const LEDGER: &str = "the ledger is a table with `version` (text) and `applied_at` (a whole number), as SeaORM creates it: \
     give it that shape again, and yourself the right to write it; `kit_migrations` is kit's own: drop it, and \
     `kit migrate:install` makes it anew";

pub(super) fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::Protocol { migrator } => {
            format!("the migrator speaks version {migrator} of the wire, kit {}", kit_runtime::wire::PROTOCOL)
        }
        Failure::Request { message } => format!("the migrator does not understand kit: {message}"),
        Failure::Connect { message } => format!("the migrator cannot connect: {message}"),
        Failure::Database { message } => message.clone(),
        Failure::Ledger { message } => ledger_text(message),
        Failure::Busy { holder, waited } => {
            format!("the database is locked by {} (waited {waited} seconds)", holder_text(holder.as_deref()))
        }
        Failure::Unfit(unfit) => unfit_text(unfit),
        Failure::Lock { message } => format!("the database cannot be locked: {message}"),
        Failure::LockLost => "the lock on the database was lost, another run may be at work".to_owned(),
        Failure::Unknown { name } => format!("no migration `{name}` to go to"),
        Failure::Duplicate { name } => format!("two migrations are named `{name}`"),
        Failure::Strict(warning) => format!("refused by --strict: {}", warning_text(warning)),
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
        Failure::Migration { name, direction, cause, message, .. } => {
            let verb = match direction {
                Direction::Up => "applying",
                Direction::Down => "rolling back",
            };
            match cause {
                Cause::Error => format!("{verb} `{name}` failed: {message}"),
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

pub(super) fn ledger_text(message: &str) -> String {
    format!("the migration tables cannot be used: {message}")
}

/// Who has the lock, as the object of a sentence.
pub fn holder_text(holder: Option<&Holder>) -> String {
    let Some(Holder { host, pid, command, since }) = holder else { return "another run".to_owned() };
    let since = DateTime::from_timestamp(*since, 0).map(|since| since.format(", since %Y-%m-%d %H:%M:%S UTC"));
    let since = since.map(|since| since.to_string()).unwrap_or_default();
    format!("`kit {command}` on {host} (process {pid}{since})")
}

/// A warning as a sentence.
pub fn warning_text(warning: &Warning) -> String {
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
        Warning::Lent => "a pooler lends its sessions to many, the lock is a row of `kit_lock`".to_owned(),
        Warning::Unsorted => "the Migrator's list is not in name order, kit follows the list".to_owned(),
    }
}

pub(super) fn failure_hint(failure: &Failure) -> Option<String> {
    let hint = match failure {
        Failure::Protocol { .. } => "update kit-runtime in the project: `kit init --library --force`",
        Failure::Ledger { .. } => LEDGER,
        Failure::Busy { .. } => "wait longer with --wait SECS",
        Failure::Unfit(Unfit::ReadOnly { .. }) => "name the server that takes writes: the primary, not a replica",
        Failure::Unfit(Unfit::NoQuorum { .. }) => {
            "start the missing nodes, or name one that is in the cluster; then run `kit migrate` again"
        }
        Failure::Unfit(Unfit::NodeByNode) => "SET GLOBAL wsrep_OSU_method = 'TOI'",
        Failure::Unfit(Unfit::Lent { .. }) => {
            "name the server itself, not the pooler: `--database URL`, or DIRECT_DATABASE_URL beside DATABASE_URL"
        }
        Failure::Lock { .. } => "if nobody else can be at work: --lock=none --force",
        Failure::LockLost => "look with `kit migrate:status` how far it got before anything else",
        Failure::Unknown { .. } => "run `kit migrate:status` for the names",
        Failure::Duplicate { .. } => "rename one of the files and its entry in `migrations()`",
        Failure::Strict(Warning::OutOfOrder { .. }) => "rename the migration so that it comes last, or drop --strict",
        Failure::Strict(Warning::Missing { .. } | Warning::MoreMissing { .. }) => {
            "restore the file from version control, or drop --strict"
        }
        Failure::Strict(Warning::Modified { .. }) => {
            "restore the file from version control, or accept it: `kit migrate:repair --accept-checksum MIGRATION`"
        }
        Failure::Halted { .. } => "run `kit migrate:repair`: it says what is in and how to go on",
        Failure::OutcomeUnknown { .. } => "when the server is back, `kit migrate:status` says whether it is in",
        Failure::Strict(
            Warning::Retried { .. }
            | Warning::Settings { .. }
            | Warning::CommittedInside { .. }
            | Warning::LeftOpen { .. },
        ) => return None,
        Failure::Strict(Warning::Lent) => "use the server's own URL, or drop --strict",
        Failure::Strict(Warning::Unsorted) => "sort the list in `migrations()` by name, or drop --strict",
        Failure::Gone { .. } => "restore its file from version control and register it again",
        Failure::Migration { cause: Cause::Unsupported, .. } => {
            "create a new table, copy the rows and rename it (https://sqlite.org/lang_altertable.html#otheralter), \
             or branch on `manager.get_database_backend()`"
        }
        Failure::Migration { cause: Cause::Starved, .. } => {
            "it begins a transaction of its own and goes on outside of it: give it two, `connections = 2` under \
             [migrator] in kit.toml, or pass the transaction on to everything it does"
        }
        Failure::Migration { cause: Cause::Irreversible, .. } => "write its `down`, or go back with a new migration",
        Failure::Migration { rolled_back: true, direction: Direction::Up, .. } => {
            "nothing of it was kept: mend it, then run `kit migrate`"
        }
        Failure::Migration { rolled_back: false, direction: Direction::Up, .. } => {
            "part of it may be in the database: `kit migrate:repair` says what, and how to go on"
        }
        Failure::Migration { rolled_back: true, direction: Direction::Down, .. } => {
            "nothing of it was undone: mend its `down`, then run `kit migrate:rollback`"
        }
        Failure::Migration { rolled_back: false, direction: Direction::Down, .. } => {
            "part of it may be undone: `kit migrate:repair` says what, and how to go on"
        }
        Failure::Request { .. } | Failure::Connect { .. } | Failure::Database { .. } => return None,
    };
    Some(hint.to_owned())
}
