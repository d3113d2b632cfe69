//! What `kit doctor` says to do about what it finds: one sentence each, with the exact command, file or setting. It knows
//! what is to be done, not how it was found out.

use std::fmt;
use std::path::PathBuf;

use kit_runtime::wire::Failure;
use serde::Serialize;

use super::Error;
use super::failure::failure_hint;

/// What to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the sentence below, which says more than its name")]
pub enum Advice {
    /// That of a failure, which says it in its own words.
    Known(String),

    // Toolchain.
    InstallRust,
    InstallToolchain,
    UpdateRust,
    InstallLinker,
    NameLinker {
        program: String,
        origin: String,
    },
    NameProgram,
    NameCache,
    CloseCache {
        path: PathBuf,
    },
    OwnCache {
        path: PathBuf,
    },
    HideCache {
        path: PathBuf,
    },
    CleanCache,
    CacheLimit,
    FreeDisk,

    // Project.
    NameProject,
    Settings,
    Dotenv,
    UntrackDotenv,
    IgnoreDotenv,
    FinishFiles,
    Manifest,
    Lock,
    OneSeaOrm,
    Driver {
        feature: &'static str,
    },
    Library,
    Migrator,
    Index {
        index: String,
    },
    Register {
        index: String,
        module: String,
    },
    RestoreFile {
        index: String,
        module: String,
    },
    Fixture,

    // Database.
    Url,
    HidePassword,
    MovePassword,
    Encrypt {
        parameter: &'static str,
    },
    Catalog,
    Stuck,
    UpdateServer {
        oldest: &'static str,
    },
    Direct,
    Clock,
    Encoding {
        statement: String,
    },
    Execute {
        statement: String,
    },
    OpenToWrite,
    Own {
        path: PathBuf,
    },

    // Ledger.
    Migrate,
    Modified {
        name: String,
    },
    OutOfOrder,
    DropIndexes,
    UpdateKit,
    EndProcess {
        pid: u32,
        host: String,
    },
    Unlock,
    WaitForLease,
    TakeLease,
    Killed,
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub struct Hint {
    hint: Option<String>,
}

impl Hint {
    /// Nothing, where all is well.
    pub fn of(advice: Option<&Advice>) -> Self {
        Self { hint: advice.map(Advice::to_string) }
    }
}

impl Advice {
    /// What the error itself advises.
    pub fn of(error: &Error) -> Option<Self> {
        error.hint().map(Self::Known)
    }

