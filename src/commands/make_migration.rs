//! `kit make:migration`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::app::answer::{MainPath, Written, list_files};
use crate::app::context::Context;
use crate::error::{Error, Exit, Result, UnmadeTable};
use crate::fields;
use crate::project::settings::Naming;
use crate::scaffold::intent::{Column, Intent, Shape};
use crate::scaffold::migration::{Assumption, Planned, Request, Target, Wishes, asks_schema, plan};
use crate::scaffold::{Change, FilePlan, model};
use crate::schema::model::Schema;
use crate::{schema, ui};

/// Write a new migration and register it
#[derive(Debug, Args)]
#[command(after_long_help = "\
NAME tells what the migration does:
  create_posts_table    movies          rename_posts_to_articles
  add_email_to_users                    rename_name_to_title_on_posts
  remove_email_and_phone_from_users     create_join_table_users_and_groups
  add_index_to_posts_user_id_and_slug   drop_posts_table
  add_users_email                       index_users_email       delete_users_email
Any other name makes an empty migration: data_fix_users_timezone. With fields, the columns in the name do not matter:
  AddColumnsToUsers name:string age:int
The path of the file is printed.

FIELD is NAME:TYPE, then what the type takes, then modifiers:
  title:string:100:required    email:string:unique     price:decimal:10:2:index    bio:text
  user:references              editor:references:null  author:references:users:restrict
  status:enum:draft,live:default=draft                 tags:array:string
A field without a type is a string.

Types:
  string string:LENGTH text char:LENGTH int big_int small_int tiny_int unsigned big_unsigned
  small_unsigned tiny_unsigned float double decimal decimal:PRECISION:SCALE money bool date time
  date_time ts tstz uuid uuid_col json jsonb blob binary_len:LENGTH var_binary:LENGTH
  enum:VALUE,VALUE array:TYPE references references:TABLE references:COLUMN
Modifiers:
  required (or !)    unique (or ^; required, too, unless null)    null (or ?)    index
  default=VALUE
References, when the other row is deleted:
  cascade set_null restrict no_action set_default
Shells expand the signs: quote them, as in 'title:string!', or use the words.")]
pub struct MakeMigrationArgs {
    /// What it is to do: create_posts_table
    name: Option<String>,
    /// Columns, as `title:string:required user:references`
    #[arg(value_name = "FIELD")]
    fields: Vec<String>,
    #[command(flatten)]
    together: Together,
    /// Create this table; without a value, the one that NAME says
    #[arg(long, value_name = "TABLE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    create: Option<String>,
    /// Change this table
    #[arg(long, value_name = "TABLE", conflicts_with = "create")]
    table: Option<String>,
    /// Folder of the file, relative to the project's root
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// Show what would be written, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Name the file after the clock on the wall instead of UTC
    #[arg(long)]
    local_time: bool,
}

/// What fields do not say one by one.
#[derive(Debug, Default, Args)]
pub struct Together {
    /// Make these columns unique together; may be repeated
    #[arg(long, value_name = "A,B")]
    pub unique: Vec<String>,
    /// Index these columns together; may be repeated
    #[arg(long, value_name = "A,B")]
    pub index: Vec<String>,
    /// Create the table without created_at and updated_at
    #[arg(long)]
    pub no_timestamps: bool,
    /// With deleted_at
    #[arg(long)]
    pub soft_deletes: bool,
}

/// Writes the migration; its path is the answer.
pub async fn run(ctx: &Context, args: &MakeMigrationArgs) -> Result<Exit> {
    ctx.ui.declare(&Written::default());
    let project = ctx.project()?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => ctx
            .ui
            .ask("What is the migration to do (create_posts_table)?")?
            .ok_or(Error::MissingArgument { argument: "NAME", command: "make:migration" })?,
    };
    let fields = fields::parse(&args.fields).map_err(|fault| Error::Field { fault })?;
    let wishes = args.together.wishes(&fields, false);
    let schema = if asks_schema(&name, wishes) { known_schema(ctx).await } else { None };
    let request = Request {
        name: &name,
        target: match (&args.create, &args.table) {
            (Some(table), _) if table.is_empty() => Target::Create(None),
            (Some(table), _) => Target::Create(Some(table)),
            (None, Some(table)) => Target::Table(table),
            (None, None) => Target::Name,
        },
        folder: args.path.as_deref(),
        wishes,
        schema: schema.as_ref(),
        now: if args.local_time { (ctx.local_now)() } else { (ctx.now)().naive_utc() },
    };
    let planned = plan(project, &request)?;
    let path = project.relative(&planned.path);
    if args.dry_run {
        show(ctx, &planned.plan)?;
    } else {
        planned.plan.apply()?;
        let naming = project.settings.naming;
        ctx.ui.info(format!("Created a migration that {}", summary(&planned.intent, naming)));
        ctx.ui.answer(&path);
    }
    list_files(ctx, &project.root, &planned.plan, args.dry_run);
    ctx.ui.set(&MainPath { path });
    say(ctx, &planned, args.dry_run);
    Ok(Exit::Ok)
}

