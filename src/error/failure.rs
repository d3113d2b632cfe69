//! What a migrator reports, in sentences: failures, their hints, warnings.

use chrono::DateTime;
use kit_runtime::wire::{Cause, Direction, Failure, Holder, Unfit, Warning};

pub(super) const LEDGER: &str = "the ledger is a table with `version` (text) and `applied_at` (a whole number), as SeaORM creates it: \
     give it that shape again, and yourself the right to write it; `kit_migrations` is kit's own: drop it, and \
     `kit migrate:install` makes it anew";

pub(super) fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::Busy { holder, waited } => {
            format!("the database is locked by {} (waited {waited} seconds)", holder_text(holder.as_deref()))
        }
        other => other.to_string(),
    }
}

pub(super) fn ledger_text(message: &str) -> String {
    Failure::Ledger { message: message.to_owned() }.to_string()
}

/// Who has the lock, as the object of a sentence.
pub fn holder_text(holder: Option<&Holder>) -> String {
    let Some(Holder { host, pid, command, since }) = holder else { return "another run".to_owned() };
    let since = DateTime::from_timestamp(*since, 0).map(|since| since.format(", since %Y-%m-%d %H:%M:%S UTC"));
    let since = since.map(|since| since.to_string()).unwrap_or_default();
    format!("`kit {command}` on {host} (process {pid}{since})")
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
            | Warning::LeftOpen { .. }
            | Warning::Unfinished { .. },
        ) => return None,
        Failure::Strict(Warning::Lent) => "use the server's own URL, or drop --strict",
        Failure::Strict(Warning::Unsorted) => "sort the list in `migrations()` by name, or drop --strict",
        Failure::Gone { .. } => "restore its file from version control and register it again",
        Failure::Migration { cause: Cause::Unsupported, .. } | Failure::Pretended { cause: Cause::Unsupported, .. } => {
            "create a new table, copy the rows and rename it (https://sqlite.org/lang_altertable.html#otheralter), \
             or branch on `manager.get_database_backend()`"
        }
        Failure::Migration { cause: Cause::Starved, .. } => {
            "it begins a transaction of its own and goes on outside of it: give it two, `connections = 2` under \
             [migrator] in kit.toml, or pass the transaction on to everything it does"
        }
        Failure::Migration { cause: Cause::Irreversible, .. }
        | Failure::Pretended { cause: Cause::Irreversible, .. } => "write its `down`, or go back with a new migration",
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
        Failure::Pretended { .. } => "nothing was changed; where a note stands above it, a real run may know more",
        Failure::Request { .. } | Failure::Connect { .. } | Failure::Database { .. } => return None,
    };
    Some(hint.to_owned())
}
