//! The JSON document that a run with `--json` prints. A command declares its keys before it begins, so that they are all there
//! when it fails, and fills them while it works; keys that it has not declared are left out. `docs/json.md` has all of them.

use kit_runtime::secrets::hide_passwords;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Ui;
use crate::error::{Error, Exit, Result};

/// An item of a list that several commands have.
pub trait Listed: Serialize {
    /// The key of the list.
    const KEY: &'static str;
}

/// A file that was written or deleted, or would be in a dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Relative to the project.
    pub path: String,
    /// What happened to it.
    pub action: FileAction,
    /// Its whole content, in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say all")]
pub enum FileAction {
    Created,
    Changed,
    Deleted,
}

/// What happened to a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MigrationChange {
    /// Its name.
    pub name: String,
    /// What happened.
    pub action: MigrationAction,
    /// How long it took, in milliseconds; null if nothing of it ran.
    pub duration_ms: Option<u64>,
}

impl MigrationChange {
    /// A change in the ledger or in the sources alone: nothing ran.
    pub fn without_run(name: &str, action: MigrationAction) -> Self {
        Self { name: name.to_owned(), action, duration_ms: None }
    }
}

/// What happens to migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationAction {
    /// Its `up` ran.
    Applied,
    /// Its `down` ran.
    RolledBack,
    /// The ledger reports it as applied now; nothing ran.
    MarkedApplied,
    /// The ledger reports it as pending now; nothing ran.
    MarkedPending,
    /// The ledger has the checksum of its source as it is now.
    ChecksumAccepted,
    /// The ledger has it under this name now.
    Renamed,
    /// Its files and its registration were deleted.
    Deleted,
}

impl From<kit_runtime::wire::Direction> for MigrationAction {
    fn from(direction: kit_runtime::wire::Direction) -> Self {
        match direction {
            kit_runtime::wire::Direction::Up => Self::Applied,
            kit_runtime::wire::Direction::Down => Self::RolledBack,
        }
    }
}

/// A table and how many rows were written into it, or out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say all")]
pub struct TableRows {
    pub name: String,
    pub rows: u64,
}

/// A seeder that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeederRun {
    /// Its name.
    pub name: String,
    /// Rows that factories have made in it.
    pub rows: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

impl Listed for FileChange {
    const KEY: &'static str = "files";
}

impl Listed for MigrationChange {
    const KEY: &'static str = "migrations";
}

impl Listed for TableRows {
    const KEY: &'static str = "tables";
}

impl Listed for SeederRun {
    const KEY: &'static str = "seeders";
}

impl Listed for super::Pretended {
    const KEY: &'static str = "pretended";
}

impl Listed for super::Verified {
    const KEY: &'static str = "migrations";
}

/// A warning, also of an error that did not end the run.
#[derive(Debug, Serialize)]
struct Warning {
    kind: Option<String>,
    message: String,
    hint: Option<String>,
}

/// The error that ended the run.
#[derive(Debug, Serialize)]
struct Failure {
    kind: String,
    message: String,
    hint: Option<String>,
    exit_code: u8,
}

/// What is known of the document while the command works.
#[derive(Debug, Default)]
pub(super) struct Draft {
    answer: Option<Map<String, Value>>,
    warnings: Vec<Warning>,
    /// An error that the command's options turn into a warning.
    ignored: Option<Failure>,
}

/// What every run prints.
#[derive(Serialize)]
struct Document<'a> {
    command: Option<&'a str>,
    exit_code: u8,
    #[serde(flatten)]
    answer: Map<String, Value>,
    warnings: Vec<Warning>,
    error: Option<Failure>,
}

impl Ui {
    /// Declares the keys of the command's document, with the values that they have if nothing happens. Of a command that runs
    /// another one, only the first declaration counts.
    pub fn declare(&self, answer: &impl Serialize) {
        let mut draft = self.draft.borrow_mut();
        if draft.answer.is_none() {
            draft.answer = Some(object(answer));
        }
    }

    /// Sets keys of the document, as far as the command has declared them.
    pub fn set(&self, values: &impl Serialize) {
        if let (true, Some(answer)) = (self.json.get(), &mut self.draft.borrow_mut().answer) {
            for (key, value) in object(values) {
                if let Some(place) = answer.get_mut(&key) {
                    *place = value;
                }
            }
        }
    }

    /// Adds an item to its list in the document, if the command has declared one.
    pub fn list<T: Listed>(&self, item: &T) {
        if let (true, Some(answer)) = (self.json.get(), &mut self.draft.borrow_mut().answer)
            && let Some(Value::Array(list)) = answer.get_mut(T::KEY)
            && let Ok(item) = serde_json::to_value(item)
        {
            list.push(item);
        }
    }

    /// Prints the document of a run that has ended, if there is to be one.
    pub fn document(&self, command: Option<&str>, outcome: &Result<Exit>) {
        if !self.json.get() {
            return;
        }
        let Draft { answer, warnings, ignored } = self.draft.take();
        let (exit, error) = match outcome {
            Ok(exit) => (*exit, ignored),
            Err(error) => (error.exit(), Some(self.failure(error))),
        };
        let answer = answer.unwrap_or_default();
        let document = Document { command, exit_code: exit.code(), answer, warnings, error };
        match serde_json::to_string_pretty(&document) {
            Ok(text) => self.out(&text),
            Err(error) => self.err(&error.to_string()),
        }
    }

    /// Keeps an error for the document that does not end the run.
    pub fn ignore(&self, error: &Error) {
        let failure = self.failure(error);
        self.draft.borrow_mut().ignored = Some(failure);
        self.warn_without_record(&error.to_string());
    }

    /// Warns with an error and its hint.
    pub fn caution(&self, error: &Error) {
        let Failure { kind, message, hint, .. } = self.failure(error);
        self.draft.borrow_mut().warnings.push(Warning { kind: Some(kind), message, hint });
        self.warn_without_record(&error.to_string());
        self.hint(error.hint().unwrap_or_default());
    }

    pub(super) fn record_warning(&self, text: &str) {
        self.draft.borrow_mut().warnings.push(Warning { kind: None, message: text.to_owned(), hint: None });
    }

    fn failure(&self, error: &Error) -> Failure {
        let message = hide_passwords(&error.to_string());
        let hint = error.hint().map(|hint| hide_passwords(&self.runnable(&hint)));
        Failure { kind: error.kind(), message, hint, exit_code: error.exit().code() }
    }
}

/// A struct as a map; everything that kit declares is one.
fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
