//! The command line's end of the migrator: generate the crate, build it, cache it, drive it.

mod build;
mod generate;
mod modules;
mod package;
mod process;
pub mod runtime_source;
mod seeder;
mod stamp;

use std::path::PathBuf;

use kit_runtime::wire::{Event, Failure, Request};

use crate::error::{Error, Result};
use crate::project::Project;
use crate::project::seeders::Seeders;
use crate::project::settings::Settings;

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

/// Where kit keeps generated crates, their builds and the sources of the runtime.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The folder; made with mode 0700.
    pub folder: PathBuf,
}

impl Cache {
    /// `KIT_CACHE_DIR`, else `kit` in `XDG_CACHE_HOME`, `LOCALAPPDATA` or `~/.cache`.
    ///
    /// # Errors
    /// [`Error::Config`] where none of them is set.
    pub fn locate(env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let folder = env("KIT_CACHE_DIR")
            .map(PathBuf::from)
            .or_else(|| {
                env("XDG_CACHE_HOME").or_else(|| env("LOCALAPPDATA")).map(|base| PathBuf::from(base).join("kit"))
            })
            .or_else(|| env("HOME").map(|home| PathBuf::from(home).join(".cache/kit")));
        match folder {
            Some(folder) => Ok(Self { folder }),
            None => Err(Error::Config {
                origin: "the environment".to_owned(),
                message: "neither KIT_CACHE_DIR nor XDG_CACHE_HOME nor HOME says where to build migrations".to_owned(),
            }),
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
/// [`Error::Build`] and its kin if it cannot be built, [`Error::MigratorDied`]; the failure that the program
/// itself reported is the inner `Err`.
pub async fn run(run: Run<'_>, notify: &mut dyn FnMut(Notice)) -> Result<std::result::Result<(), Failure>> {
    let command = match run.program.own_command(&run.project.settings) {
        [] => vec![build::binary(run.project, &run.cache, &run.program, notify).await?.display().to_string()],
        command => command.to_vec(),
    };
    process::run(&run, &command, notify).await
}
