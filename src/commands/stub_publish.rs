//! `kit stub:publish`.

use clap::Args;
use serde::Serialize;

use crate::app::answer::list_files;
use crate::app::context::Context;
use crate::error::{Exit, Result};
use crate::scaffold::Change;
use crate::scaffold::stub::{Publish, publish};
use crate::ui::FileChange;

/// Copy kit's stubs into the project, to change them there
#[derive(Debug, Args)]
#[command(after_long_help = "\
They go into stubs/, and what is there wins over kit's own. Those that are there already are kept.")]
pub struct StubPublishArgs {
    /// Write only those that are there already, over what they are now
    #[arg(long, conflicts_with = "force")]
    existing: bool,
    /// Write all, over those that are there already
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Answer {
    files: Vec<FileChange>,
}

/// Writes the stubs; their paths are the answer.
pub fn run(ctx: &Context, args: &StubPublishArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer { files: Vec::new() });
    let project = ctx.project()?;
    let which = match (args.existing, args.force) {
        (true, _) => Publish::Existing,
        (false, true) => Publish::All,
        (false, false) => Publish::Missing,
    };
    let plan = publish(&project.root, which)?;
    plan.apply()?;
    list_files(ctx, &project.root, &plan, false);
    let changed: Vec<_> = plan.files().iter().filter(|file| file.change != Change::Unchanged).collect();
    for file in &changed {
        ctx.ui.answer(project.relative(&file.path));
    }
    match changed.len() {
        0 => ctx.ui.info("Nothing to publish"),
        1 => ctx.ui.info("Published 1 stub"),
        count => ctx.ui.info(format!("Published {count} stubs")),
    }
    Ok(Exit::Ok)
}
