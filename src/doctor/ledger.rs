//! The ledger and kit's table beside it: whether they are as they should be, and what they say of the project's migrations.

use kit_runtime::connection::Connection;
use kit_runtime::ledger::{self, JOURNAL, Ledger, State as Progress};
use kit_runtime::repair::{self, Case, Left};
use kit_runtime::sea_orm::Session;
use kit_runtime::wire::{Failure, Warning};

use super::toolchain::numbers;
use super::{Finding, connection, some};
use crate::database::Target;
use crate::error::{Advice, Error};
use crate::project::source::Sources;
use crate::project::status::{self, State, Status};
use crate::schema;
use crate::schema::model::{Column, Kind, Schema};

const NAME: &str = "ledger";

/// Looks at both tables. While somebody is `at_work`, migrations on their way are no trouble. The schema is for whoever
/// needs it, too.
pub async fn look(
    target: &Target,
    session: &Session,
    sources: &Sources,
    at_work: bool,
    findings: &mut Vec<Finding>,
) -> Option<Schema> {
    let schema = match schema::read(session).await {
        Ok(schema) => schema,
        Err(error) => {
            findings.push(connection::failed(NAME, target, &error));
            return None;
        }
    };
    let Some(table) = &sources.ledger_table else {
        findings.push(Finding::ok(NAME, "only a build tells its name"));
        return Some(schema);
    };
    let advice = || Advice::after(&Failure::Ledger { message: String::new(), reason: None }).unwrap_or(Advice::Catalog);
    if let Some(wrong) = misshape(&schema, table) {
        findings.push(Finding::fail(NAME, format!("`{table}` {wrong}"), advice()));
        return Some(schema);
    }
    let ledger = match ledger::read(session, table).await {
        Ok(ledger) => ledger,
        Err(error) => {
            let error = Error::Ledger {
                database: target.redacted(),
                message: target.scrub(&error.message),
                reason: error.reason,
            };
            findings.push(Finding::failed(NAME, &error, advice()));
            return Some(schema);
        }
    };
    findings.push(Finding::ok(
        NAME,
        match ledger.installed {
            true => format!("`{table}`, {} applied", ledger.applied.len()),
            false => "none yet, `kit migrate` makes it".to_owned(),
        },
    ));
    findings.extend(unfinished(target, session, table, &ledger, at_work).await);
    findings.extend(migrations(sources, &ledger, at_work));
    findings.extend(newer(session, &ledger).await);
    Some(schema)
}

/// What SeaORM could not use of the ledger's table, if it is there.
fn misshape(schema: &Schema, table: &str) -> Option<String> {
    if schema.views.iter().any(|view| view.name == table) {
        return Some("is a view".to_owned());
    }
    let found = schema.tables.iter().find(|found| found.name == table)?;
    let column = |name: &str| found.columns.iter().find(|column| column.name == name);
    let is_text = |column: &Column| matches!(column.kind, Kind::String(_) | Kind::Text | Kind::Char(_));
    match (column("version"), column("applied_at")) {
        (None, _) => return Some("has no column `version`".to_owned()),
        (_, None) => return Some("has no column `applied_at`".to_owned()),
        (Some(version), _) if !is_text(version) => return Some("has a `version` that is no text".to_owned()),
        (_, Some(at)) if !matches!(at.kind, Kind::Integer { .. }) => {
            return Some("has an `applied_at` that is no whole number".to_owned());
        }
        _ => {}
    }
    let is_required = |column: &&Column| {
        let filled = column.nullable || column.default.is_some() || column.identity.is_some();
        !filled && column.generated.is_none() && !["version", "applied_at"].contains(&column.name.as_str())
    };
    if let Some(other) = found.columns.iter().find(is_required) {
        return Some(format!("has a column `{}` that SeaORM leaves empty", other.name));
    }
    let is_key = found.primary_key.as_ref().is_some_and(|key| key.columns == ["version"]);
    (!is_key).then(|| "has no primary key `version`".to_owned())
}