impl Together {
    /// What is wished for with these fields.
    pub fn wishes<'a>(&'a self, fields: &'a [fields::Field], link: bool) -> Wishes<'a> {
        Wishes {
            fields,
            timestamps: !self.no_timestamps,
            soft_deletes: self.soft_deletes,
            link,
            unique: &self.unique,
            index: &self.index,
        }
    }
}

/// The schema of the project's database, if it can be read without waiting.
pub(super) async fn known_schema(ctx: &Context) -> Option<Schema> {
    let mut target = ctx.target().ok()?;
    target.patience = Some(Duration::from_secs(2));
    schema::read(&target.connect().await.ok()?).await.ok()
}

/// Tells what was assumed.
pub(super) fn say(ctx: &Context, planned: &Planned, is_dry_run: bool) {
    let module = || planned.path.file_stem().filter(|_| !is_dry_run).map(|stem| stem.to_string_lossy().into_owned());
    for assumption in &planned.assumptions {
        match assumption {
            Assumption::Refers { .. } | Assumption::Given(_) | Assumption::Builders(_) => {
                ctx.ui.info(sentence(assumption))
            }
            Assumption::Unmade(tables) => ctx.caution(&unmade(tables, module())),
            Assumption::NoColumns { table, columns, known, is_removal } => ctx.caution(&Error::NoColumns {
                table: table.clone(),
                columns: columns.clone(),
                known: known.clone(),
                is_removal: *is_removal,
                migration: module(),
            }),
            Assumption::Vague { name, example } => {
                ctx.caution(&Error::VagueName { name: name.clone(), example: example.clone() });
            }
            _ => ctx.ui.warn(sentence(assumption)),
        }
    }
}

/// Returns the error of references to tables that do not exist; `migration` is written in spite of that.
pub(super) fn unmade(tables: &[(String, String)], migration: Option<String>) -> Error {
    let unmade = |(table, column): &(String, String)| UnmadeTable {
        table: table.clone(),
        column: column.clone(),
        model: model::name(table),
    };
    Error::NoTable { tables: tables.iter().map(unmade).collect(), migration }
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
pub(super) fn summary(intent: &Intent, naming: Naming) -> String {
    let names = |columns: &[Column]| list(columns.iter().map(|column| column.name.as_str()));
    match intent {
        Intent::Blank => "does nothing yet".to_owned(),
        Intent::Alter { table } => format!("does nothing to `{table}` yet"),
        Intent::CreateTable(Shape { table, .. }) => format!("creates table `{table}`"),
        Intent::DropTable(Shape { table, .. }) => format!("drops table `{table}`"),
        Intent::RenameTable { from, to } => format!("renames table `{from}` to `{to}`"),
        Intent::JoinTable(shape) => {
            let in_key = |column: &&Column| shape.key.contains(&column.name);
            let sides = shape.columns.iter().filter(in_key).filter_map(|column| column.reference.as_ref());
            let sides: Vec<String> = sides.map(|side| format!("`{}`", side.table)).collect();
            format!("creates table `{}`, linking {}", shape.table, sides.join(" and "))
        }
        Intent::AddColumns(shape) if shape.columns.is_empty() => format!("creates {}", indexes(shape, naming)),
        Intent::RemoveColumns(shape) if shape.columns.is_empty() => format!("drops {}", indexes(shape, naming)),
        Intent::AddColumns(shape) => format!("adds {} to `{}`", names(&shape.columns), shape.table),
        Intent::RemoveColumns(shape) => format!("removes {} from `{}`", names(&shape.columns), shape.table),
        Intent::RenameColumn { table, from, to } => format!("renames `{from}` to `{to}` on `{table}`"),
        Intent::AddIndex(index) => format!("creates index `{}`", index.called(naming)),
        Intent::DropIndex(index) => format!("drops index `{}`", index.called(naming)),
    }
}

/// index `a`, `b`
fn indexes(shape: &Shape, naming: Naming) -> String {
    let names: Vec<String> = shape.indexes.iter().map(|index| index.called(naming)).collect();
    format!("index {}", list(names.iter().map(String::as_str)))
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
        Assumption::Builders(reason) => format!("Written with SeaORM's builders: {reason}"),
        Assumption::Refers { column, table } => format!("`{column}` refers to a row of `{table}`"),
        Assumption::Given(columns) => {
            let verb = if columns.len() == 1 { "comes" } else { "come" };
            format!("{} {verb} with the table: yours is left out", list(columns.iter().map(String::as_str)))
        }
        Assumption::Wanting { table, columns } => format!(
            "{} required and without a default: this fails where `{table}` has rows (`null` lets it be empty, `default=VALUE` gives one)",
            is_list(columns)
        ),
        Assumption::Lost { table, columns } => {
            format!("{} required, and rows would have nothing: `down` fails where `{table}` has rows", is_list(columns))
        }
        Assumption::Unmade(_) | Assumption::NoColumns { .. } | Assumption::Vague { .. } => String::new(),
        Assumption::Keys(tables) => {
            format!("Assumed an integer `id` in {}", list(tables.iter().map(String::as_str)))
        }
    }
}

/// `a`, `b`
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// `a`, `b` are
fn is_list(names: &[String]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", list(names.iter().map(String::as_str)))
}
