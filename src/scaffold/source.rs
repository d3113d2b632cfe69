//! The source of a migration: from an [`Intent`] to `up` and `down` in plain SeaORM, or by [`Helpers`]. It returns the whole file, or what is
//! wrong with the stub. It knows neither where the file goes nor how the migration was named.

use std::path::Path;

use heck::ToSnakeCase;

use super::helper_calls::Helpers;
use super::identifiers::Enums;
use super::intent::{Column, Definition, Index, Intent, Reference, Shape};
use super::layout::{Step, argument, body, call, chain, only_if};
use super::{columns, dialect, name, stub};
use crate::error::{Error, Result};
use crate::fields::Type;
use crate::project::sea_orm::Major;
use crate::project::settings::{Naming, Statements};
use crate::schema::model::Action;

/// How the source is written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// How constraints are named.
    pub naming: Naming,
    /// The SeaORM that it is for.
    pub release: Major,
    /// What the statements are written with.
    pub statements: Statements,
    /// The fields define the primary key.
    pub is_key_given: bool,
}

/// A source, and how it came about.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file.
    pub text: String,
    /// Why it is written with builders although helpers are asked for.
    pub without_helpers: Option<String>,
}

/// The source of a migration that does this, from the stubs of the project at `root`.
///
/// # Errors
/// Those of [`stub::fill`], and [`Error::Stub`] for one that has no room for what is to be done.
pub fn source(root: &Path, migration: &str, intent: &Intent, style: Style) -> Result<Source> {
    let Style { naming, release, statements, is_key_given } = style;
    let helpers = Helpers { naming, release, is_key_given };
    let calls = if statements == Statements::Helpers { helpers.both_ways(intent) } else { Ok(None) };
    Ok(match calls {
        Ok(Some((up, down))) => {
            let values = [("name", migration.to_owned()), ("up", body(&up)), ("down", body(&down))];
            let table = intent.table().map(|table| ("table", table.to_owned()));
            let values: Vec<_> = values.into_iter().chain(table).collect();
            Source { text: stub::fill(root, "migration.helpers.rs", &values)?, without_helpers: None }
        }
        Ok(None) => Source { text: builders(root, migration, intent, style)?, without_helpers: None },
        Err(reason) => Source { text: builders(root, migration, intent, style)?, without_helpers: Some(reason) },
    })
}

/// The source in plain SeaORM.
fn builders(root: &Path, migration: &str, intent: &Intent, style: Style) -> Result<String> {
    let mut writer = Writer { enums: Enums::default(), naming: style.naming, release: style.release };
    let mut values = vec![("name", migration.to_owned())];
    if let Some(table) = intent.table() {
        values.push(("table", table.to_owned()));
    }
    let stub = match intent {
        Intent::Blank => {
            values.push(("note", String::new()));
            "migration.rs"
        }
        Intent::Alter { table } => {
            values.push(("note", format!("// Alter the table `{table}` here, and undo it in `down`.")));
            "migration.rs"
        }
        Intent::CreateTable(shape) | Intent::JoinTable(shape) => {
            let joins = matches!(intent, Intent::JoinTable(_));
            let stub = if joins { "migration.join.rs" } else { "migration.create.rs" };
            values.push(("Table", writer.enums.table(&shape.table)));
            let columns = writer.columns(shape);
            let up = writer.create(shape, &columns);
            let indexes = writer.create_indexes(&shape.indexes);
            // What a stub of an older kit has room for.
            let plain = up.len() == 1 + indexes.len() && indexes.len() == usize::from(joins);
            if !plain && !stub::has(root, stub, "up")? {
                let message = "it has no {{ up }}, and this table needs more than CREATE TABLE".to_owned();
                return Err(Error::Stub { stub: stub.to_owned(), message });
            }
            values.push(("columns", columns.join("\n")));
            values.push(("index", body(&indexes)));
            values.push(("up", body(&up)));
            values.push(("down", body(&writer.drop(shape))));
            stub
        }
        Intent::DropTable(shape) if shape.columns.is_empty() => {
            values.push(("Table", writer.enums.table(&shape.table)));
            let message = format!("`{}` was dropped, it cannot be brought back", shape.table);
            values.push(("message", format!("{message:?}")));
            "migration.drop.rs"
        }
        _ => {
            let (up, down) = writer.both_ways(intent);
            values.push(("up", body(&up)));
            values.push(("down", body(&down)));
            "migration.update.rs"
        }
    };
    values.push(("enums", writer.enums.source()));
    stub::fill(root, stub, &values)
}

