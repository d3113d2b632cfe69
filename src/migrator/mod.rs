//! The command line's end of the migrator: generate the crate, build it, cache it, drive it.

mod build;
mod generate;
mod modules;
mod package;
mod process;
pub mod runtime_source;
mod stamp;

use std::path::PathBuf;

use kit_runtime::wire::{Event, Failure, Request};

use crate::error::{Error, Result};
use crate::project::Project;
use crate::project::settings::Settings;

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
/// [`Error::Build`] and its kin if it cannot be built, [`Error::MigratorDied`]; the failure that the migrator
/// itself reported is the inner `Err`.
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
