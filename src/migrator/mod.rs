//! The programs that kit builds from a project's migrations and seeders: generating their crates, building and caching them,
//! and running requests. It returns what a program reported. It does not know the terminal.

mod build;
pub mod cache;
mod cargo;
pub(crate) mod cargo_settings;
mod fingerprint;
mod generate;
mod library_use;
pub mod lock_file;
mod modules;
mod obstacle;
pub mod package;
mod package_use;
mod process;
pub(crate) mod programs;
pub mod runtime_source;
mod seeder;
mod target_folder;
pub mod upgrade;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use kit_runtime::wire::{Event, Failure, Request};

use crate::error::Result;
use crate::project::Project;
use crate::project::seeders::Seeders;
use crate::project::settings::Settings;

pub use cache::Cache;
use package::Package;

/// What happens on the way.
#[derive(Debug)]
pub enum Notice {
    /// cargo was asked to build a program.
    Building {
        /// What is in it.
        what: &'static str,
    },
    /// The whole application is compiled with the migrations.
    WholePackage {
        /// Which one and why: `app`: m1.rs:3 uses `crate::config`.
        reason: String,
    },
    /// Another build has to end first.
    Waiting,
    /// cargo has one more crate.
    Built {
        /// The crate.
        name: String,
        /// It was not compiled: it was there already.
        fresh: bool,
        /// How many packages cargo has now.
        done: usize,
    },
    /// How many packages the program is built from.
    Packages {
        /// The number.
        total: usize,
    },
    /// Another second of a build is over.
    StillBuilding,
    /// The program is built.
    Ready {
        /// What is in it.
        what: &'static str,
    },
    /// Builds that were not used for a while were deleted.
    Cleaned {
        /// How many.
        builds: usize,
        /// How much they took, with what only they needed.
        bytes: u64,
    },
    /// A line of the compiler's own.
    Compiler(String),
    /// A line that a migration printed.
    Output(String),
    /// An event of the migrator.
    Event(Event),
    /// kit has received a signal and asked the program to end its work.
    Stopping,
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
    pub fn own_command<'a>(&self, settings: &'a Settings) -> &'a [String] {
        match self {
            Self::Migrator => &settings.migrator.command,
            Self::Seeder(_) => &settings.seeder.command,
        }
    }
}

/// What a program is built from.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// The project.
    pub project: &'a Project,
    /// Which of its programs.
    pub program: &'a Program,
    /// Where builds are kept.
    pub cache: &'a Cache,
    /// The environment of kit's own process.
    pub env: &'a BTreeMap<String, String>,
    /// The time now.
    pub now: SystemTime,
    /// How many bytes all builds may take.
    pub limit: Option<u64>,
}

/// A program that is up to date and can be run.
#[derive(Debug)]
pub struct Binary {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder in which it runs.
    folder: PathBuf,
    /// Keeps a program in the cache from being deleted.
    _in_use: Option<cache::InUse>,
}

/// What one run of a program needs.
pub struct Run {
    /// Variables that the program gets besides kit's own environment.
    pub env: Vec<(&'static str, String)>,
    /// Whether the program is killed when the future that waits for it is dropped.
    pub expendable: bool,
    /// What it is asked to do.
    pub request: Request,
}

/// Passes if the migrations can be compiled as far as their package tells: kit has an adapter for its SeaORM, and it has kit's
/// library if they use it.
///
/// # Errors
/// [`crate::error::Error::SeaOrm`], [`crate::error::Error::NoLibrary`], and those of reading manifests.
pub fn check(project: &Project) -> Result<()> {
    let package = Package::of(&project.index)?;
    package.sea_orm(&project.root)?;
    generate::check_library(project, &package)
}

/// Builds the program if anything that cargo would build it from has changed. Connects to no database.
///
/// # Errors
/// [`crate::error::Error::Build`] if the compiler refuses it, [`crate::error::Error::Program`] without cargo, and the
/// errors of generating its crate.
pub async fn build(build: Build<'_>, notify: &mut dyn FnMut(Notice)) -> Result<Binary> {
    let folder = build.project.root.clone();
    Ok(match build.program.own_command(&build.project.settings) {
        [] => {
            let (program, in_use) = build::binary(build, notify).await?;
            Binary { command: vec![program.display().to_string()], folder, _in_use: Some(in_use) }
        }
        command => Binary { command: command.to_vec(), folder, _in_use: None },
    })
}

/// Records that the project's migrations are still in use, although they are not run: nothing is pending.
pub fn mark_used(project: &Project, cache: &Cache, now: SystemTime) {
    cache::mark_used(&cache.crate_folder(&generate::crate_name(&project.index)), now);
}

impl Binary {
    /// Runs the request. The inner `Err` is the failure that the program reported.
    ///
    /// # Errors
    /// [`crate::error::Error::Program`] if it cannot be started, [`crate::error::Error::MigratorDied`].
    pub async fn run(&self, run: Run, notify: &mut dyn FnMut(Notice)) -> Result<std::result::Result<(), Failure>> {
        process::run(&self.command, &self.folder, &run, notify).await
    }
}
