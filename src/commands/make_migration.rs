//! `kit make:migration`.

use std::path::PathBuf;

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::scaffold::intent::{Column, Intent};
use crate::scaffold::migration::{Assumption, Request, Target, plan};
use crate::scaffold::{Change, FilePlan};
use crate::ui;

/// Write a new migration and register it
#[derive(Debug, Args)]
#[command(after_long_help = "\
NAME says what it does:
  create_posts_table                    rename_posts_to_articles
  add_email_to_users                    rename_name_to_title_on_posts
  remove_email_and_phone_from_users     add_index_to_posts_slug
  drop_posts_table                      create_join_table_users_and_groups
Any other name makes an empty one. The path of the file is printed.")]
pub struct MakeMigrationArgs {
    /// What it is to do: create_posts_table
    name: Option<String>,
    /// Create this table; without a value, the one that NAME says
    #[arg(long, value_name = "TABLE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    create: Option<String>,
    /// Change this table
    #[arg(long, value_name = "TABLE", conflicts_with = "create")]
    table: Option<String>,
    /// Folder of the file, relative to the project's root
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// Create the table without created_at and updated_at
    #[arg(long)]
    no_timestamps: bool,
    /// Show what would be written, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Name the file after the clock on the wall instead of UTC
    #[arg(long)]
    local_time: bool,
}

/// Writes the migration; its path is the answer.
pub fn run(ctx: &Context, args: &MakeMigrationArgs) -> Result<Exit> {
    let project = ctx.project()?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => ctx
            .ui
            .ask("What is the migration to do (create_posts_table)?")?
            .ok_or(Error::MissingArgument { argument: "NAME", command: "make:migration" })?,
    };
    let request = Request {
        name: &name,
        target: match (&args.create, &args.table) {
            (Some(table), _) if table.is_empty() => Target::Create(None),
            (Some(table), _) => Target::Create(Some(table)),
            (None, Some(table)) => Target::Table(table),
            (None, None) => Target::Name,
        },
        folder: args.path.as_deref(),
        timestamps: !args.no_timestamps,
        now: if args.local_time { (ctx.local_now)() } else { (ctx.now)().naive_utc() },
    };
    let planned = plan(project, &request)?;
    let path = project.relative(&planned.path);
    if args.dry_run {
        show(ctx, &planned.plan)?;
    } else {
        planned.plan.apply()?;
        ctx.ui.info(format!("Created a migration that {}", summary(&planned.intent)));
        ctx.ui.answer(&path);
    }
    for assumption in &planned.assumptions {
        ctx.ui.warn(sentence(assumption));
    }
    Ok(Exit::Ok)
}

fn show(ctx: &Context, plan: &FilePlan) -> Result<()> {
    let project = ctx.project()?;
    for file in plan.files() {
        let verb = match file.change {
            Change::Create => "create",
            Change::Update => "update",
            Change::Remove => "remove",
            Change::Unchanged => continue,
        };
        ctx.ui.info(format!("Would {verb} [{}]", project.relative(&file.path)));
        ctx.ui.answer(ui::printable(&file.content));
    }
    Ok(())
}

/// What a migration does, in a few words.
fn summary(intent: &Intent) -> String {
    let names = |columns: &[Column]| list(columns.iter().map(|column| column.name.as_str()));
    match intent {
        Intent::Blank => "does nothing yet".to_owned(),
        Intent::Alter { table } => format!("does nothing to `{table}` yet"),
        Intent::CreateTable { table, .. } => format!("creates table `{table}`"),
        Intent::DropTable { table } => format!("drops table `{table}`"),
        Intent::RenameTable { from, to } => format!("renames table `{from}` to `{to}`"),
        Intent::JoinTable { table, sides: [left, right] } => {
            format!("creates table `{table}`, linking `{}` and `{}`", left.table, right.table)
        }
        Intent::AddColumns { table, columns } => format!("adds {} to `{table}`", names(columns)),
        Intent::RemoveColumns { table, columns } => format!("removes {} from `{table}`", names(columns)),
        Intent::RenameColumn { table, from, to } => format!("renames `{from}` to `{to}` on `{table}`"),
        Intent::AddIndex(index) => format!("creates index `{}`", index.name()),
        Intent::DropIndex(index) => format!("drops index `{}`", index.name()),
    }
}

fn sentence(assumption: &Assumption) -> String {
    match assumption {
        Assumption::Everything => {
            "The name says no table: `up` and `down` are empty (--create=TABLE, --table=TABLE)".to_owned()
        }
        Assumption::Table(table) => format!("Took `{table}` for the table (--table=TABLE names another)"),
        Assumption::Strings(columns) => {
            format!("Only the name is known of {}: assumed nullable string", list(columns.iter().map(String::as_str)))
        }
        Assumption::Dropped(columns) => {
            format!("What {} held is not known: `down` adds nullable string", list(columns.iter().map(String::as_str)))
        }
        Assumption::Irreversible(table) => {
            format!("What `{table}` held is not known: `down` fails until you write it")
        }
        Assumption::Keys(tables) => {
            format!("Assumed an integer `id` in {}", list(tables.iter().map(String::as_str)))
        }
    }
}

/// `a`, `b`
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
