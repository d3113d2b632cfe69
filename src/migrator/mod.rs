//! The command line's end of the migrator: generate the crate, build it, cache it, drive it.

mod build;
mod cache;
mod generate;
mod modules;
pub mod package;
mod process;
pub mod runtime_source;
mod stamp;

use kit_runtime::wire::{Event, Failure, Request};

use crate::error::Result;
use crate::project::Project;
use crate::project::settings::Settings;

pub use cache::Cache;

/// What happens on the way.
#[derive(Debug)]
pub enum Notice {
    /// cargo was asked to build the migrator.
    Building,
    /// cargo has built one more crate.
    Built {
        /// The crate.
        name: String,
    },
    /// The migrator is built.
    Ready,
    /// A line of the compiler's own.
    Compiler(String),
    /// A line that a migration printed.
    Output(String),
    /// An event of the migrator.
    Event(Event),
}

/// Everything a run of the migrator needs.
pub struct Run<'a> {
    /// The project.
    pub project: &'a Project,
    /// Where builds are kept.
    pub cache: Cache,
    /// Variables the migrator gets besides kit's own environment.
    pub env: Vec<(&'static str, String)>,
    /// It is killed if nobody waits for its end any more.
    pub expendable: bool,
    /// What it is asked.
    pub request: Request,
}

/// Builds the migrator if anything that goes into it has changed, and runs the request.
///
/// # Errors
/// [`crate::error::Error::Build`] and its kin if it cannot be built, [`crate::error::Error::MigratorDied`]; the failure
/// that the migrator itself reported is the inner `Err`.
pub async fn run(run: Run<'_>, notify: &mut dyn FnMut(Notice)) -> Result<std::result::Result<(), Failure>> {
    let command = match own_command(&run.project.settings) {
        Some(command) => command,
        None => vec![build::binary(run.project, &run.cache, notify).await?.display().to_string()],
    };
    process::run(&run, &command, notify).await
}

fn own_command(settings: &Settings) -> Option<Vec<String>> {
    (!settings.migrator.command.is_empty()).then(|| settings.migrator.command.clone())
}