    /// What a migrator's failure advises, since it would come to that.
    pub fn after(failure: &Failure) -> Option<Self> {
        failure_hint(failure).map(Self::Known)
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Known(text) => text,
            Self::InstallRust => "install Rust from https://rustup.rs, or put cargo and rustc on the PATH",
            Self::InstallToolchain => {
                "run `rustup toolchain install` in the project, or name another one in its rust-toolchain.toml"
            }
            Self::UpdateRust => {
                "run `rustup update stable`; where the project has a rust-toolchain.toml, change the channel in it"
            }
            Self::InstallLinker => {
                "install a C compiler: `apt install build-essential`, `dnf install gcc` or `xcode-select --install`"
            }
            Self::NameLinker { program, origin } => {
                return write!(f, "install {program}, or name another linker in {origin}");
            }
            Self::NameProgram => "name a program that is there: [migrator] command in kit.toml",
            Self::NameCache => "set KIT_CACHE_DIR to a folder of yours",
            Self::CloseCache { path } => {
                return write!(
                    f,
                    "run `chmod go-w {0}` if it is yours, else set KIT_CACHE_DIR to a folder in which only you can write",
                    path.display()
                );
            }
            Self::OwnCache { path } => {
                return write!(f, "run `chown -R $USER {}`, or set KIT_CACHE_DIR to a folder of yours", path.display());
            }
            Self::HideCache { path } => return write!(f, "run `chmod 700 {}`", path.display()),
            Self::CleanCache => {
                "run `kit cache --older-than 7` to delete the builds that were not used for a week, or `kit cache --clear` \
                 to delete all of them"
            }
            Self::CacheLimit => "set KIT_CACHE_LIMIT to a size with its unit, such as 20GiB, or to `none`",
            Self::FreeDisk => "make room, or set KIT_CACHE_DIR to a folder on another disk",
            Self::NameProject => "go into a project, or name it with --project DIR",
            Self::Settings => "correct kit.toml at that line; the README lists all settings under Configuration",
            Self::Dotenv => "write each line of .env as NAME=value, with quotes around a value with spaces or #",
            Self::UntrackDotenv => {
                "run `git rm --cached .env`, add a line `.env` to .gitignore, and change the password"
            }
            Self::IgnoreDotenv => "add a line `.env` to .gitignore",
            Self::FinishFiles => "run `kit migrate:status`: it writes the missing files",
            Self::Manifest => "correct it until `cargo metadata` succeeds",
            Self::Lock => "run `cargo generate-lockfile` and commit it, so that every build has the same versions",
            Self::OneSeaOrm => {
                "ask for one version of sea-orm and sea-orm-migration in Cargo.toml, then run `cargo update`"
            }
            Self::Driver { feature } => {
                return write!(
                    f,
                    "add \"{feature}\" to the features of sea-orm in Cargo.toml: without it the application cannot connect"
                );
            }
            Self::Library => "run `kit init --library --force`",
            Self::Migrator => {
                "implement MigratorTrait there, or name the folder in kit.toml: [project] migrations = \"DIR\""
            }
            Self::Index { index } => return write!(f, "correct {index} until `cargo check` succeeds"),
            Self::Register { index, module } => {
                return write!(
                    f,
                    "add to {index}: `mod {module};`, and `Box::new({module}::Migration)` to the list; or delete the file"
                );
            }
            Self::RestoreFile { index, module } => {
                return write!(f, "restore the file from version control, or take `{module}` out of {index}");
            }
            Self::Fixture => {
                "give it the name of a table; `kit migrate` first, if a pending migration creates that one"
            }
            Self::Url => "check the URL: `kit about` shows where it comes from",
            Self::HidePassword => "set DATABASE_URL instead",
            Self::MovePassword => {
                "put the URL into .env as NAME_URL=…, and `env = \"NAME_URL\"` in place of `url` in kit.toml"
            }
            Self::Encrypt { parameter } => return write!(f, "add {parameter} to the URL"),
            Self::Catalog => "grant the user of the URL the privilege to read the server's catalog",
            Self::Stuck => "find out what blocks the server, then run `kit doctor` again",
            Self::UpdateServer { oldest } => return write!(f, "update the server to {oldest} or newer"),
            Self::Direct => "set DIRECT_DATABASE_URL beside DATABASE_URL to the server's own URL",
            Self::Clock => "let both machines ask a time server: `timedatectl set-ntp true`",
            Self::Encoding { statement } => {
                return write!(f, "change it, and convert the existing tables: {statement}");
            }
            Self::Execute { statement } => return write!(f, "have its owner execute: {statement}"),
            Self::OpenToWrite => "remove mode=ro from the URL",
            Self::Own { path } => return write!(f, "run `chown $USER {0}` and `chmod u+w {0}`", path.display()),
            Self::Migrate => "run `kit migrate`",
            Self::Modified { name } => {
                return write!(
                    f,
                    "restore the file from version control, or accept it: `kit migrate:repair --accept-checksum {name}`"
                );
            }
            Self::OutOfOrder => "rename it so that it comes last, or run `kit migrate`, which applies it nevertheless",
            Self::DropIndexes => "run `kit migrate:repair --drop-invalid-indexes`, then create them again",
            Self::UpdateKit => "install that kit: `git pull` and `./install.sh` in its clone",
            Self::EndProcess { pid, host } => {
                return write!(f, "wait for it; if it hangs, end process {pid} on {host}: its lock goes with it");
            }
            Self::Unlock => "wait for it; if it hangs, run `kit migrate:repair --unlock`",
            Self::WaitForLease => "wait for it, or end its process: the next run takes the lease fifteen seconds later",
            Self::TakeLease => "run `kit migrate`: it takes the lease fifteen seconds after the last sign of life",
            Self::Killed => "run `kit migrate:repair` to see what it left; the next run takes the lock",
        };
        f.write_str(text)
    }
}
