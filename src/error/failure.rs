//! What a migrator reports, in sentences: failures, their hints, warnings.

use chrono::DateTime;
use kit_runtime::dialect::is_index_drop_without_table;
use kit_runtime::wire::{Cause, Direction, Failure, Fault, Holder, Stopped, Unfit, Warning};

use super::Error;
use super::Renamed;
use super::reason::reason_hint;
use super::unsupported::{INDEX_WITHOUT_TABLE, unsupported_hint};

pub(super) const LEDGER: &str = "the ledger is a table with `version` (text) and `applied_at` (a whole number), as SeaORM creates it: \
     restore these columns, and grant yourself the privilege to write the table; `kit_migrations` is kit's own table: drop it, then run \
     `kit migrate:install` to create it";

/// Where the URL comes from, if that is not known here.
const THE_URL: &str = "the URL";

pub(super) fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::Busy { holder, waited } => {
            format!("the database is locked by {} (waited {waited} seconds)", holder_text(holder.as_deref()))
        }
        other => other.to_string(),
    }
}

pub(super) fn ledger_text(message: &str) -> String {
    Failure::Ledger { message: message.to_owned(), reason: None }.to_string()
}

/// `2 migrations need attention: `m1` is failed, `m2` is missing`
pub(super) fn unsettled_text(migrations: &[(String, &'static str)]) -> String {
    let each = migrations.iter().map(|(name, state)| format!("`{name}` is {}", state.to_lowercase()));
    let each = each.collect::<Vec<_>>().join(", ");
    match migrations.len() {
        1 => format!("a migration needs attention: {each}"),
        count => format!("{count} migrations need attention: {each}"),
    }
}

/// ``m3` names the table `posts`, too; the source of `m4` cannot be read`
pub(super) fn dependents_text(dependents: &[(String, Option<String>)]) -> String {
    let each = dependents.iter().map(|(name, table)| match table {
        Some(table) => format!("`{name}` was applied later and names the table `{table}`, too"),
        None => format!("the source of `{name}`, which was applied later, cannot be read"),
    });
    each.collect::<Vec<_>>().join("; ")
}

/// What to do about the first of them; those that stop every run come first.
pub(super) fn unsettled_hint(migrations: &[(String, &'static str)], renamed: &[Renamed]) -> Option<String> {
    let of = |states: &[&str]| migrations.iter().find(|(_, state)| states.contains(state)).map(|(name, _)| name);
    if of(&["Failed", "Interrupted"]).is_some() {
        return Some("run `kit migrate:repair` to see what is in the database and how to go on".to_owned());
    }
    if let Some(Renamed { old, new, .. }) = renamed.first() {
        return Some(rename_hint(old, new));
    }
    if of(&["Missing"]).is_some() {
        return Some("restore the file from version control, then run `kit migrate:status --check`".to_owned());
    }
    if let Some(name) = of(&["Modified"]) {
        return Some(format!(
            "restore the file from version control, or accept it with `kit migrate:repair --accept-checksum {name}`"
        ));
    }
    let name = of(&["Unregistered"])?;
    Some(format!("add it to the Migrator's list, or delete it with `kit migrate:delete {name}`"))
}

/// How the ledger follows a file that was renamed.
pub(super) fn rename_hint(old: &str, new: &str) -> String {
    format!("run `kit migrate:repair --rename {old}={new}` to keep it applied")
}

impl From<Renamed> for Error {
    fn from(Renamed { old, new, .. }: Renamed) -> Self {
        Self::Renamed { old, new }
    }
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
        Failure::Connect { message, .. }
        | Failure::Database { message, .. }
        | Failure::Ledger { message, .. }
        | Failure::Migration { message, .. }
        | Failure::Seeder { message, .. }
            if shows_a_pooler(message) =>
        {
            "a pooler lends sessions: name the server itself, `--database URL`, or DIRECT_DATABASE_URL beside DATABASE_URL"
        }
        Failure::Connect { reason: Some(reason), .. }
        | Failure::Database { reason: Some(reason), .. }
        | Failure::Ledger { reason: Some(reason), .. }
        | Failure::Lock { reason: Some(reason), .. }
        | Failure::Pretended { cause: Cause::Refused(reason), .. } => return Some(reason_hint(*reason, THE_URL)),
        Failure::Migration { cause: Cause::Refused(reason), rolled_back: true, .. }
        | Failure::Seeder { cause: Cause::Refused(reason), rolled_back: true, .. } => {
            return Some(format!("nothing of it was kept; {}", reason_hint(*reason, THE_URL)));
        }
        Failure::Protocol { .. } => "update kit-runtime in the project: `kit init --library --force`",
        Failure::Ledger { .. } => LEDGER,
        Failure::Occupied { .. } => "empty it, or name another one: --scratch URL",
        Failure::Busy { .. } => "wait longer with --wait SECS",
        Failure::Unfit(Unfit::ReadOnly { .. }) => "name the server that takes writes: the primary, not a replica",
        Failure::Unfit(Unfit::NoQuorum { .. }) => {
            "start the missing nodes, or name one that is in the cluster; then run `kit migrate` again"
        }
        Failure::Unfit(Unfit::NodeByNode) => "SET GLOBAL wsrep_OSU_method = 'TOI'",
        Failure::Unfit(Unfit::Lent { .. }) => {
            "name the server itself, not the pooler: `--database URL`, or DIRECT_DATABASE_URL beside DATABASE_URL"
        }
        Failure::Lock { .. } => "if no other run is possible, pass --lock=none --force",
        Failure::LockLost => "run `kit migrate:status` to see which migrations were applied",
        Failure::Unknown { .. } => "run `kit migrate:status` for the names",
        Failure::Duplicate { .. } => "rename one of the files and its entry in `migrations()`",
        Failure::NameTooLong { limit, .. } => {
            return Some(format!(
                "shorten it to {limit} characters or fewer: the file's name, or what its `fn name` returns"
            ));
        }
        Failure::Strict(Warning::OutOfOrder { .. }) => "rename the migration so that it comes last, or drop --strict",
        Failure::Strict(Warning::Missing { .. } | Warning::MoreMissing { .. }) => {
            "restore the file from version control, or drop --strict"
        }
        Failure::Strict(Warning::Modified { .. }) => {
            "restore the file from version control, or accept it: `kit migrate:repair --accept-checksum MIGRATION`"
        }
        Failure::Halted { .. } => "run `kit migrate:repair` to see what is in the database and how to go on",
        Failure::OutcomeUnknown { .. } => {
            "when the server is available, run `kit migrate:status` to see whether it is applied"
        }
        Failure::Strict(
            Warning::Retried { .. }
            | Warning::Settings { .. }
            | Warning::CommittedInside { .. }
            | Warning::LeftOpen { .. }
            | Warning::Unfinished { .. },
        ) => return None,
        Failure::Strict(Warning::TakenForText { .. }) => {
            "correct the name, or write the text in single quotes: 'text'; or drop --strict"
        }
        Failure::Strict(Warning::Lent) => "use the server's own URL, or drop --strict",
        Failure::Strict(Warning::Unsorted) => "sort the list in `migrations()` by name, or drop --strict",
        Failure::Gone { .. } => "restore its file from version control and register it again",
        Failure::Migration { cause: Cause::Unsupported, message, .. }
        | Failure::Pretended { cause: Cause::Unsupported, message, .. } => return Some(unsupported_hint(message)),
        Failure::Migration { cause: Cause::Error, message, rolled_back: true, .. }
            if is_index_drop_without_table(message) =>
        {
            INDEX_WITHOUT_TABLE
        }
        Failure::Migration { cause: Cause::NoColumn, rolled_back: true, .. } => {
            "correct the name of the column, or add the column first; write a text in single quotes: 'text'"
        }
        Failure::Migration { cause: Cause::InTransaction, rolled_back: true, .. } => {
            "run the migration without a transaction: add `fn use_transaction(&self) -> Option<bool> { Some(false) }` to its \
             `impl MigrationTrait`, and send this statement in a call of its own"
        }
        Failure::Migration { cause: Cause::Starved, .. } => {
            "it begins a transaction of its own and goes on outside of it: give it two, `connections = 2` under \
             [migrator] in kit.toml, or pass the transaction on to everything it does"
        }
        Failure::Migration { cause: Cause::Irreversible, .. }
        | Failure::Pretended { cause: Cause::Irreversible, .. } => "write its `down`, or go back with a new migration",
        Failure::Migration { rolled_back: true, direction: Direction::Up, .. } => {
            "it was rolled back: correct it, then run `kit migrate`"
        }
        Failure::Migration { rolled_back: false, direction: Direction::Up, .. } => {
            "part of it may be in the database: run `kit migrate:repair` to see what, and how to go on"
        }
        Failure::Migration { rolled_back: true, direction: Direction::Down, .. } => {
            "nothing was rolled back: correct its `down`, then run `kit migrate:rollback`"
        }
        Failure::Migration { rolled_back: false, direction: Direction::Down, .. } => {
            "part of it may be rolled back: run `kit migrate:repair` to see what, and how to go on"
        }
        Failure::Interrupted { stopped, .. } => return Some(interrupted_hint(stopped.as_ref(), false)),
        Failure::NoSeeder { .. } => "make it public, and the modules it is in: `pub mod`, `pub struct`",
        Failure::Seeder { rolled_back: true, .. } => "correct the seeder, then run `kit db:seed` again",
        Failure::Seeder { rolled_back: false, .. } => {
            "rows may remain in tables without transactions: run `kit db:seed --reset` to start over with empty tables"
        }
        Failure::Pretended { .. } => "nothing was changed; where a note is shown above, a real run may succeed",
        Failure::Undecided { .. } => "run the migrations on a copy of the database: kit migrate --database URL",
        Failure::Request { .. } | Failure::Connect { .. } | Failure::Database { .. } => return None,
    };
    Some(hint.to_owned())
}

/// Returns the command that goes on after a signal. With `again`, migrations that were rolled back were to run again.
pub(super) fn interrupted_hint(stopped: Option<&Stopped>, again: bool) -> String {
    let Some(stopped) = stopped else {
        return "run `kit migrate:status` to see what was done, then the command again".to_owned();
    };
    let next = match (stopped.direction, stopped.rolled_back) {
        (_, false) => "run `kit migrate:repair` to see what is in the database and how to go on",
        (Some(Direction::Up), true) => "run `kit migrate` to go on",
        (Some(Direction::Down), true) => "run `kit migrate:rollback` to go on",
        (None, true) => "run `kit db:seed` again",
    };
    match (again, stopped) {
        (true, Stopped { direction: Some(Direction::Down), .. }) => format!("{next}, and at the end `kit migrate`"),
        _ => next.to_owned(),
    }
}

/// Names of prepared statements are a session's own: somebody else's session has others.
fn shows_a_pooler(message: &str) -> bool {
    let known = ["does not exist", "already exists"];
    message.contains("prepared statement \"") && known.iter().any(|end| message.contains(end))
}

/// How many migrations do not come back, and which is the first.
pub(super) fn faulty_text(faulty: &[(String, Fault)], unseen: usize) -> String {
    let Some((first, _)) = faulty.first() else {
        return format!("the scratch database could not be rebuilt; not checked: {unseen}");
    };
    let mut text = match faulty.len() {
        1 => format!("`{first}` does not go up, down and up again as it should"),
        count => format!("{count} migrations do not go up, down and up again as they should, `{first}` is the first"),
    };
    if unseen > 0 {
        text.push_str(&format!("; not checked: {unseen}"));
    }
    text
}

/// What to mend first.
pub(super) fn fault_hint(name: &str, fault: &Fault) -> String {
    match fault {
        Fault::Up { .. } => format!("correct the `up` of `{name}`: kit cannot check later migrations before"),
        Fault::Missing => format!("write the `down` of `{name}`, or pass --except {name} if it cannot have one"),
        Fault::Down { .. } => {
            format!(
                "correct the `down` of `{name}`: it has to undo what `up` does, in reverse order; or pass --except {name}"
            )
        }
        Fault::Idle { .. } => format!("write what undoes `up` into the `down` of `{name}`"),
        Fault::Other { .. } | Fault::Unlike { .. } => {
            format!("correct the `down` of `{name}`: it has to restore the lines with - and remove the lines with +")
        }
        Fault::Again { .. } => {
            format!("correct the `down` of `{name}`: it leaves objects that `up` cannot create again")
        }
        Fault::OnlyEmpty { .. } => format!("correct the `down` of `{name}` for tables that have rows"),
        Fault::RowsLost { direction, .. } | Fault::ValuesLost { direction, .. } => {
            format!("correct the `{}` of `{name}`: copy the rows of a table before it is dropped", direction.name())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn statements_of_somebody_elses_session_show_a_pooler() {
        for message in
            ["prepared statement \"sqlx_s_1\" already exists", "prepared statement \"sqlx_s_3\" does not exist"]
        {
            let hint = failure_hint(&Failure::Database {
                message: format!("error returned from database: {message}"),
                reason: None,
            });
            assert!(hint.is_some_and(|hint| hint.contains("DIRECT_DATABASE_URL")), "{message}");
        }
        assert_eq!(
            failure_hint(&Failure::Database { message: "relation \"a\" does not exist".to_owned(), reason: None }),
            None
        );
    }

    #[test]
    fn faults_are_counted_and_the_hint_is_about_the_first() {
        let up = || ("m2".to_owned(), Fault::Up { message: "no".to_owned() });
        for (faulty, unseen, text, hint) in [
            (vec![up()], 3, "`m2` does not go up, down and up again as it should; not checked: 3", "correct the `up`"),
            (
                vec![("m1".to_owned(), Fault::Missing), up()],
                0,
                "2 migrations do not go up, down and up again as they should, `m1` is the first",
                "write the `down` of `m1`, or pass --except m1 if it cannot have one",
            ),
            (Vec::new(), 2, "the scratch database could not be rebuilt; not checked: 2", ""),
        ] {
            let error = Error::Faulty { faulty, unseen };
            assert_eq!(error.to_string(), text);
            assert!(error.hint().unwrap_or_default().starts_with(hint), "{text}");
            assert_eq!(error.exit(), Exit::Failed);
        }
    }
}
