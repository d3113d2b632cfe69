//! What keeps kit from working here, or will: toolchain, project, database and ledger, looked at one after the other. It
//! returns findings, each with what to do. It writes, locks and compiles nothing, and does not know how findings look.

mod cache;
mod connection;
mod dependencies;
mod dialect;
mod fixtures;
mod ledger;
mod linker;
mod lock;
mod permissions;
mod project;
mod registration;
mod toolchain;

pub use lock::at_work;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kit_runtime::ledger::LEDGER;
use serde::Serialize;

use crate::database::Target;
use crate::error::{Advice, Error};
use crate::migrator::package::Package;
use crate::migrator::programs::Programs;
use crate::project::{Invocation, Project, source};

/// Where kit was called, and with what.
pub struct Place<'a> {
    /// The process environment.
    pub env: &'a BTreeMap<String, String>,
    /// The working folder, or `--project`.
    pub folder: &'a Path,
    /// `--database`.
    pub database: Option<&'a str>,
    /// `--env`.
    pub environment: Option<&'a str>,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

impl Place<'_> {
    /// What kit was told besides arguments.
    fn invocation(&self) -> Invocation<'_> {
        Invocation { database: self.database, environment: self.environment, env: self.env }
    }

    /// A variable of the process environment; empty counts as unset.
    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty()).cloned()
    }
}

/// Findings about one thing.
#[derive(Debug)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// In the order in which they were made.
    pub findings: Vec<Finding>,
}

/// One line.
#[derive(Debug)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// What was found, without any password.
    pub found: String,
    /// What to do, unless all is well.
    pub advice: Option<Advice>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Kit works, but not for ever or not for everything.
    Warn,
    /// Kit does not work.
    Fail,
}

impl Finding {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Ok, found: found.into(), advice: None }
    }

    fn warn(name: &'static str, found: impl Into<String>, advice: Advice) -> Self {
        Self { name, state: State::Warn, found: found.into(), advice: Some(advice) }
    }

    fn fail(name: &'static str, found: impl Into<String>, advice: Advice) -> Self {
        Self { name, state: State::Fail, found: found.into(), advice: Some(advice) }
    }

    /// A failure with its own advice, else this one.
    fn failed(name: &'static str, error: &Error, otherwise: Advice) -> Self {
        Self::fail(name, error.to_string(), Advice::of(error).unwrap_or(otherwise))
    }
}

/// How long the database may take to answer all questions, once it has let kit in.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at everything. What depends on something that is not there is left out.
pub async fn examine(place: &Place<'_>) -> Vec<Group> {
    let project = Project::find(place.folder);
    let root = project.as_ref().map_or(place.folder, |project| &project.root);
    let programs = Programs { env: place.env, folder: root };
    let package = project.as_ref().ok().map(|project| Package::of(&project.index));
    let fitting = package.as_ref().and_then(|package| package.as_ref().ok());
    let target = project.as_ref().ok().map(|project| Target::resolve(project, &place.invocation()));

    let toolchain = async {
        let own = project.as_ref().ok().and_then(|project| project.settings.migrator.command.first());
        let mut findings = toolchain::look(&programs, fitting, own.map(String::as_str)).await;
        findings.extend(cache::look(place));
        Group { title: "toolchain", findings }
    };
    let about_project = async {
        let mut findings = project::look(&programs, &project).await;
        if let (Ok(project), Some(package)) = (&project, &package) {
            let target = target.as_ref().and_then(|target| target.as_ref().ok());
            findings.extend(dependencies::look(project, package, target));
            findings.extend(registration::look(project));
        }
        Group { title: "project", findings }
    };
    let database = async {
        match (&project, &target) {
            (Ok(project), Some(Ok(target))) => Some(look_at_database(place, project, target).await),
            (_, Some(Err(error))) => Some(vec![Finding::failed("database", error, Advice::Url)]),
            _ => None,
        }
    };
    let (toolchain, about_project, database) = tokio::join!(toolchain, about_project, database);
    let mut groups = vec![toolchain, about_project];
    groups.extend(database.map(|findings| Group { title: "database", findings }));
    groups
}

async fn look_at_database(place: &Place<'_>, project: &Project, target: &Target) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(session) = connection::connect(place, project, target, &mut findings).await else { return findings };
    let questions = async {
        let Some(session) = connection::look(place, target, session, &mut findings).await else { return };
        // What cannot be read is said above, with the project.
        let sources = source::read(project);
        let table = sources.as_ref().ok().and_then(|sources| sources.ledger_table.as_deref()).unwrap_or(LEDGER);
        let (permissions, sees) = permissions::look(target, &session, table).await;
        findings.extend(permissions);
        let Some(sources) = sources.ok().filter(|_| sees) else { return };
        let at_work = lock::look(target, &session, &sources, &mut findings).await;
        let schema = ledger::look(target, &session, &sources, at_work, &mut findings).await;
        findings.extend(fixtures::look(project, place, schema.as_ref()));
    };
    if tokio::time::timeout(PATIENCE, questions).await.is_err() {
        let found = format!("no answer within {} seconds", PATIENCE.as_secs());
        findings.push(Finding::fail("answers", found, Advice::Stuck));
    }
    findings
}

/// The first of them, and how many more there are.
fn some(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}