struct Writer {
    enums: Enums,
    naming: Naming,
    release: Major,
}

impl Writer {
    fn both_ways(&mut self, intent: &Intent) -> (Vec<Step>, Vec<Step>) {
        match intent {
            Intent::AddColumns(shape) => {
                let up = self.add(shape);
                let mut back = shape.clone();
                back.columns.reverse();
                back.indexes.reverse();
                (up, self.remove(&back, false))
            }
            Intent::RemoveColumns(shape) => (self.remove(shape, true), self.add_again(shape)),
            Intent::DropTable(shape) => {
                let up = self.drop(shape);
                let columns = self.columns(shape);
                (up, self.create(shape, &columns))
            }
            Intent::RenameColumn { table, from, to } => {
                let (from, to) = (self.enums.column(table, from), self.enums.column(table, to));
                let mut rename = |from: &str, to: &str| self.alter(table, format!(".rename_column({from}, {to})"));
                (vec![rename(&from, &to)], vec![rename(&to, &from)])
            }
            Intent::RenameTable { from, to } => {
                let (from, to) = (self.enums.table(from), self.enums.table(to));
                let rename = |from: &str, to: &str| {
                    let calls = [format!(".table({from}, {to})"), ".to_owned()".to_owned()];
                    vec![call("rename_table", &chain("Table::rename()", &calls))]
                };
                (rename(&from, &to), rename(&to, &from))
            }
            Intent::AddIndex(index) => (vec![self.create_index(index)], vec![self.drop_index(index)]),
            Intent::DropIndex(index) => (vec![self.drop_index(index)], vec![self.create_index(index)]),
            // The others have stubs of their own.
            _ => (Vec::new(), Vec::new()),
        }
    }

    /// Creates the table with what has to be there before, and its indexes.
    fn create(&mut self, shape: &Shape, columns: &[String]) -> Vec<Step> {
        let mut steps = Vec::new();
        for column in &shape.columns {
            steps.extend(self.prepare(&shape.table, column));
        }
        let mut calls = vec![format!(".table({})", self.enums.table(&shape.table))];
        calls.extend(columns.iter().cloned());
        calls.push(".to_owned()".to_owned());
        steps.push(call("create_table", &chain("Table::create()", &calls)));
        steps.extend(self.create_indexes(&shape.indexes));
        steps
    }

    /// Everything between the parentheses of CREATE TABLE: SQLite adds no key later.
    fn columns(&mut self, shape: &Shape) -> Vec<String> {
        let table = &shape.table;
        let mut calls: Vec<String> = Vec::new();
        for column in &shape.columns {
            let text = match column.definition {
                Definition::Known { of: Type::Enum(_), .. } => format!("&mut {}", variable(column)),
                _ => self.define(table, column),
            };
            calls.push(argument("col", &text));
        }
        if !shape.key.is_empty() {
            let key: Vec<String> =
                shape.key.iter().map(|column| format!(".col({})", self.enums.column(table, column))).collect();
            calls.push(argument("primary_key", &chain("Index::create()", &key)));
        }
        for column in &shape.columns {
            if let Some(reference) = &column.reference {
                calls.push(argument("foreign_key", &self.foreign_key(table, &column.name, reference, false)));
            }
        }
        calls
    }

    /// Drops the table and the types that came with it.
    fn drop(&mut self, shape: &Shape) -> Vec<Step> {
        let table = format!(".table({})", self.enums.table(&shape.table));
        let mut steps = vec![call("drop_table", &chain("Table::drop()", &[table, ".to_owned()".to_owned()]))];
        steps.extend(shape.columns.iter().rev().filter_map(|column| drop_type(&shape.table, column)));
        steps
    }

