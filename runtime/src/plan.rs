//! What a request means for a ledger: which migrations run, in which order, and what is odd about it.
//! Pure: it reads nothing, writes nothing and cannot fail on the outside world.

use std::collections::{BTreeMap, HashSet};

use crate::dialect::Dialect;
use crate::ledger::{Applied, Entry, Ledger, State};
use crate::wire::{Down, Failure, Up, Warning};

/// The names to apply, in the Migrator's own order. `checksums` are those of the sources now.
///
/// # Errors
/// [`Failure::Unknown`] if `to` or one of `only` is not in the list; [`Failure::Strict`] if asked to be.
pub fn up(
    list: &[String],
    ledger: &Ledger,
    up: &Up,
    checksums: &BTreeMap<String, String>,
) -> Result<(Vec<String>, Vec<Warning>), Failure> {
    let unknown = |name: &String| Failure::Unknown { name: name.clone() };
    for name in up.to.iter().chain(&up.only) {
        if !list.contains(name) {
            return Err(unknown(name));
        }
    }
    let end = up.to.as_ref().and_then(|to| list.iter().position(|name| name == to)).map_or(list.len(), |at| at + 1);
    let applied = applied(ledger);
    let names: Vec<String> = list
        .iter()
        .take(end)
        .filter(|name| !applied.contains(name.as_str()))
        .filter(|name| up.only.is_empty() || up.only.contains(name))
        .take(up.limit.unwrap_or(usize::MAX))
        .cloned()
        .collect();
    let warnings = warnings(list, ledger, &names);
    if up.strict {
        let modified = ledger.applied.iter().find(|applied| is_modified(applied, checksums.get(&applied.name)));
        let modified = modified.map(|applied| Warning::Modified { name: applied.name.clone() });
        if let Some(warning) = warnings.first().cloned().or(modified) {
            return Err(Failure::Strict(warning));
        }
    }
    Ok((names, warnings))
}

/// Passes unless a migration failed on its way and part of it may be in. One that runs may be at work still.
///
/// # Errors
/// [`Failure::Halted`].
pub fn whole(ledger: &Ledger) -> Result<(), Failure> {
    match ledger.halted().find(|entry| entry.state == State::Failed) {
        Some(entry) => Err(halted(entry)),
        None => Ok(()),
    }
}

/// The failure of going on after this one.
pub fn halted(entry: &Entry) -> Failure {
    Failure::Halted { name: entry.name.clone(), direction: entry.direction, error: entry.error.clone() }
}

/// Whether a migration's source, of which `now` is the checksum, has changed since it was applied.
pub fn is_modified(applied: &Applied, now: Option<&String>) -> bool {
    let then = applied.entry.as_ref().and_then(|entry| entry.checksum.as_ref());
    matches!((then, now), (Some(then), Some(now)) if !is_same(then, now))
}

/// Whether two checksums are of the same source: `SOURCE`, or `SOURCE+INCLUDED` if it includes other files. One without the
/// second part does not know what was included.
fn is_same(then: &str, now: &str) -> bool {
    then == now || !then.contains('+') && now.split_once('+').is_some_and(|(source, _)| source == then)
}

/// The names to roll back, newest first.
///
/// # Errors
/// [`Failure::Unknown`] if `To` names none that is applied.
pub fn down(ledger: &Ledger, down: &Down) -> Result<Vec<String>, Failure> {
    let newest = ledger.applied.iter().rev();
    let names: Vec<&Applied> = match down {
        Down::Steps(steps) => newest.take(*steps).collect(),
        Down::All => newest.collect(),
        Down::Batch(batch) => {
            let batch = batch.unwrap_or_else(|| ledger.last_batch());
            newest.filter(|applied| applied.entry.as_ref().and_then(|entry| entry.batch) == Some(batch)).collect()
        }
        Down::To(name) => {
            if !ledger.has(name) {
                return Err(Failure::Unknown { name: name.clone() });
            }
            newest.take_while(|applied| applied.name != *name).collect()
        }
        Down::Only(name) => {
            let found: Vec<&Applied> = newest.filter(|applied| applied.name == *name).collect();
            if found.is_empty() {
                return Err(Failure::Unknown { name: name.clone() });
            }
            found
        }
    };
    Ok(names.into_iter().map(|applied| applied.name.clone()).collect())
}

/// The first name that stands twice in a list.
pub fn duplicate(list: &[String]) -> Option<&String> {
    let mut seen = HashSet::new();
    list.iter().find(|name| !seen.insert(*name))
}

/// Passes if the ledger's column takes every name of the list.
///
/// # Errors
/// [`Failure::NameTooLong`].
pub fn short(list: &[String], dialect: Dialect) -> Result<(), Failure> {
    let Some(limit) = dialect.max_version() else { return Ok(()) };
    match list.iter().find(|name| name.chars().count() > limit) {
        Some(name) => Err(Failure::NameTooLong { name: name.clone(), limit }),
        None => Ok(()),
    }
}

/// Pending migrations that stand before the last applied one of the list, with that one.
pub fn out_of_order(list: &[String], ledger: &Ledger) -> Vec<(String, String)> {
    let applied = applied(ledger);
    let Some(last) = list.iter().rposition(|name| applied.contains(name.as_str())) else {
        return Vec::new();
    };
    let before = list.iter().take(last).filter(|name| !applied.contains(name.as_str()));
    before.filter_map(|name| Some((name.clone(), list.get(last)?.clone()))).collect()
}

fn applied(ledger: &Ledger) -> HashSet<&str> {
    ledger.applied.iter().map(|applied| applied.name.as_str()).collect()
}

/// Missing migrations beyond this are only counted.
const NAMED: usize = 10;

fn warnings(list: &[String], ledger: &Ledger, names: &[String]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if !list.is_sorted() {
        warnings.push(Warning::Unsorted);
    }
    let known: HashSet<&String> = list.iter().collect();
    let missing: Vec<&String> =
        ledger.applied.iter().map(|applied| &applied.name).filter(|name| !known.contains(name)).collect();
    warnings.extend(missing.iter().take(NAMED).map(|name| Warning::Missing { name: (*name).clone() }));
    if missing.len() > NAMED {
        warnings.push(Warning::MoreMissing { count: missing.len() - NAMED });
    }
    for (name, after) in out_of_order(list, ledger) {
        if names.contains(&name) {
            warnings.push(Warning::OutOfOrder { name, after });
        }
    }
    warnings
}
