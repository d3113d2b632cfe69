//! `kit about`.

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::ui;

/// Show kit's version and what it sees of the project
#[derive(Debug, Args)]
pub struct AboutArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct About {
    kit: &'static str,
    environment: Option<String>,
    project: Option<String>,
    layout: Option<crate::project::Layout>,
    migrations: Option<String>,
    database: Option<String>,
    database_from: Option<String>,
}

/// Shows what kit sees; outside of a project, that there is none.
pub fn run(ctx: &Context, args: &AboutArgs) -> Result<Exit> {
    let project = match ctx.project() {
        Ok(project) => Some(project),
        Err(Error::NoProject { .. }) => None,
        Err(error) => return Err(error),
    };
    let target = project.map(|_| ctx.target()).transpose()?;
    let about = About {
        kit: env!("CARGO_PKG_VERSION"),
        environment: project.map(|_| ctx.environment()).transpose()?,
        project: project.map(|project| project.root.display().to_string()),
        layout: project.map(|project| project.layout),
        migrations: project.map(|project| project.relative(project.migrations())),
        database: target.as_ref().map(|target| target.redacted()),
        database_from: target.map(|target| target.origin),
    };
    if args.json {
        ctx.ui.json(&about);
        return Ok(Exit::Ok);
    }
    ctx.ui.row("kit", about.kit);
    ctx.ui.row("Project", &ui::printable(about.project.as_deref().unwrap_or("none here or above")));
    if let Some(layout) = about.layout {
        ctx.ui.row("Layout", &format!("{layout:?}").to_lowercase());
    }
    for (label, value) in [
        ("Migrations", about.migrations),
        ("Environment", about.environment),
        ("Database", about.database),
        ("Database from", about.database_from),
    ] {
        if let Some(value) = value {
            ctx.ui.row(label, &ui::printable(&value));
        }
    }
    Ok(Exit::Ok)
}
