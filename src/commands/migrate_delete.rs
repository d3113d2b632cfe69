//! `kit migrate:delete`.

use std::path::{Path, PathBuf};

use clap::Args;
use kit_runtime::ledger::{LEDGER, Ledger, State};
use serde::Serialize;

use crate::app::answer::list_files;
use crate::app::confirm::Destruction;
use crate::app::context::Context;
use crate::database::Target;
use crate::error::{Error, Exit, Result};
use crate::project::index::module_folder;
use crate::project::source::{self, Sources};
use crate::project::unregister::{mentions, unregister};
use crate::project::{self, Project};
use crate::scaffold::{Change, FilePlan};
use crate::ui::{FileChange, MigrationAction, MigrationChange};

/// Delete a migration: its file and its registration
///
/// Refused while the database has it applied. Also removes the registration of a file that is already deleted, and a
/// file that was never registered.
#[derive(Debug, Args)]
#[command(after_long_help = "Example: kit migrate:delete create_posts_table --dry-run")]
pub struct DeleteArgs {
    /// The migration, or a part of its name
    #[arg(value_name = "MIGRATION")]
    migration: String,
    /// Print the changes as a diff, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Answer yes to every question
    #[arg(long)]
    force: bool,
}

#[derive(Default, Serialize)]
struct Answer {
    dry_run: bool,
    migrations: Vec<MigrationChange>,
    files: Vec<FileChange>,
}

/// A migration that is to be deleted.
struct Found {
    /// Its name in the ledger.
    name: String,
    /// Its module in the index file.
    module: String,
    /// Its file, if it exists.
    file: Option<PathBuf>,
}

/// Deletes a migration.
pub async fn run(ctx: &Context, args: &DeleteArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let project = ctx.project()?;
    let sources = source::read(project)?;
    let found = find(project, &sources, &args.migration)?;
    let plan = plan(project, &found)?;
    let target = ctx.target()?;
    if !args.dry_run {
        ctx.allow_destruction("migrate:delete", &target)?;
    }
    let unknown = check_pending(&target, &sources, &found).await?;
    let files = || plan.files().iter().filter(|file| file.change != Change::Unchanged);
    if args.dry_run {
        list_files(ctx, &project.root, &plan, true);
        for file in files() {
            ctx.ui.diff(&project.relative(&file.path), file.before.as_deref(), &file.content);
        }
    }
    if let Some(why) = &unknown {
        ctx.ui.warn(format!("kit cannot tell whether `{}` is applied: {why}", found.name));
    }
    if args.dry_run {
        return Ok(Exit::Ok);
    }
    let state = if unknown.is_some() { "perhaps applied" } else { "not applied" };
    let names: Vec<String> = files()
        .map(|file| match file.change {
            Change::Remove => project.relative(&file.path),
            _ => format!("its lines in {}", project.relative(&file.path)),
        })
        .collect();
    let action = format!("Delete {} of `{}`, which is {state} in", names.join(" and "), found.name);
    let destruction = Destruction { command: "migrate:delete", action: &action, loss: "" };
    ctx.confirm_destructive(&destruction, &target, args.force)?;
    plan.apply()?;
    list_files(ctx, &project.root, &plan, false);
    ctx.ui.list(&MigrationChange::without_run(&found.name, MigrationAction::Deleted));
    ctx.ui.info(format!("Deleted `{}`: {}", found.name, names.join(" and ")));
    Ok(Exit::Ok)
}

