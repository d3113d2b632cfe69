//! What each migration's state is: sources and ledger put together. Pure; it reads neither.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, SecondsFormat};
use kit_runtime::ledger::{Applied, Entry, Ledger, State as Progress};
use kit_runtime::plan;
use serde::{Serialize, Serializer};

use super::source::{SourceMigration, Sources, name_of_migration};
use crate::error::Renamed;

/// One line of `kit migrate:status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The migration's name.
    #[serde(rename = "name")]
    pub migration: String,
    /// How it stands.
    pub state: State,
    /// Batch; none for pending ones and for those another tool applied.
    pub batch: Option<i64>,
    /// Seconds since 1970, UTC.
    #[serde(serialize_with = "timestamp")]
    pub applied_at: Option<i64>,
    /// Pending, and stands before one that was applied.
    pub out_of_order: bool,
    /// Why it failed.
    #[serde(rename = "message")]
    pub error: Option<String>,
}

/// As ISO 8601, `2026-01-02T03:04:05Z`; null if there is no such time.
fn timestamp<S: Serializer>(seconds: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    let time = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)).serialize(serializer)
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
    /// It started, and the run that holds the lock is still at work.
    Running,
    /// It started and did not end: its run was killed or lost its session.
    Interrupted,
    /// There is a file, but the Migrator does not list it.
    Unregistered,
}

impl State {
    /// Returns the state of a migration that started and has not ended; `at_work` if a live run holds the lock.
    pub fn unfinished(entry: &Entry, at_work: bool) -> Self {
        match entry.state {
            Progress::Failed => Self::Failed,
            _ if at_work => Self::Running,
            _ => Self::Interrupted,
        }
    }

    /// Returns its one name, as every command shows it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ran => "Ran",
            Self::Pending => "Pending",
            Self::Modified => "Modified",
            Self::Missing => "Missing",
            Self::Failed => "Failed",
            Self::Running => "Running",
            Self::Interrupted => "Interrupted",
            Self::Unregistered => "Unregistered",
        }
    }

    /// Returns whether the migration needs attention before the next `kit migrate`: `migrate:status --check` then exits with 1.
    pub fn is_problem(self) -> bool {
        matches!(self, Self::Modified | Self::Missing | Self::Failed | Self::Interrupted | Self::Unregistered)
    }

    /// Whether all of it still has to be applied, or its run has not come to its end.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }

    /// Whether an earlier run stopped half-way in it.
    pub fn is_halted(self) -> bool {
        matches!(self, Self::Failed | Self::Interrupted)
    }
}

/// Returns the states of all migrations: the Migrator's in its order, then missing ones, then unregistered ones.
/// `checksums` are those of the sources now, by name; `at_work` is whether a live run holds the lock.
pub fn of(
    registered: &[SourceMigration],
    sources: &Sources,
    ledger: &Ledger,
    checksums: &BTreeMap<String, String>,
    at_work: bool,
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
                (Some(entry), _) => State::unfinished(entry, at_work),
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
        let halted = halted.get(applied.name.as_str());
        lines.push(Status {
            migration: applied.name.clone(),
            state: halted.map_or(State::Missing, |entry| State::unfinished(entry, at_work)),
            batch: applied.entry.as_ref().and_then(|entry| entry.batch),
            applied_at: Some(applied.applied_at),
            out_of_order: false,
            error: halted.and_then(|entry| entry.error.clone()),
        });
    }
    // A migration that stopped half-way and whose file was deleted since is in neither list.
    for entry in ledger.halted().filter(|entry| !known.contains(&entry.name) && !ledger.has(&entry.name)) {
        lines.push(Status {
            migration: entry.name.clone(),
            state: State::unfinished(entry, at_work),
            batch: entry.batch,
            applied_at: None,
            out_of_order: false,
            error: entry.error.clone(),
        });
    }
    let unregistered = |name: &str| !ledger.has(name) && !ledger.halted().any(|entry| entry.name == name);
    for migration in sources.unregistered.iter().filter(|migration| unregistered(&migration.name)) {
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

/// Returns the applied migrations without a file that were most likely renamed, each with the pending migration that has
/// the same source, or the same name after its timestamp. Names only pairs in which neither side could be another one.
/// `checksums` is asked only if a file is missing.
pub fn renamed(
    registered: &[SourceMigration],
    ledger: &Ledger,
    checksums: impl FnOnce() -> BTreeMap<String, String>,
) -> Vec<Renamed> {
    let known: HashSet<&String> = registered.iter().map(|migration| &migration.name).collect();
    let missing: Vec<&Applied> = ledger.applied.iter().filter(|applied| !known.contains(&applied.name)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let checksums = checksums();
    let pending: Vec<&String> = registered.iter().map(|one| &one.name).filter(|name| !ledger.has(name)).collect();
    let same_source = |applied: &Applied, name: &String| {
        let then = applied.entry.as_ref().and_then(|entry| entry.checksum.as_ref());
        then.is_some() && then == checksums.get(name)
    };
    let same_name = |applied: &Applied, name: &String| {
        let rest = name_of_migration(&applied.name).filter(|rest| !rest.is_empty());
        rest.is_some() && rest == name_of_migration(name)
    };
    let only = |alike: &dyn Fn(&Applied, &String) -> bool, applied: &Applied| -> Option<String> {
        let mut found = pending.iter().filter(|name| alike(applied, name));
        let name = *found.next()?;
        let alone = found.next().is_none() && missing.iter().filter(|other| alike(other, name)).count() == 1;
        alone.then(|| name.clone())
    };
    let pair = |applied: &&Applied| {
        let new = only(&same_name, applied).or_else(|| only(&same_source, applied))?;
        let is_same_source = same_source(applied, &new);
        Some(Renamed { old: applied.name.clone(), new, is_same_source })
    };
    missing.iter().filter_map(pair).collect()
}