    /// One statement a column: SQLite takes no more in one ALTER TABLE.
    fn add(&mut self, shape: &Shape) -> Vec<Step> {
        let table = &shape.table;
        let mut steps = Vec::new();
        for column in &shape.columns {
            let mut text = self.define(table, column);
            if let Some(reference) = &column.reference {
                text = format!("&mut {}", variable(column));
                steps.push(self.declare(table, column, &columns::calls(&column.definition, self.release)));
                let actions = [reference.on_delete, reference.on_update];
                steps.push(dialect::referring(&variable(column), &reference.table, &reference.column, actions));
            } else if let Definition::Known { of: Type::Enum(_), .. } = column.definition {
                text = format!("&mut {}", variable(column));
                steps.extend(self.prepare(table, column));
            } else {
                steps.extend(self.prepare(table, column));
            }
            steps.push(self.alter(table, argument("add_column", &text)));
        }
        steps.extend(self.create_indexes(&shape.indexes));
        let keys: Vec<Step> = shape
            .columns
            .iter()
            .filter_map(|column| Some((column, column.reference.as_ref()?)))
            .map(|(column, reference)| {
                call("create_foreign_key", &self.foreign_key(table, &column.name, reference, true))
            })
            .collect();
        if !keys.is_empty() {
            steps.push(only_if(dialect::NOT_BARE, &keys));
        }
        steps
    }

    /// Adds columns that were there before: a required one gets a default for the rows that have none.
    fn add_again(&mut self, shape: &Shape) -> Vec<Step> {
        let (shape, mut steps) = columns::given_back(shape);
        steps.extend(self.add(&shape));
        steps
    }

    /// Keys first, then indexes, then columns, then types. Keys that came with their columns need
    /// nothing on SQLite: they go with them.
    fn remove(&mut self, shape: &Shape, from_table: bool) -> Vec<Step> {
        let table = &shape.table;
        let mut steps = Vec::new();
        let mut elsewhere = Vec::new();
        for column in &shape.columns {
            let Some(reference) = &column.reference else { continue };
            let calls = [
                format!(".name({:?})", self.key_name(table, &column.name, reference)),
                format!(".table({})", self.enums.table(table)),
                ".to_owned()".to_owned(),
            ];
            let drop = call("drop_foreign_key", &chain("ForeignKey::drop()", &calls));
            if from_table {
                let (own, other) = ([table.as_str(), &column.name], [reference.table.as_str(), &reference.column]);
                let actions = [reference.on_delete, reference.on_update];
                steps.push(dialect::without_reference(own, other, actions, &drop));
            } else {
                elsewhere.push(drop);
            }
        }
        if !elsewhere.is_empty() {
            steps.push(only_if(dialect::NOT_BARE, &elsewhere));
        }
        for index in &shape.indexes {
            steps.push(self.drop_index(index));
        }
        for column in &shape.columns {
            let path = self.enums.column(table, &column.name);
            steps.push(self.alter(table, format!(".drop_column({path})")));
        }
        steps.extend(shape.columns.iter().filter_map(|column| drop_type(table, column)));
        steps
    }

    /// What a column needs before it can be in a table.
    fn prepare(&mut self, table: &str, column: &Column) -> Vec<Step> {
        let Definition::Known { of, .. } = &column.definition else { return Vec::new() };
        let values = match of {
            Type::Array(_) => return vec![dialect::arrays_only(&column.name)],
            Type::Enum(values) => values,
            _ => return Vec::new(),
        };
        let (variable, list) = (variable(column), format!("{}_values", snake(&column.name)));
        let type_name = name::of_type(table, &column.name);
        let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
        let line = format!("let {list} = [{}];", quoted.join(", "));
        let fits = quoted.join(", ").len() <= 58 && line.len() <= 92;
        let broken = || {
            format!(
                "let {list} = [\n{}\n];",
                quoted.iter().map(|one| format!("    {one},")).collect::<Vec<_>>().join("\n")
            )
        };
        let mut calls = vec![format!(".enumeration(Alias::new({type_name:?}), {list}.map(Alias::new))")];
        calls.extend(columns::calls(&column.definition, self.release));
        let check = format!("{variable}.check(Expr::col({}).is_in({list}));", self.enums.column(table, &column.name));
        let created = [
            format!(".as_enum(Alias::new({type_name:?}))"),
            format!(".values({list}.map(Alias::new))"),
            ".to_owned()".to_owned(),
        ];
        let create = call("create_type", &chain(dialect::CREATE_TYPE, &created));
        vec![
            Step::Whole(if fits { line } else { broken() }),
            self.declare(table, column, &calls),
            Step::Whole(dialect::OF_ENUMS.to_owned()),
            only_if(dialect::BARE, &[Step::Whole(check)]),
            only_if(dialect::TYPED_ENUMS, &[create]),
        ]
    }

