//! `kit init`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::app::answer::list_files;
use crate::app::context::Context;
use crate::error::{Error, Exit, Result};
use crate::project::Project;
use crate::scaffold::{Change, FilePlan, PlannedFile, starter};
use crate::ui::{FileChange, counted};

/// Start a project here, or add to one what kit needs
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Folder; the current one if not given
    dir: Option<PathBuf>,
    /// Add kit-runtime to the project, as sources in vendor/
    #[arg(long)]
    library: bool,
    /// With --library: replace sources that are there already
    #[arg(long, requires = "library")]
    force: bool,
    /// Show what would be written, write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Default, Serialize)]
struct Answer {
    dry_run: bool,
    files: Vec<FileChange>,
}

/// Writes what is missing; in a project that has migrations, nothing.
pub fn run(ctx: &Context, args: &InitArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let root = match &args.dir {
        Some(dir) => ctx.cwd.join(dir),
        None => ctx.cwd.clone(),
    };
    // A folder that is not there yet is made with the files in it.
    let root = root.canonicalize().unwrap_or(root);
    ctx.finish_writing(&root);
    if args.library {
        let root =
            package(&root).ok_or_else(|| Error::NoProject { start: root.clone(), optional: false, below: None })?;
        let plan = starter::library(&root, args.force)?;
        return finish(ctx, args, &root, &plan);
    }
    if root.is_dir() {
        let there = match Project::find(&root) {
            Ok(project) => Some(project.migrations().display().to_string()),
            Err(Error::SeveralMigrations { paths }) => Some(paths.join(", ")),
            Err(Error::NoProject { .. }) => None,
            Err(error) => return Err(error),
        };
        if let Some(there) = there {
            ctx.ui.info(format!("The project has its migrations in {there}, nothing to do"));
            return Ok(Exit::Ok);
        }
    }
    let starter = starter::project(&root)?;
    finish(ctx, args, &root, &starter.plan)?;
    for line in &starter.by_hand {
        ctx.ui.warn(line);
    }
    if !args.dry_run {
        if starter::env_is_tracked(&root) {
            ctx.ui.warn("git tracks .env, and with it the password: `git rm --cached .env`");
        }
        let there = args.dir.as_deref().filter(|dir| *dir != Path::new("."));
        let there = there.map(|dir| format!("`cd {}`, then ", for_shell(dir))).unwrap_or_default();
        ctx.ui.info(format!("Next: {there}`kit make:migration create_posts_table`, then `kit migrate`"));
    }
    Ok(Exit::Ok)
}

/// A path as it is typed in a shell.
fn for_shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The nearest folder with a Cargo.toml, from `start` upwards.
fn package(start: &Path) -> Option<PathBuf> {
    start.ancestors().find(|folder| folder.join("Cargo.toml").is_file()).map(Path::to_owned)
}

fn finish(ctx: &Context, args: &InitArgs, root: &Path, plan: &FilePlan) -> Result<Exit> {
    if !args.dry_run {
        plan.apply()?;
    }
    list_files(ctx, root, plan, args.dry_run);
    let (library, others): (Vec<&PlannedFile>, Vec<&PlannedFile>) =
        plan.files().iter().partition(|file| !args.dry_run && file.path.starts_with(root.join(starter::LIBRARY)));
    for change in [Change::Create, Change::Update, Change::Unchanged] {
        let count = library.iter().filter(|file| file.change == change).count();
        if count > 0 {
            let files = counted(count, "file");
            ctx.ui.row(&format!("{}/ ({files})", starter::LIBRARY), starter::word(change, args.dry_run));
        }
    }
    for file in others {
        let path = file.path.strip_prefix(root).unwrap_or(&file.path);
        ctx.ui.row(&path.display().to_string(), starter::word(file.change, args.dry_run));
    }
    Ok(Exit::Ok)
}
