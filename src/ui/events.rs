//! A migrator's events, shown as they come in and kept for what is said at the end.

use kit_runtime::wire::{Direction, Event};

use super::{Outcome, Ui};
use crate::error::warning_text;

/// What a run did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Applied or rolled back, in order.
    pub done: Vec<(Direction, String, u64)>,
    /// Whether the ledger was created.
    pub installed: bool,
    /// Objects dropped by a wipe.
    pub wiped: Option<usize>,
    /// The Migrator's names and ledger table, where they were asked for.
    pub listed: Option<(Vec<String>, String)>,
}

impl Report {
    /// Shows an event and takes note of it.
    pub fn show(&mut self, ui: &Ui, event: Event) {
        match event {
            Event::Hello { .. } | Event::Done => {}
            Event::Failed(_) => {}
            Event::Listed { migrations, ledger } => self.listed = Some((migrations, ledger)),
            Event::Installed => {
                self.installed = true;
                ui.info("Created the migration table");
            }
            Event::Wiped { objects } => {
                self.wiped = Some(objects);
                ui.info(format!("Dropped {objects} objects"));
            }
            Event::Planned { direction, migrations } => match (direction, migrations.is_empty()) {
                (Direction::Up, true) => ui.info("Nothing to migrate"),
                (Direction::Up, false) => ui.info("Running migrations"),
                (Direction::Down, true) => ui.info("Nothing to roll back"),
                (Direction::Down, false) => ui.info("Rolling back migrations"),
            },
            Event::Warned(warning) => ui.warn(warning_text(&warning)),
            Event::Started { name, .. } => ui.progress(&format!("{name} …")),
            Event::Finished { direction, name, millis } => {
                ui.task(&name, millis, Outcome::Done);
                self.done.push((direction, name, millis));
            }
        }
    }
}
