//! The keys that several commands have in their JSON documents. Those of a single command are in its file.

use std::path::Path;

use serde::Serialize;

use crate::app::context::Context;
use crate::error::Error;
use crate::scaffold::{Change, FilePlan};
use crate::ui::{FileAction, FileChange, MigrationAction, MigrationChange, Pretended, SeederRun, TableRows};
use kit_runtime::wire::Failure;

/// What commands that run migrations report.
#[derive(Default, Serialize)]
pub struct Migrated {
    /// Nothing was done.
    pub dry_run: bool,
    /// The database did not exist.
    pub database_created: bool,
    /// Those that ran, in order.
    pub migrations: Vec<MigrationChange>,
    /// What they would have done.
    pub pretended: Vec<Pretended>,
    /// What a signal stopped.
    pub interrupted: Option<Interruption>,
}

/// What commands that seed report.
#[derive(Default, Serialize)]
pub struct Seeded {
    /// Tables that were emptied first.
    pub emptied: Vec<String>,
    /// Tables that fixtures filled.
    pub tables: Vec<TableRows>,
    /// Seeders that ran.
    pub seeders: Vec<SeederRun>,
    /// The number that makes the same rows again.
    pub seed: Option<u64>,
}

/// What commands report that migrate and can seed afterwards.
#[derive(Default, Serialize)]
pub struct MigratedAndSeeded {
    #[serde(flatten)]
    migrated: Migrated,
    #[serde(flatten)]
    seeded: Seeded,
}

/// What commands report that write files.
#[derive(Default, Serialize)]
pub struct Written {
    /// Nothing was written.
    pub dry_run: bool,
    /// The file that the command is for.
    pub path: Option<String>,
    /// All files that were written.
    pub files: Vec<FileChange>,
}

/// What a signal stopped.
#[derive(Debug, Serialize)]
pub struct Interruption {
    signal: u8,
    /// The migration that was running.
    name: Option<String>,
    action: Option<MigrationAction>,
    rolled_back: Option<bool>,
}

impl Interruption {
    /// The interruption that an error reports.
    pub fn of(error: &Error) -> Option<Self> {
        let stopped = match error {
            Error::Migrator { failure: Failure::Interrupted { stopped, .. }, .. } => stopped.as_ref(),
            _ => None,
        };
        Some(Self {
            signal: error.signal()?,
            name: stopped.map(|stopped| stopped.name.clone()),
            action: stopped.and_then(|stopped| stopped.direction).map(Into::into),
            rolled_back: stopped.map(|stopped| stopped.rolled_back),
        })
    }
}

/// One key of a document.
macro_rules! key {
    ($(#[$doc:meta])* $name:ident { $field:ident: $type:ty }) => {
        $(#[$doc])*
        #[derive(Serialize)]
        pub struct $name {
            #[expect(missing_docs, reason = "the struct says it")]
            pub $field: $type,
        }
    };
}

key!(
    /// Nothing was done or written.
    DryRun { dry_run: bool }
);
key!(
    /// A signal stopped the run.
    Interrupted { interrupted: Option<Interruption> }
);
key!(
    /// The database was created.
    DatabaseCreated { database_created: bool }
);
key!(
    /// Tables whose rows were deleted.
    Emptied { emptied: Vec<String> }
);
key!(
    /// The number of a seed.
    SeedNumber { seed: Option<u64> }
);
key!(
    /// The file that a command is for.
    MainPath { path: String }
);

/// Lists the files of a plan in the document: those that it changes, relative to `root`.
pub fn list_files(ctx: &Context, root: &Path, plan: &FilePlan, is_dry_run: bool) {
    for file in plan.files() {
        let action = match file.change {
            Change::Create => FileAction::Created,
            Change::Update => FileAction::Changed,
            Change::Remove => FileAction::Deleted,
            Change::Unchanged => continue,
        };
        ctx.ui.list(&FileChange {
            path: file.path.strip_prefix(root).unwrap_or(&file.path).display().to_string(),
            action,
            content: (is_dry_run && action != FileAction::Deleted).then(|| file.content.clone()),
        });
    }
    if is_dry_run {
        ctx.ui.set(&DryRun { dry_run: true });
    }
}