/// What stopped on its way.
async fn unfinished(target: &Target, session: &Session, table: &str, ledger: &Ledger, at_work: bool) -> Vec<Finding> {
    const INTERRUPTED: &str = "interrupted";
    // Who is at work has one that runs; finding out what it has left would take a look at a schema that changes.
    if at_work && ledger.halted().all(|entry| entry.state != Progress::Failed) {
        return Vec::new();
    }
    let found = match repair::diagnose(session, table).await {
        Ok(found) => found,
        Err(error) => return vec![connection::failed(INTERRUPTED, target, &error)],
    };
    let of = |case: &Case| {
        let name = &case.entry.name;
        if case.left == Left::Nothing {
            return Finding::warn(INTERRUPTED, format!("`{name}` was begun, nothing of it is in"), Advice::Migrate);
        }
        let halted = Failure::Halted {
            name: name.clone(),
            direction: case.entry.direction,
            error: case.entry.error.as_ref().map(|error| target.scrub(error)),
        };
        let advice = Advice::after(&halted).unwrap_or(Advice::Migrate);
        let name = if State::unfinished(&case.entry, false) == State::Failed { "failed" } else { INTERRUPTED };
        Finding::fail(name, halted.to_string(), advice)
    };
    let mut findings: Vec<Finding> = found.halted.iter().map(of).collect();
    if !found.invalid_indexes.is_empty() {
        let found = format!("never built to the end: {}", some(&found.invalid_indexes));
        findings.push(Finding::warn("indexes", found, Advice::DropIndexes));
    }
    findings
}

/// How the project's migrations stand.
fn migrations(sources: &Sources, ledger: &Ledger, at_work: bool) -> Vec<Finding> {
    const NAME: &str = "migrations";
    let Some(registered) = &sources.registered else {
        return vec![Finding::ok(NAME, "only a build tells their list")];
    };
    let lines = status::of(registered, sources, ledger, &sources.checksums(), at_work);
    let names = |wanted: &dyn Fn(&Status) -> bool| -> Vec<String> {
        lines.iter().filter(|line| wanted(line)).map(|line| line.migration.clone()).collect()
    };
    let mut findings = Vec::new();
    let modified = names(&|line| line.state == State::Modified);
    if let Some(name) = modified.first() {
        let advice = Advice::Modified { name: name.clone() };
        findings.push(Finding::warn("modified", format!("changed since applied: {}", some(&modified)), advice));
    }
    // One that is listed without a file is said with the list.
    let listed = |name: &str| registered.iter().any(|migration| migration.name == name);
    let missing = names(&|line| line.state == State::Missing && !listed(&line.migration));
    if let Some(name) = missing.first() {
        let advice = Advice::after(&Failure::Gone { name: name.clone() }).unwrap_or(Advice::Migrate);
        findings.push(Finding::warn("missing", format!("applied, without a file: {}", some(&missing)), advice));
    }
    let early = names(&|line| line.state == State::Pending && line.out_of_order);
    if let (Some(name), Some((_, after))) =
        (early.first(), kit_runtime::plan::out_of_order(&sources.names().unwrap_or_default(), ledger).first())
    {
        let warning = Warning::OutOfOrder { name: name.clone(), after: after.clone() };
        findings.push(Finding::warn("out_of_order", warning.to_string(), Advice::OutOfOrder));
    }
    let pending = names(&|line| line.state == State::Pending);
    findings.push(match pending.is_empty() {
        true => Finding::ok(NAME, "none pending"),
        false => Finding::warn(NAME, format!("{} pending: {}", pending.len(), some(&pending)), Advice::Migrate),
    });
    findings
}

/// Whether a newer kit has written to the database.
async fn newer(session: &Session, ledger: &Ledger) -> Option<Finding> {
    const OWN: &str = env!("CARGO_PKG_VERSION");
    if !ledger.journaled {
        return None;
    }
    let dialect = session.dialect();
    let sql = format!("SELECT DISTINCT {} FROM {}", dialect.text("kit_version"), dialect.quote(JOURNAL));
    // A table that cannot be read has been said.
    let rows = session.query(&sql, &[]).await.ok()?;
    let newest = rows.into_iter().flatten().flatten().max_by_key(|version| numbers(version))?;
    (numbers(&newest) > numbers(OWN)).then(|| {
        let found = format!("kit {newest} has migrated here, this is {OWN}");
        Finding::warn("version", found, Advice::UpdateKit)
    })
}
