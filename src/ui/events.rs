//! What a migrator does, shown as it happens and kept for what is said at the end.

use std::collections::VecDeque;
use std::time::Instant;

use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Direction, Event, Failure, Fault, Remark};
use serde::{Serialize, Serializer};

use super::building::Building;
use super::document::{MigrationAction, MigrationChange, SeederRun};
use super::{Outcome, Ui, counted};
use crate::error::{Error, holder_text};
use crate::migrator::Notice;

/// What a run did so far.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Applied or rolled back, in order.
    pub done: Vec<MigrationChange>,
    /// Verified, in order.
    pub verified: Vec<Verified>,
    /// What was warned of.
    pub warnings: Vec<String>,
    /// The Migrator's names, where they were asked for.
    pub listed: Option<Vec<String>>,
    /// The ledger table, likewise.
    pub ledger: Option<String>,
    /// What migrations would have done, where that is all that was asked.
    pub pretended: Vec<Pretended>,
    /// Rows that factories have made.
    pub rows: u64,
    /// The migration that runs now.
    running: Option<String>,
    /// The migrations that are to run after it.
    planned: VecDeque<String>,
    /// The build that goes on.
    build: Option<Building>,
    /// When a seeder began, for how quick it is.
    seeding: Option<Instant>,
    /// Nothing is done: for which database the SQL is, and its schema.
    script: Option<(Dialect, Option<String>)>,
    /// Statements of the script that come before the first migration.
    ahead: Vec<String>,
    /// The script has begun.
    begun: bool,
}

/// A migration that only said what it would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pretended {
    /// Its name.
    pub name: String,
    /// What would happen.
    pub action: MigrationAction,
    /// Its statements, in order.
    pub statements: Vec<String>,
    /// What is to be known of them.
    pub notes: Vec<Note>,
    /// Places where a run may do something else.
    pub undecided: Vec<Note>,
    /// The whole script: its statements, the bounds of transactions and the rows of the migration table.
    pub script: Vec<String>,
}

/// A remark on a migration that only reported what it would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How many of the migration's statements come before it.
    pub after_statements: usize,
    /// The remark.
    pub message: String,
}

/// A migration that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its name.
    pub migration: String,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// What else there is to say.
    pub notes: Vec<Remark>,
    /// How long it took.
    pub milliseconds: u64,
}

impl Serialize for Verified {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct WithText<'a> {
            #[serde(flatten)]
            fault: &'a Fault,
            text: String,
        }
        #[derive(Serialize)]
        struct Line<'a> {
            name: &'a str,
            ok: bool,
            duration_ms: u64,
            faults: Vec<WithText<'a>>,
            notes: Vec<String>,
        }
        let faults = self.faults.iter().map(|fault| WithText { fault, text: fault.to_string() });
        let line = Line {
            name: &self.migration,
            ok: self.faults.is_empty(),
            duration_ms: self.milliseconds,
            faults: faults.collect(),
            notes: self.notes.iter().map(ToString::to_string).collect(),
        };
        line.serialize(serializer)
    }
}

impl Verified {
    fn show(&self, ui: &Ui) {
        let outcome = if self.faults.is_empty() { Outcome::Done } else { Outcome::Fail };
        ui.task(&self.migration, Some(self.milliseconds), outcome);
        for fault in &self.faults {
            ui.detail(&fault.to_string());
            ui.changes(fault.changes());
        }
        for note in &self.notes {
            ui.detail(&note.to_string());
        }
    }
}

#[derive(Serialize)]
struct DroppedObjects {
    dropped_objects: usize,
}

impl Report {
    /// A report of a run that does nothing.
    pub fn pretending(dialect: Dialect, schema: Option<String>) -> Self {
        Self { script: Some((dialect, schema)), ..Self::default() }
    }

    /// Shows what happened and takes note of it.
    pub fn show(&mut self, ui: &Ui, notice: Notice) {
        match notice {
            Notice::Building { what } => {
                self.build = Some(Building::of(what));
                self.show_build(ui);
            }
            Notice::WholePackage { reason } => ui.info(format!("Building the whole package {reason}")),
            Notice::Waiting => ui.info("Waiting for another build to end"),
            Notice::Cleaned { builds, bytes } => {
                let builds = counted(builds, "unused build");
                ui.info(format!("Deleted {builds} from kit's cache: {}", super::size(bytes)));
            }
            Notice::Built { name, fresh, done } => {
                if let Some(build) = &mut self.build {
                    build.compiled += usize::from(!fresh);
                    (build.done, build.last) = (done, name);
                }
                if !fresh {
                    self.show_build(ui);
                }
            }
            Notice::Packages { total } => {
                if let Some(build) = &mut self.build {
                    build.total = Some(total);
                }
            }
            Notice::StillBuilding => self.show_build(ui),
            Notice::Ready { what } => {
                ui.clear_transient();
                let compiled = self.build.take().map(|build| build.compiled).unwrap_or_default();
                ui.verbose(format!("  built the {what}; crates compiled: {compiled}"));
            }
            Notice::Compiler(line) | Notice::Output(line) => ui.foreign(&line),
            Notice::Event(event) => self.event(ui, event),
            Notice::Stopping => ui.info("Interrupted: stopping what is running (once more ends it at once)"),
        }
    }

    fn show_build(&self, ui: &Ui) {
        if let Some(build) = &self.build {
            ui.progress(&build.line());
        }
    }

