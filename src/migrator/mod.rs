//! The command line's end of the migrator: generate the crate, build it, cache it, drive it.

mod build;
mod cache;
mod generate;
mod modules;
pub mod package;
mod process;
pub mod runtime_source;
mod seeder;
mod stamp;

use kit_runtime::wire::{Event, Failure, Request};

use crate::error::Result;
use crate::project::Project;
use crate::project::seeders::Seeders;
use crate::project::settings::Settings;

pub use cache::Cache;

/// What happens on the way.
#[derive(Debug)]
pub enum Notice {
    /// cargo was asked to build a program.
    Building {
        /// What is in it.
        what: &'static str,
    },
    /// cargo has built one more crate.
    Built {
        /// The crate.
        name: String,
    },
    /// The program is built.
    Ready {
        /// What is in it.
        what: &'static str,
    },
    /// A line of the compiler's own.
    Compiler(String),
    /// A line that a migration printed.
    Output(String),
    /// An event of the migrator.
    Event(Event),
}

/// What is built and run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The project's migrations.
    Migrator,
    /// Its seeders. They need the entities, which may not fit the schema before the migrations have run: so they are a
    /// program of their own.
    Seeder(Seeders),
}

impl Program {
    /// What is in it.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Migrator => "migrations",
            Self::Seeder(_) => "seeders",
        }
    }

    /// The project's own entry, where it has one.
    fn own_command<'a>(&self, settings: &'a Settings) -> &'a [String] {
        match self {
            Self::Migrator => &settings.migrator.command,
            Self::Seeder(_) => &settings.seeder.command,
        }
    }
}

/// Everything a run of the migrator needs.
pub struct Run<'a> {
    /// The project.
    pub project: &'a Project,
    /// What to run.
    pub program: Program,
    /// Where builds are kept.
    pub cache: Cache,
    /// Variables the migrator gets besides kit's own environment.
    pub env: Vec<(&'static str, String)>,
    /// It is killed if nobody waits for its end any more.
    pub expendable: bool,
    /// What it is asked.
    pub request: Request,
}

/// Builds the program if anything that goes into it has changed, and runs the request.
///
/// # Errors
/// [`crate::error::Error::Build`] and its kin if it cannot be built, [`crate::error::Error::MigratorDied`]; the failure
/// that the program itself reported is the inner `Err`.
pub async fn run(run: Run<'_>, notify: &mut dyn FnMut(Notice)) -> Result<std::result::Result<(), Failure>> {
    let command = match run.program.own_command(&run.project.settings) {
        [] => vec![build::binary(run.project, &run.cache, &run.program, notify).await?.display().to_string()],
        command => command.to_vec(),
    };
    process::run(&run, &command, notify).await
}
