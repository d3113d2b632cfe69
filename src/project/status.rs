//! What each migration's state is: sources and ledger put together. Pure; it reads neither.

use std::collections::{BTreeMap, HashMap, HashSet};

use kit_runtime::ledger::{Applied, Entry, Ledger, State as Progress};
use kit_runtime::plan;
use serde::Serialize;

use super::source::{SourceMigration, Sources};

/// One line of `kit migrate:status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The migration's name.
    pub migration: String,
    /// How it stands.
    pub state: State,
    /// Batch; none for pending ones and for those another tool applied.
    pub batch: Option<i64>,
    /// Seconds since 1970, UTC.
    pub applied_at: Option<i64>,
    /// Pending, and stands before one that was applied.
    pub out_of_order: bool,
    /// Why it failed.
    pub error: Option<String>,
}

/// How a migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Applied.
    Ran,
    /// To be applied.
    Pending,
    /// Applied, and its source has changed since.
    Modified,
    /// Applied or listed, and there is no source.
    Missing,
    /// It failed, and part of it may be in.
    Failed,
    /// It started and has not ended.
    Running,
    /// There is a file, but the Migrator does not list it.
    Unregistered,
}

/// The states of all migrations: the Migrator's in its order, then missing ones, then unregistered ones.
/// `checksums` are those of the sources now, by name.
pub fn of(
    registered: &[SourceMigration],
    sources: &Sources,
    ledger: &Ledger,
    checksums: &BTreeMap<String, String>,
) -> Vec<Status> {
    let names: Vec<String> = registered.iter().map(|migration| migration.name.clone()).collect();
    let early: HashSet<String> = plan::out_of_order(&names, ledger).into_iter().map(|(pending, _)| pending).collect();
    let applied: HashMap<&str, &Applied> = ledger.applied.iter().map(|row| (row.name.as_str(), row)).collect();
    let halted: HashMap<&str, &Entry> = ledger.halted().map(|entry| (entry.name.as_str(), entry)).collect();
    let mut lines: Vec<Status> = registered
        .iter()
        .map(|migration| {
            let name = &migration.name;
            let applied = applied.get(name.as_str());
            let entry = applied.and_then(|applied| applied.entry.as_ref());
            let halted = halted.get(name.as_str());
            let state = match (halted, applied) {
                (Some(entry), _) if entry.state == Progress::Failed => State::Failed,
                (Some(_), _) => State::Running,
                (None, _) if migration.is_gone() => State::Missing,
                (None, None) => State::Pending,
                (None, Some(applied)) if plan::is_modified(applied, checksums.get(name)) => State::Modified,
                (None, Some(_)) => State::Ran,
            };
            Status {
                migration: name.clone(),
                state,
                batch: entry.and_then(|entry| entry.batch),
                applied_at: applied.map(|applied| applied.applied_at),
                out_of_order: early.contains(name),
                error: halted.and_then(|entry| entry.error.clone()),
            }
        })
        .collect();
    let known: HashSet<&String> = names.iter().collect();
    for applied in ledger.applied.iter().filter(|applied| !known.contains(&applied.name)) {
        lines.push(Status {
            migration: applied.name.clone(),
            state: State::Missing,
            batch: applied.entry.as_ref().and_then(|entry| entry.batch),
            applied_at: Some(applied.applied_at),
            out_of_order: false,
            error: None,
        });
    }
    for migration in sources.unregistered.iter().filter(|migration| !ledger.has(&migration.name)) {
        lines.push(Status {
            migration: migration.name.clone(),
            state: State::Unregistered,
            batch: None,
            applied_at: None,
            out_of_order: false,
            error: None,
        });
    }
    lines
}