    /// Shows the migration that was running when it failed, and which ones did not run after a signal.
    pub fn failed(&mut self, ui: &Ui, error: &Error) {
        let running = self.running.take();
        let outcome = match error {
            Error::Migrator { failure: Failure::Interrupted { stopped: Some(stopped), .. }, .. } => {
                if stopped.rolled_back { Outcome::RolledBack } else { Outcome::Interrupted }
            }
            Error::Killed { .. } => Outcome::Interrupted,
            _ => Outcome::Fail,
        };
        if let Some(name) = running {
            match self.script {
                Some(_) => ui.remark(&format!("failed: {error}")),
                None => ui.task(&name, None, outcome),
            }
        }
        if error.signal().is_some() && !self.planned.is_empty() && self.script.is_none() {
            ui.info(format!("Not run: {}", self.planned.iter().cloned().collect::<Vec<_>>().join(", ")));
        }
    }

    fn event(&mut self, ui: &Ui, event: Event) {
        match event {
            Event::Hello { .. } | Event::Done | Event::Failed(_) => {}
            Event::Listed { migrations, ledger } => {
                self.listed = Some(migrations);
                self.ledger = Some(ledger);
            }
            Event::Waiting { holder } => ui.info(format!("Waiting for {}", holder_text(holder.as_ref()))),
            Event::Installed => ui.info("Created the migration table"),
            Event::Wiped { objects } => {
                ui.set(&DroppedObjects { dropped_objects: objects });
                ui.info(format!("Dropped {}", counted(objects, "object")));
            }
            Event::Planned { direction, migrations } if self.script.is_some() && !migrations.is_empty() => {
                let count = counted(migrations.len(), "migration");
                ui.info(match direction {
                    Direction::Up => format!("Would run {count}, nothing is changed"),
                    Direction::Down => format!("Would roll back {count}, nothing is changed"),
                });
            }
            Event::Scripted { sql } => self.scripted(ui, sql),
            Event::Statement { sql } => {
                self.scripted(ui, sql.clone());
                if let Some(last) = self.pretended.last_mut() {
                    last.statements.push(sql);
                }
            }
            Event::Noted(note) => {
                let text = note.to_string();
                let mark = if note.is_undecided() { "undecided" } else { "note" };
                ui.remark(&format!("{mark}: {text}"));
                if let Some(last) = self.pretended.last_mut() {
                    let list = if note.is_undecided() { &mut last.undecided } else { &mut last.notes };
                    list.push(Note { after_statements: last.statements.len(), message: text });
                }
            }
            Event::Started { direction, name } if self.script.is_some() => {
                self.begin(ui, direction, name);
            }
            Event::Finished { .. } if self.script.is_some() => self.running = None,
            Event::Planned { direction, migrations } => {
                ui.info(match (direction, migrations.is_empty()) {
                    (Direction::Up, true) => "Nothing to migrate",
                    (Direction::Up, false) => "Running migrations",
                    (Direction::Down, true) => "Nothing to roll back",
                    (Direction::Down, false) => "Rolling back migrations",
                });
                self.planned = migrations.into();
            }
            Event::Warned(warning) => {
                let text = warning.to_string();
                // A migration that is tried several times says the same each time.
                if !self.warnings.contains(&text) {
                    ui.warn(&text);
                    self.warnings.push(text);
                }
            }
            Event::Started { name, .. } => {
                ui.progress(&name);
                self.planned.pop_front();
                self.running = Some(name);
            }
            Event::Seeding { seeder, rows } => {
                let clock = self.seeding.get_or_insert_with(Instant::now);
                let pace = rows as f64 / clock.elapsed().as_secs_f64().max(0.001);
                ui.progress(&if rows == 0 { seeder } else { format!("{seeder}: {rows} rows, {pace:.0} a second") });
            }
            Event::Seeded { seeder, rows, millis } => {
                ui.task(&format!("{seeder}{}", made(rows)), Some(millis), Outcome::Done);
                ui.list(&SeederRun { name: seeder, rows, duration_ms: millis });
                self.rows = self.rows.max(rows);
            }
            Event::Verified { name, millis, faults, notes } => {
                self.running = None;
                let verified = Verified { migration: name, faults, notes, milliseconds: millis };
                verified.show(ui);
                ui.list(&verified);
                self.verified.push(verified);
            }
            Event::Finished { direction, name, millis } => {
                self.running = None;
                ui.task(&name, Some(millis), Outcome::Done);
                let change = MigrationChange { name, action: direction.into(), duration_ms: Some(millis) };
                ui.list(&change);
                self.done.push(change);
            }
        }
    }

    /// Shows once what makes a client's session like a migrator's.
    fn preamble(&mut self, ui: &Ui) {
        if let Some((dialect, schema)) = &self.script
            && !self.begun
        {
            for line in dialect.preamble(schema.as_deref()) {
                ui.script(&dialect.script(&line));
            }
        }
        self.begun = true;
    }

    /// Shows a statement of a script.
    fn scripted(&mut self, ui: &Ui, sql: String) {
        let Some((dialect, _)) = self.script else { return };
        self.preamble(ui);
        ui.script(&dialect.script(&sql));
        match self.pretended.last_mut() {
            Some(last) => last.script.push(sql),
            None => self.ahead.push(sql),
        }
    }

    /// The head of a migration that is not run.
    fn begin(&mut self, ui: &Ui, direction: Direction, name: String) {
        self.preamble(ui);
        ui.gap();
        ui.remark(&match direction {
            Direction::Up => name.clone(),
            Direction::Down => format!("{name}, rolling back"),
        });
        self.running = Some(name.clone());
        let script = std::mem::take(&mut self.ahead);
        let none = Vec::new;
        let pretended = Pretended {
            name,
            action: direction.into(),
            statements: none(),
            notes: Vec::new(),
            undecided: Vec::new(),
            script,
        };
        self.pretended.push(pretended);
    }
}

/// `, 12 rows`
fn made(rows: u64) -> String {
    match usize::try_from(rows) {
        Ok(0) => String::new(),
        rows => format!(", {}", counted(rows.unwrap_or(usize::MAX), "row")),
    }
}