/// Finds the migration that `given` names: exactly, by its file, or as the only one that contains it.
fn find(project: &Project, sources: &Sources, given: &str) -> Result<Found> {
    let stem = Path::new(given).file_stem().map_or(given.into(), |stem| stem.to_string_lossy());
    let listed = sources.registered.iter().flatten().chain(&sources.unregistered).map(|migration| Found {
        name: migration.name.clone(),
        module: migration.file.as_deref().and_then(module_of).unwrap_or_else(|| migration.name.clone()),
        file: migration.file.clone().filter(|_| migration.text.is_some()),
    });
    let mut all: Vec<Found> = listed.collect();
    // Where kit cannot read a migration's name, the list has none of the names: its files are still there.
    for (module, file) in source::candidates(&module_folder(&project.index)) {
        if !all.iter().any(|found| found.module == module) {
            all.push(Found { name: module.clone(), module, file: Some(file) });
        }
    }
    for gone in &sources.gone {
        if !all.iter().any(|found| found.module == gone.module) {
            all.push(Found { name: gone.module.clone(), module: gone.module.clone(), file: None });
        }
    }
    if let Some(at) = all.iter().position(|found| found.name == stem || found.module == stem) {
        return Ok(all.swap_remove(at));
    }
    all.retain(|found| !stem.is_empty() && found.name.contains(&*stem));
    match (all.len(), all.pop()) {
        (1, Some(found)) => Ok(found),
        (_, last) => {
            let similar = all.into_iter().chain(last).map(|found| found.name).collect();
            Err(Error::NoSuchMigration { name: given.to_owned(), similar })
        }
    }
}

/// Returns the module that is written in `file`.
fn module_of(file: &Path) -> Option<String> {
    let stem = file.file_stem()?.to_str()?;
    let module = if stem == "mod" { file.parent()?.file_name()?.to_str()? } else { stem };
    Some(module.to_owned())
}

/// Plans the removal of the file, or of its folder, and of the registration.
fn plan(project: &Project, found: &Found) -> Result<FilePlan> {
    let index = &project.index;
    let text = project::read(index)?;
    // With `#[path]` the module has another name than its file.
    let module = source::module_of_file(index, &text, found.file.as_deref())?.unwrap_or_else(|| found.module.clone());
    let mut plan = FilePlan::new(&project.root);
    let own = match &found.file {
        Some(file) => files_of(file)?,
        None => Vec::new(),
    };
    let mut places = Vec::new();
    for (_, other) in source::candidates(&module_folder(index)) {
        if !own.contains(&other) {
            let lines = mentions(&project::read(&other)?, &module).into_iter();
            places.extend(lines.map(|line| format!("{}:{line}", project.relative(&other))));
        }
    }
    if !places.is_empty() {
        return Err(Error::StillUsed { module, places });
    }
    for file in &own {
        plan.remove(file)?;
    }
    plan.write(index, unregister(index, &text, &module, project.chosen_migrator())?)?;
    Ok(plan)
}

/// The file; all files of the folder, if it is the `mod.rs` of one.
fn files_of(file: &Path) -> Result<Vec<PathBuf>> {
    let folder = file.parent().filter(|_| file.file_name().is_some_and(|name| name == "mod.rs"));
    let Some(folder) = folder else { return Ok(vec![file.to_owned()]) };
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let failed = |source| Error::File { action: "read", path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

/// Passes unless the database has the migration applied or begun. Returns why that cannot be known, if it cannot.
async fn check_pending(target: &Target, sources: &Sources, found: &Found) -> Result<Option<String>> {
    let table = sources.ledger_table.as_deref().unwrap_or(LEDGER);
    let ledger = match target.ledger_or_empty(table).await {
        Ok(ledger) => ledger,
        Err(error @ (Error::Connect { .. } | Error::Database { .. } | Error::Ledger { .. })) => {
            return Ok(Some(error.to_string()));
        }
        Err(error) => return Err(error),
    };
    if let Some(state) = begun(&ledger, &found.name) {
        let last = ledger.applied.last().is_some_and(|last| last.name == found.name);
        return Err(Error::StillApplied {
            name: found.name.clone(),
            state,
            database: target.redacted(),
            last: last && found.file.is_some(),
            has_file: found.file.is_some(),
        });
    }
    let assumed = || format!("`migration_table_name()` cannot be read, and `{table}` does not list it");
    let unnamed = || "its name in the ledger cannot be read from the sources".to_owned();
    Ok(sources.ledger_table.is_none().then(assumed).or_else(|| sources.registered.is_none().then(unnamed)))
}

fn begun(ledger: &Ledger, name: &str) -> Option<&'static str> {
    match ledger.halted().find(|entry| entry.name == name) {
        Some(entry) if entry.state == State::Failed => Some("failed"),
        Some(_) => Some("interrupted"),
        None => ledger.has(name).then_some("applied"),
    }
}
