//! `kit about`.

use clap::Args;
use kit_runtime::config::origin::{Origin, Setting};
use serde::Serialize;

use crate::app::context::Context;
use crate::database::Target;
use crate::error::{Error, Exit, Result};
use crate::project::{Layout, Project};
use crate::ui;

/// Show kit's version and what it sees of the project
///
/// Each setting is shown with the file and line, the variable or the flag that it comes from. `kit about --env production` shows
/// what would hold in production, and `kit about --json` prints everything for programs.
#[derive(Debug, Args)]
pub struct AboutArgs {}

#[derive(Default, Serialize)]
struct About {
    kit: &'static str,
    environment: Option<String>,
    project: Option<String>,
    layout: Option<Layout>,
    migrations_folder: Option<String>,
    database: Option<String>,
    database_from: Option<String>,
    settings: Vec<Row>,
    #[serde(skip)]
    holder: Option<String>,
}

/// A setting that is in force.
#[derive(Serialize)]
struct Row {
    name: String,
    value: Option<String>,
    #[serde(flatten)]
    origin: Origin,
}

/// Shows what kit sees; outside of a project, that there is none.
pub fn run(ctx: &Context, _: &AboutArgs) -> Result<Exit> {
    ctx.ui.declare(&About { kit: env!("CARGO_PKG_VERSION"), ..About::default() });
    let project = match ctx.project() {
        Ok(project) => Some(project),
        Err(Error::NoProject { .. }) => None,
        Err(error) => return Err(error),
    };
    let (target, problem) = match project.map(|_| ctx.target()) {
        None => (None, None),
        Some(Ok(target)) => (Some(target), None),
        // Everything else is all the more worth showing.
        Some(Err(error @ Error::MissingUrl(_))) => (None, Some(error)),
        Some(Err(error)) => return Err(error),
    };
    let settings = project.map(|project| settings(ctx, project, target.as_ref())).unwrap_or_default();
    let value = |name: &str| settings.iter().find(|row| row.name == name).and_then(|row| row.value.clone());
    let about = About {
        kit: env!("CARGO_PKG_VERSION"),
        environment: value(ENVIRONMENT),
        project: project.map(|project| project.root.display().to_string()),
        layout: project.map(|project| project.layout),
        migrations_folder: value(MIGRATIONS),
        database: target.as_ref().map(Target::redacted),
        database_from: target.as_ref().map(origin_of),
        settings,
        holder: target.as_ref().and_then(|target| Some(target.holder.as_ref()?.name.clone())),
    };
    ctx.ui.set(&about);
    show(ctx, &about, problem.is_some());
    if let Some(problem) = problem {
        ctx.caution(&problem);
    }
    Ok(Exit::Ok)
}

const ENVIRONMENT: &str = "environment";
const MIGRATIONS: &str = "migrations";
const LAYOUT: &str = "layout";
const SCHEMA: &str = "schema";
const DATABASE: &str = "database";

/// Keys of kit.toml that are in force under another name.
const NAMED: [&str; 3] = ["environment", "project.layout", "project.migrations"];

fn settings(ctx: &Context, project: &Project, target: Option<&Target>) -> Vec<Row> {
    let row = |name: &str, value: String, origin: Origin| Row { name: name.to_owned(), value: Some(value), origin };
    let Setting { value, origin } = project.environment(&ctx.invocation());
    let mut rows = vec![row(ENVIRONMENT, value, origin)];
    let detected = |key: &str| match project.settings.keys.contains_key(key) {
        true => project.settings.origin(key),
        false => Origin::detected(),
    };
    rows.push(row(LAYOUT, format!("{:?}", project.layout).to_lowercase(), detected("project.layout")));
    rows.push(row(MIGRATIONS, project.relative(project.migrations()), detected("project.migrations")));
    if let Some(target) = target {
        rows.push(row(DATABASE, target.redacted(), target.origin.clone()));
        if let Some(holder) = &target.holder {
            rows.push(row(&holder.name, target.redacted(), holder.clone()));
        }
        if let (Some(schema), Some(origin)) = (&target.schema, &target.schema_origin) {
            rows.push(row(SCHEMA, schema.clone(), origin.clone()));
        }
    }
    let others = project.settings.keys.iter().filter(|(name, _)| !NAMED.contains(&name.as_str()));
    for (name, key) in others {
        let Some(value) = &key.value else { continue };
        let shown = url_of(project, name).unwrap_or_else(|| value.clone());
        rows.push(row(name, shown, project.settings.origin(name)));
    }
    rows
}

/// The URL under a key of kit.toml, without its password.
fn url_of(project: &Project, key: &str) -> Option<String> {
    let connection = project.settings.connections.get(key.strip_prefix("connections.")?.strip_suffix(".url")?)?;
    let target = Target::parse(connection.url.as_deref()?, key, &project.root);
    Some(target.map_or_else(|_| "***".to_owned(), |target| target.redacted()))
}

/// Where the URL comes from, through a variable or not.
fn origin_of(target: &Target) -> String {
    match &target.holder {
        Some(holder) => format!("{} ({holder})", target.origin),
        None => target.origin.to_string(),
    }
}

fn show(ctx: &Context, about: &About, has_problem: bool) {
    ctx.ui.row("kit", about.kit);
    ctx.ui.row("Project", &ui::printable(about.project.as_deref().unwrap_or("none here or above")));
    let Some(from) = &about.project.as_ref().and(Some(about.database_from.as_deref())) else { return };
    for setting in &about.settings {
        let value = ui::printable(setting.value.as_deref().unwrap_or_default());
        match setting.name.as_str() {
            DATABASE => {
                ctx.ui.row("Database", &value);
                ctx.ui.row("Database from", &ui::printable(from.unwrap_or_default()));
            }
            // It is shown with the database.
            name if Some(name) == about.holder.as_deref() => {}
            name => ctx.ui.row(&label(name), &format!("{value} ({})", ui::printable(&place(&setting.origin, name)))),
        }
    }
    if has_problem {
        ctx.ui.row("Database", "none");
    }
}

/// `Environment`; a key of kit.toml is shown as it is.
fn label(name: &str) -> String {
    match name {
        ENVIRONMENT | LAYOUT | MIGRATIONS | SCHEMA => ui::label(name),
        _ => name.to_owned(),
    }
}

/// The origin, without a name that is said already.
fn place(origin: &Origin, name: &str) -> String {
    match (&origin.file, origin.line) {
        (Some(file), Some(line)) if origin.name == name => format!("{file}:{line}"),
        _ => origin.to_string(),
    }
}
