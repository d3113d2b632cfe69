//! What happens, for those who subscribe to `tracing`: an event for each [`Event`] worth a line, with what it is about as
//! fields. Whether anybody listens, and where it is written, is the application's business.

use tracing::{debug, info, warn};

use crate::wire::Event;

/// Whose events they are, for whoever filters them.
const TARGET: &str = "kit_runtime";

/// Says it.
pub(super) fn event(event: &Event) {
    match event {
        Event::Waiting { holder } => {
            info!(target: TARGET, holder = holder.as_ref().map(tracing::field::display), "waiting for another run to end")
        }
        Event::Planned { direction, migrations } => {
            info!(target: TARGET, direction = direction.name(), count = migrations.len(), "migrations to run");
        }
        Event::Started { direction, name } => {
            debug!(target: TARGET, direction = direction.name(), migration = name.as_str(), "migration starts");
        }
        Event::Finished { direction, name, millis } => {
            info!(target: TARGET, direction = direction.name(), migration = name.as_str(), millis = *millis, "migration is done");
        }
        Event::Warned(warning) => warn!(target: TARGET, "{warning}"),
        Event::Hello { .. }
        | Event::Listed { .. }
        | Event::Installed
        | Event::Wiped { .. }
        | Event::Verified { .. }
        | Event::Statement { .. }
        | Event::Scripted { .. }
        | Event::Noted { .. }
        | Event::Seeding { .. }
        | Event::Seeded { .. }
        | Event::Done
        | Event::Failed(_) => {}
    }
}