    /// A variable that holds the column's definition.
    fn declare(&mut self, table: &str, column: &Column, calls: &[String]) -> Step {
        let (variable, path) = (variable(column), self.enums.column(table, &column.name));
        Step::Whole(format!("let mut {variable} = ColumnDef::new({path});\n{};", chain(&variable, calls)))
    }

    fn define(&mut self, table: &str, column: &Column) -> String {
        let path = self.enums.column(table, &column.name);
        chain(&format!("ColumnDef::new({path})"), &columns::calls(&column.definition, self.release))
    }

    fn foreign_key(&mut self, table: &str, column: &str, reference: &Reference, alone: bool) -> String {
        let (own, path) = (self.enums.table(table), self.enums.column(table, column));
        let (other, key) = (self.enums.table(&reference.table), self.enums.column(&reference.table, &reference.column));
        let mut calls = vec![
            format!(".name({:?})", self.key_name(table, column, reference)),
            format!(".from({own}, {path})"),
            format!(".to({other}, {key})"),
            format!(".on_delete(ForeignKeyAction::{})", action(reference.on_delete)),
            format!(".on_update(ForeignKeyAction::{})", action(reference.on_update)),
        ];
        calls.extend(alone.then(|| ".to_owned()".to_owned()));
        chain("ForeignKey::create()", &calls)
    }

    fn key_name(&self, table: &str, column: &str, reference: &Reference) -> String {
        let usual = || name::foreign_key(self.naming, table, column, &reference.table);
        reference.name.clone().unwrap_or_else(usual)
    }

    fn alter(&mut self, table: &str, change: String) -> Step {
        let table = format!(".table({})", self.enums.table(table));
        call("alter_table", &chain("Table::alter()", &[table, change, ".to_owned()".to_owned()]))
    }

    fn create_indexes(&mut self, indexes: &[Index]) -> Vec<Step> {
        indexes.iter().map(|index| self.create_index(index)).collect()
    }

    fn create_index(&mut self, index: &Index) -> Step {
        let table = self.enums.table(&index.table);
        let mut calls = vec![format!(".name({:?})", index.called(self.naming)), format!(".table({table})")];
        calls.extend(index.columns.iter().map(|column| format!(".col({})", self.enums.column(&index.table, column))));
        calls.extend(index.unique.then(|| ".unique()".to_owned()));
        calls.push(".to_owned()".to_owned());
        call("create_index", &chain("Index::create()", &calls))
    }

    fn drop_index(&mut self, index: &Index) -> Step {
        let table = format!(".table({})", self.enums.table(&index.table));
        let calls = [format!(".name({:?})", index.called(self.naming)), table, ".to_owned()".to_owned()];
        call("drop_index", &chain("Index::drop()", &calls))
    }
}

/// Drops the type of an enum where it is one.
fn drop_type(table: &str, column: &Column) -> Option<Step> {
    let Definition::Known { of: Type::Enum(_), .. } = column.definition else { return None };
    let calls = [format!(".name(Alias::new({:?}))", name::of_type(table, &column.name)), ".to_owned()".to_owned()];
    let drop = call("drop_type", &chain(dialect::DROP_TYPE, &calls));
    Some(only_if(dialect::TYPED_ENUMS, &[drop]))
}

fn variable(column: &Column) -> String {
    format!("{}_column", snake(&column.name))
}

/// Begins with a letter, as an identifier has to.
fn snake(name: &str) -> String {
    let snake = name.to_snake_case();
    if snake.starts_with(|c: char| c.is_ascii_alphabetic()) { snake } else { format!("the_{snake}") }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::NoAction => "NoAction",
        Action::Restrict => "Restrict",
        Action::Cascade => "Cascade",
        Action::SetNull => "SetNull",
        Action::SetDefault => "SetDefault",
    }
}
