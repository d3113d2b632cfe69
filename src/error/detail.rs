//! What errors carry beside their sentence: facts that other modules find out. It finds out nothing itself.

use std::io;
use std::path::PathBuf;

use kit_runtime::config::origin::Origin;

/// Why a database has no URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingUrl {
    /// The variable that would have it.
    pub variable: String,
    /// Why the default is not taken instead.
    pub reason: NoDefault,
    /// The environment.
    pub environment: String,
    /// The file of Loco's that would have it, where the project is Loco's.
    pub loco: Option<String>,
    /// Variables that are almost called so.
    pub misspelt: Vec<Misspelt>,
    /// Where else in the project a URL is written.
    pub elsewhere: Vec<UrlPlace>,
}

/// Why the default database is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDefault {
    /// A connection names the variable.
    Connection {
        /// Where.
        origin: Origin,
    },
    /// The default is for development.
    Environment,
    /// A variable is almost called as the one with the URL: another database is meant.
    Misspelt,
    /// The project does not have its driver.
    Driver {
        /// Those that it has.
        drivers: Vec<String>,
    },
}

/// A variable that is probably meant for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misspelt {
    /// Its name.
    pub name: String,
    /// Where it is set.
    pub origin: Origin,
    /// The name that kit reads.
    pub meant: String,
}

/// A file and a line in it that has the URL of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlPlace {
    /// The file, relative to the project's root.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// Why cargo could not build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case", prefix = "build_")]
pub enum BuildObstacle {
    /// A disk is full.
    #[error("the build stopped: the disk is full")]
    DiskFull,
    /// The compiler or linker was killed, mostly because there was no memory left.
    #[error("the build stopped: the compiler or the linker was killed")]
    Killed,
    /// Dependencies could not be downloaded.
    #[error("the build stopped: dependencies could not be downloaded")]
    Download,
    /// cargo may not write a file.
    #[error("the build stopped: a file cannot be written")]
    Denied,
}

/// Why the cache cannot be listed or cleaned.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case", prefix = "cache_")]
pub enum CacheError {
    /// The system does not let kit.
    #[error("cannot {action} the build cache {}: {source}", path.display())]
    Io {
        /// read or clean
        action: &'static str,
        /// The cache.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are files in it that kit has not made.
    #[error("{} is not a build cache of kit, so nothing in it was deleted", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The requirements to change, none if all of them allow the release.
    pub requirements: Vec<ReleaseRequirement>,
    /// The requirement to write instead: `1.1`.
    pub wanted: &'static str,
    /// The command that changes the lock file; `None` without one.
    pub command: Option<String>,
}

/// A requirement in a Cargo.toml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRequirement {
    /// The package that is required.
    pub package: &'static str,
    /// As written.
    pub version: String,
    /// `migration/Cargo.toml:12`
    pub place: String,
}

/// What may be a Migrator, where kit does not read one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HiddenMigrator {
    /// An `impl MigratorTrait` in a module of the file.
    InModule {
        /// `inner::Migrator`
        path: String,
        /// Its line, counted from 1.
        line: usize,
    },
    /// The call of a macro, which may write one.
    Macro {
        /// The macro's name.
        name: String,
        /// Its line, counted from 1.
        line: usize,
    },
}

/// An applied migration without a file that was most likely renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The name in the ledger.
    pub old: String,
    /// The pending migration in the sources.
    pub new: String,
    /// The source is the one that was applied.
    pub is_same_source: bool,
}

/// What is wrong in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixtureMistake {
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The row, counted from 1.
    pub row: Option<u64>,
    /// The column.
    pub column: Option<String>,
    /// What it is.
    pub message: String,
}
