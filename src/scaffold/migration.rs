//! A new migration: its name, its file, its source and its registration as one [`FilePlan`]. It returns
//! the plan with what had to be assumed, and writes nothing. It does not know how assumptions are told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{NaiveDateTime, TimeDelta};

use super::guess::{self, Guess, Scope};
use super::intent::{Column, Definition, Intent};
use super::known::Known;
use super::shape;
pub use super::shape::Wishes;
use super::source::Style;
use super::{FilePlan, name, source, vague};
use crate::error::{Error, Registering, Result};
use crate::fields::Field;
use crate::migrator::package::major_of;
use crate::project::register::{Module, register};
use crate::project::source::{candidates, declared, module_folder, name_of_migration};
use crate::project::source_tables;
use crate::project::{Project, read};
use crate::schema::model::Schema;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The name as given.
    pub name: &'a str,
    /// What it is about, if the name alone is not to say it.
    pub target: Target<'a>,
    /// The folder of the file, relative to the project's root; `None` for that of the other migrations.
    pub folder: Option<&'a Path>,
    /// Fields, and what else a table gets.
    pub wishes: Wishes<'a>,
    /// The schema of the project's database, where it could be read.
    pub schema: Option<&'a Schema>,
    /// The moment of its timestamp.
    pub now: NaiveDateTime,
}

/// What a migration is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// What its name says.
    Name,
    /// A new table; the one that its name says, if none is given.
    Create(Option<&'a str>),
    /// This table, which is there.
    Table(&'a str),
}

/// A migration that is not written yet.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its file, and the index file with its registration.
    pub plan: FilePlan,
    /// Its file.
    pub path: PathBuf,
    /// What it does.
    pub intent: Intent,
    /// What had to be assumed.
    pub assumptions: Vec<Assumption>,
}

impl Planned {
    /// Returns the tables that references need and that do not exist, each with the column that refers to it.
    pub fn unmade(&self) -> Option<&[(String, String)]> {
        self.assumptions.iter().find_map(|assumption| match assumption {
            Assumption::Unmade(tables) => Some(tables.as_slice()),
            _ => None,
        })
    }
}

/// What a name did not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// Nothing of what the migration does.
    Everything,
    /// Where the table's name ends.
    Table(String),
    /// The types of new columns: nullable strings.
    Strings(Vec<String>),
    /// The types of dropped columns: `down` adds nullable strings.
    Dropped(Vec<String>),
    /// Which of two names a reference gives is the table.
    Refers {
        /// The column.
        column: String,
        /// The table.
        table: String,
    },
    /// Columns that were asked for and come with the table anyway.
    Given(Vec<String>),
    /// Required columns for which rows that are there have nothing.
    Wanting {
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// Required columns for which rows have nothing when `down` brings them back.
    Lost {
        /// The table.
        table: String,
        /// The columns.
        columns: Vec<String>,
    },
    /// What a dropped table was: `down` fails.
    Irreversible(String),
    /// The keys of linked tables: an integer `id`.
    Keys(Vec<String>),
    /// Tables that references need and that do not exist, each with the column that refers to it.
    Unmade(Vec<(String, String)>),
    /// Columns that a table does not have, and those that it has.
    NoColumns {
        /// The table.
        table: String,
        /// The columns that it does not have.
        columns: Vec<String>,
        /// Its columns.
        known: Vec<String>,
        /// The columns are to be removed, not to be indexed.
        is_removal: bool,
    },
    /// The migration is written with SeaORM's builders, for this reason, although helpers are asked for.
    Builders(String),
    /// The name does not tell what changes.
    Vague {
        /// The name.
        name: String,
        /// A name that does.
        example: String,
    },
}

/// Plans a migration.
///
/// # Errors
/// [`Error::BadName`], [`Error::MigrationExists`], [`Error::Registration`], [`Error::Stub`],
/// [`Error::OutsideProject`], and those of reading files.
pub fn plan(project: &Project, request: &Request<'_>) -> Result<Planned> {
    let name = name::migration(request.name)?;
    let place = place(project, request.folder)?;
    let text = read(&place.index)?;
    let existing = existing(&place, &text)?;
    let same = |stem: &str| name_of_migration(stem).unwrap_or(stem).eq_ignore_ascii_case(&name);
    if let Some((_, path)) = existing.iter().find(|(stem, _)| same(stem)) {
        return Err(Error::MigrationExists { name, path: path.clone() });
    }
    let mut tables = guess::tables(existing.iter().filter_map(|(stem, _)| name_of_migration(stem)));
    let sources = source_tables::tables(&project.root, existing.iter().map(|(_, path)| path.as_path()));
    tables.extend(sources.tables.keys().cloned());
    tables.extend(request.schema.iter().flat_map(|schema| &schema.tables).map(|table| table.name.clone()));
    let Guess { intent, split } = intent(&name, &tables, request)?;
    let known = Known { tables, sources, schema: request.schema };
    let (intent, mut assumptions) = shape::complete(intent, request.wishes, &known)?;
    check_names(&intent)?;
    let release = major_of(&project.index, &project.root);
    let style = Style {
        naming: project.settings.naming,
        release,
        statements: project.settings.statements,
        is_key_given: request.wishes.fields.iter().any(|field| field.name.eq_ignore_ascii_case("id")),
    };
    let source = source::source(&project.root, &name, &intent, style)?;
    let module = format!("{}_{name}", free_moment(&existing, request.now));
    let path = place.folder.join(format!("{module}.rs"));
    let relative = relative(&place, &module)?;
    let registered =
        register(&place.index, &text, Module { name: &module, path: relative.as_deref() }, project.chosen_migrator())?;
    let mut plan = FilePlan::new(&project.root);
    plan.create(&path, source.text)?;
    plan.write(&place.index, registered)?;
    assumptions.extend(source.without_helpers.map(Assumption::Builders));
    assumptions.extend(self::assumptions(&name, &intent, split));
    if let Some(example) = vague::clearer(&name, &intent) {
        assumptions.retain(|assumption| *assumption != Assumption::Everything);
        assumptions.push(Assumption::Vague { name, example });
    }
    Ok(Planned { plan, path, intent, assumptions })
}

/// Whether the schema would say more of what is asked for: keys of other tables, columns of an index, and what is to be removed.
pub fn asks_schema(name: &str, wishes: Wishes<'_>) -> bool {
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let first = words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let removes = ["remove", "drop", "delete"].iter().any(|verb| first.starts_with(verb));
    let lower = name.to_ascii_lowercase();
    let refers = ["join", "_ref", "ref_", "_id_", "refto", "idto"].iter().any(|word| lower.contains(word));
    let indexes = lower.contains("index") || !wishes.index.is_empty() || !wishes.unique.is_empty();
    removes || refers || indexes || wishes.fields.iter().any(Field::is_reference)
}

/// Where the file goes and where it is registered.
struct Place {
    folder: PathBuf,
    index: PathBuf,
}

fn place(project: &Project, folder: Option<&Path>) -> Result<Place> {
    let index = project.index.clone();
    let Some(folder) = folder.map(|folder| project.root.join(folder)) else {
        return Ok(Place { folder: module_folder(&index), index });
    };
    let own = ["mod.rs", "lib.rs"].iter().map(|name| folder.join(name)).find(|own| own.is_file());
    Ok(Place { index: own.unwrap_or(index), folder })
}

/// The path to write in `#[path = …]`, if Rust would look for the module elsewhere.
fn relative(place: &Place, module: &str) -> Result<Option<String>> {
    if module_folder(&place.index) == place.folder {
        return Ok(None);
    }
    let below = place.index.parent().and_then(|parent| place.folder.strip_prefix(parent).ok());
    let words = below.map(|below| below.components().map(|part| part.as_os_str().to_str()).collect::<Option<Vec<_>>>());
    match words {
        Some(Some(words)) => Ok(Some(format!("{}/{module}.rs", words.join("/")))),
        _ => Err(Error::Registration {
            edit: Registering::Register,
            path: place.index.clone(),
            module: module.to_owned(),
            reason: format!("{} is not below it and has no mod.rs of its own", place.folder.display()),
            lines: Module { name: module, path: None }.lines(),
        }),
    }
}

/// Stems of the migrations that are there, in name order, and where each is.
fn existing(place: &Place, text: &str) -> Result<Vec<(String, PathBuf)>> {
    let mut existing = candidates(&module_folder(&place.index));
    existing.extend(candidates(&place.folder));
    existing.extend(declared(&place.index, text)?.into_iter().map(|module| (module, place.index.clone())));
    existing.sort();
    existing.dedup_by(|one, other| one.0 == other.0);
    Ok(existing)
}

/// `mYYYYMMDD_HHMMSS`, of the first second from `now` on that no migration has.
fn free_moment(existing: &[(String, PathBuf)], now: NaiveDateTime) -> String {
    let mut moment = now;
    loop {
        let stamp = moment.format("m%Y%m%d_%H%M%S").to_string();
        if !existing.iter().any(|(stem, _)| stem.to_ascii_lowercase().starts_with(&stamp)) {
            return stamp;
        }
        moment += TimeDelta::seconds(1);
    }
}

fn intent(name: &str, tables: &BTreeSet<String>, request: &Request<'_>) -> Result<Guess> {
    let table = match request.target {
        Target::Table(table) | Target::Create(Some(table)) => Some(name::table(table)?),
        Target::Name | Target::Create(None) => None,
    };
    Ok(match (request.target, table.as_deref()) {
        (Target::Create(_), Some(table)) => Guess { intent: guess::new_table(table), split: false },
        (Target::Create(_), None) => {
            let guess = guess::guess(name, Scope { tables, table: None });
            let table = match &guess.intent {
                Intent::CreateTable(shape) => &shape.table,
                _ => name.strip_suffix("_table").unwrap_or(name),
            };
            Guess { intent: guess::new_table(table), split: false }
        }
        (_, table) => guess::guess(name, Scope { tables, table }),
    })
}

fn check_names(intent: &Intent) -> Result<()> {
    let (tables, columns) = intent.names();
    tables.into_iter().try_for_each(|table| name::table(table).map(drop))?;
    columns.into_iter().try_for_each(|column| name::column(column).map(drop))
}

fn assumptions(name: &str, intent: &Intent, split: bool) -> Vec<Assumption> {
    let assumed = |columns: &[Column]| -> Vec<String> {
        columns
            .iter()
            .filter(|column| column.definition == Definition::Assumed)
            .map(|column| column.name.clone())
            .collect()
    };
    let mut assumptions = Vec::new();
    match intent {
        // It is empty on purpose.
        Intent::Blank if name.starts_with("data_fix_") => {}
        Intent::Blank => assumptions.push(Assumption::Everything),
        Intent::AddColumns(shape) if !assumed(&shape.columns).is_empty() => {
            assumptions.push(Assumption::Strings(assumed(&shape.columns)));
        }
        Intent::RemoveColumns(shape) if !assumed(&shape.columns).is_empty() => {
            assumptions.push(Assumption::Dropped(assumed(&shape.columns)));
        }
        Intent::DropTable(shape) if shape.columns.is_empty() => {
            assumptions.push(Assumption::Irreversible(shape.table.clone()));
        }
        _ => {}
    }
    if let Some(table) = intent.table().filter(|_| split) {
        assumptions.push(Assumption::Table(table.to_owned()));
    }
    assumptions
}
