//! From what a name says and what fields say to the whole of a migration: columns with their keys and indexes. It returns
//! an [`Intent`] and what had to be assumed for it. It reads nothing: what is there is told.

use std::collections::BTreeSet;

use super::guess;
use super::intent::{Column, Definition, Index, Intent, Shape};
use super::known::Known;
use super::migration::Assumption;
use crate::error::{Error, Result};
use crate::fields::reference::resolve;
use crate::fields::{Field, Kind, Type};

/// What is asked for besides the name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'a> {
    /// The fields.
    pub fields: &'a [Field],
    /// A new table gets `created_at` and `updated_at`.
    pub timestamps: bool,
    /// A new table gets `deleted_at`.
    pub soft_deletes: bool,
    /// A new table links two others, whose references are its key.
    pub link: bool,
    /// Columns that are unique together.
    pub unique: &'a [String],
    /// Columns that are indexed together.
    pub index: &'a [String],
}

impl Wishes<'_> {
    /// The columns that are asked for, in new columns and in indexes.
    fn names(&self) -> Vec<String> {
        let lists = self.unique.iter().chain(self.index).flat_map(|list| list.split(','));
        let indexed = lists.map(|name| name.trim().to_owned());
        let fields = self.fields.iter().map(|field| field.name.clone());
        fields.chain(indexed).chain(self.soft_deletes.then(|| deleted_at().name)).collect()
    }
}

/// The intent with all that fields and tables say.
///
/// # Errors
/// [`Error::FieldsUnplaced`], [`Error::FieldsUnused`], [`Error::BadColumn`], [`Error::BadName`], [`Error::BadValue`].
pub fn complete(intent: Intent, wishes: Wishes<'_>, known: &Known<'_>) -> Result<(Intent, Vec<Assumption>)> {
    let mut maker = Maker { wishes, known, assumptions: Vec::new() };
    let unused = |what| Err(Error::FieldsUnused { what });
    let several = !wishes.unique.is_empty() || !wishes.index.is_empty();
    let asked = !wishes.fields.is_empty() || several || wishes.soft_deletes;
    let intent = match intent {
        Intent::CreateTable(shape) if wishes.link => Intent::JoinTable(maker.link(&shape.table)?),
        Intent::CreateTable(shape) => Intent::CreateTable(maker.create(&shape.table)?),
        Intent::JoinTable(shape) => Intent::JoinTable(maker.join(shape)?),
        Intent::DropTable(shape) if asked => Intent::DropTable(maker.create(&shape.table)?),
        Intent::AddColumns(shape) if asked => Intent::AddColumns(maker.change(shape)?),
        Intent::RemoveColumns(shape) if asked => Intent::RemoveColumns(maker.change(shape)?),
        Intent::AddColumns(shape) | Intent::RemoveColumns(shape) if shape.columns.is_empty() => {
            Intent::Alter { table: shape.table }
        }
        Intent::Alter { table } if asked => Intent::AddColumns(maker.change(Shape::of(&table, Vec::new()))?),
        Intent::Blank if asked => {
            return Err(Error::FieldsUnplaced { fields: wishes.names() });
        }
        Intent::RenameTable { .. } | Intent::RenameColumn { .. } if asked => return unused("renames something"),
        Intent::AddIndex(_) | Intent::DropIndex(_) if !wishes.fields.is_empty() || wishes.soft_deletes => {
            return unused("is about an index");
        }
        Intent::AddIndex(index) if several => match maker.indexes(&index.table)? {
            Shape { indexes, .. } if indexes.len() == 1 => Intent::AddIndex(indexes[0].clone()),
            shape => Intent::AddColumns(shape),
        },
        Intent::DropIndex(index) if several => match maker.indexes(&index.table)? {
            Shape { indexes, .. } if indexes.len() == 1 => Intent::DropIndex(indexes[0].clone()),
            shape => Intent::RemoveColumns(shape),
        },
        Intent::AddIndex(index) | Intent::DropIndex(index) if index.columns.is_empty() => {
            Intent::Alter { table: index.table }
        }
        Intent::AddIndex(mut index) => {
            index.columns = known.split(&index.table, &index.columns);
            Intent::AddIndex(index)
        }
        Intent::DropIndex(mut index) => {
            index.columns = known.split(&index.table, &index.columns);
            Intent::DropIndex(index)
        }
        other => other,
    };
    let intent = maker.settle(intent);
    Ok((intent, maker.assumptions))
}

struct Maker<'a> {
    wishes: Wishes<'a>,
    known: &'a Known<'a>,
    assumptions: Vec<Assumption>,
}

impl Maker<'_> {
    /// A new table.
    fn create(&mut self, table: &str) -> Result<Shape> {
        let Intent::CreateTable(mut shape) = guess::new_table(table) else { return Ok(Shape::of(table, Vec::new())) };
        let key = self.wishes.fields.iter().find(|field| field.name.eq_ignore_ascii_case("id"));
        if let Some(field) = key {
            shape.columns[0].definition = Definition::Id(key_type(field)?);
        }
        let own = self.own_columns(table, &mut shape.indexes)?;
        shape.columns.splice(1..1, own);
        self.finish(shape)
    }

    /// A table whose key are its two references.
    fn link(&mut self, table: &str) -> Result<Shape> {
        let mut shape = Shape::of(table, Vec::new());
        shape.columns = self.own_columns(table, &mut shape.indexes)?;
        shape.columns.extend(Column::timestamps(&Definition::Now));
        let required = |column: &&Column| column.reference.is_some() && column.is_wanting();
        shape.key = shape.columns.iter().filter(required).take(2).map(|column| column.name.clone()).collect();
        if shape.key.len() < 2 {
            return Err(Error::BadValue {
                flag: "--link",
                value: self.wishes.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(" "),
                expected: "two references that are required: user:references movie:references".to_owned(),
            });
        }
        // The key is the index of its first column.
        shape.indexes.retain(|index| index.unique || index.columns != shape.key[..1]);
        self.finish(shape)
    }

    /// A table of pairs, of which the sides are known.
    fn join(&mut self, mut shape: Shape) -> Result<Shape> {
        let own = self.own_columns(&shape.table.clone(), &mut shape.indexes)?;
        shape.columns.splice(2..2, own);
        self.finish(shape)
    }

    /// Columns of a table that is there: those of the fields, else those of the name.
    fn change(&mut self, mut shape: Shape) -> Result<Shape> {
        if let Some(field) = self.wishes.fields.iter().find(|field| field.name.eq_ignore_ascii_case("id")) {
            return Err(bad_column(&field.name, "it is the key of a table that is there"));
        }
        if !self.wishes.fields.is_empty() {
            shape.indexes.clear();
            shape.columns = self.own_columns(&shape.table.clone(), &mut shape.indexes)?;
        }
        shape.columns.extend(self.wishes.soft_deletes.then(deleted_at));
        self.together(&mut shape, false)?;
        alone(&shape)?;
        Ok(shape)
    }

    /// The indexes that options ask for, over columns of a table that is there.
    fn indexes(&self, table: &str) -> Result<Shape> {
        let mut shape = Shape::of(table, Vec::new());
        self.together(&mut shape, false)?;
        Ok(shape)
    }

    /// The columns of the fields, without the key; their indexes are added.
    fn own_columns(&mut self, table: &str, indexes: &mut Vec<Index>) -> Result<Vec<Column>> {
        let mut columns = Vec::new();
        for field in self.wishes.fields.iter().filter(|field| !field.name.eq_ignore_ascii_case("id")) {
            let column = self.column(table, field);
            if field.index || field.unique {
                let columns = vec![column.name.clone()];
                indexes.push(Index { name: None, table: table.to_owned(), columns, unique: field.unique });
            }
            columns.push(column);
        }
        Ok(columns)
    }

    fn column(&mut self, table: &str, field: &Field) -> Column {
        let reference = match &field.kind {
            Kind::Value(of) => {
                let (of, nullable, default) = (of.clone(), field.nullable, field.default.clone());
                return Column::defined(&field.name, Definition::Known { of, nullable, default });
            }
            Kind::Reference(reference) => reference,
        };
        let is_table = |name: &str| name == table || self.known.tables.contains(name);
        let resolved = resolve(&field.name, reference.third.as_deref(), is_table);
        if resolved.decided {
            let (column, table) = (resolved.column.clone(), resolved.table.clone());
            self.assumptions.push(Assumption::Refers { column, table });
        }
        let mut column = Column::referring(&resolved.column, &resolved.table, field.nullable);
        if let (Some(to), Some(action)) = (&mut column.reference, reference.on_delete) {
            to.on_delete = action;
        }
        if let Definition::Known { default, .. } = &mut column.definition {
            default.clone_from(&field.default);
        }
        column
    }

    /// With timestamps and what is wanted of several columns.
    fn finish(&mut self, mut shape: Shape) -> Result<Shape> {
        let stamps = |column: &Column| column.definition == Definition::Now;
        if !self.wishes.timestamps {
            shape.columns.retain(|column| !stamps(column));
        }
        let own: Vec<String> = shape.columns.iter().filter(|one| stamps(one)).map(|one| one.name.clone()).collect();
        let given: Vec<String> = shape
            .columns
            .iter()
            .filter(|column| !stamps(column) && own.contains(&column.name))
            .map(|column| column.name.clone())
            .collect();
        if !given.is_empty() {
            shape.columns.retain(|column| stamps(column) || !given.contains(&column.name));
            shape.indexes.retain(|index| index.columns.len() > 1 || !given.contains(&index.columns[0]));
            self.assumptions.push(Assumption::Given(given));
        }
        shape.columns.extend(self.wishes.soft_deletes.then(deleted_at));
        self.together(&mut shape, true)?;
        alone(&shape)?;
        Ok(shape)
    }

    /// Indexes over several columns. Those of a table that is there may be over columns that are there.
    fn together(&self, shape: &mut Shape, whole: bool) -> Result<()> {
        for (flag, lists, unique) in [("--unique", self.wishes.unique, true), ("--index", self.wishes.index, false)] {
            for list in lists {
                let mut columns = Vec::new();
                for name in list.split(',').map(str::trim) {
                    let column = shape.columns.iter().find(|one| one.name == name || one.name == format!("{name}_id"));
                    match column {
                        Some(column) => columns.push(column.name.clone()),
                        None if !whole && !name.is_empty() => columns.push(super::name::column(name)?),
                        None => {
                            let known: Vec<&str> = shape.columns.iter().map(|column| column.name.as_str()).collect();
                            return Err(Error::BadValue { flag, value: name.to_owned(), expected: known.join(", ") });
                        }
                    }
                }
                let limited = |column: &&Column| {
                    let Definition::Known { of, .. } = &column.definition else { return false };
                    columns.contains(&column.name) && !of.has_index()
                };
                if let Some(column) = shape.columns.iter().find(limited) {
                    let expected = "columns of types that an index can be over".to_owned();
                    return Err(Error::BadValue { flag, value: column.name.clone(), expected });
                }
                shape.indexes.push(Index { name: None, table: shape.table.clone(), columns, unique });
            }
        }
        Ok(())
    }

    /// With what the tables say that are there.
    fn settle(&mut self, intent: Intent) -> Intent {
        match intent {
            Intent::CreateTable(shape) => {
                self.unmade(&shape);
                Intent::CreateTable(self.keys(shape))
            }
            Intent::JoinTable(shape) => {
                self.unmade(&shape);
                Intent::JoinTable(self.keys(shape))
            }
            Intent::AddIndex(index) => {
                self.missing(&index.table, &index.columns, false);
                Intent::AddIndex(index)
            }
            Intent::AddColumns(shape) => {
                self.unmade(&shape);
                let own = |name: &&String| !shape.columns.iter().any(|column| column.name == **name);
                let indexed: Vec<String> =
                    shape.indexes.iter().flat_map(|index| &index.columns).filter(own).cloned().collect();
                self.missing(&shape.table, &indexed, false);
                let wanting = wanting(&shape);
                if !wanting.is_empty() {
                    self.assumptions.push(Assumption::Wanting { table: shape.table.clone(), columns: wanting });
                }
                Intent::AddColumns(self.keys(shape))
            }
            Intent::DropTable(shape) => Intent::DropTable(self.keys(shape)),
            Intent::RemoveColumns(mut shape) if shape.columns.is_empty() => {
                for index in &mut shape.indexes {
                    if let Some(known) = self.known.index(&index.table, &index.columns) {
                        *index = known;
                    }
                }
                Intent::RemoveColumns(shape)
            }
            Intent::RemoveColumns(shape) => {
                let names: Vec<String> = shape.columns.iter().map(|column| column.name.clone()).collect();
                self.missing(&shape.table, &names, true);
                let shape = self.remembered(shape);
                let without = |column: &&Column| match &column.definition {
                    Definition::Known { of, .. } => column.reference.is_some() || of.neutral().is_none(),
                    _ => false,
                };
                let lost = shape.columns.iter().filter(|column| column.is_wanting()).filter(without);
                let lost: Vec<String> = lost.map(|column| column.name.clone()).collect();
                if !lost.is_empty() {
                    self.assumptions.push(Assumption::Lost { table: shape.table.clone(), columns: lost });
                }
                Intent::RemoveColumns(self.keys(shape))
            }
            Intent::DropIndex(index) => {
                Intent::DropIndex(self.known.index(&index.table, &index.columns).unwrap_or(index))
            }
            other => other,
        }
    }

    /// Assumes that tables are made which a reference needs and that are not known.
    fn unmade(&mut self, shape: &Shape) {
        let mut unmade: Vec<(String, String)> = Vec::new();
        for column in &shape.columns {
            let Some(reference) = &column.reference else { continue };
            let is_there = reference.table == shape.table || self.known.has_table(&reference.table);
            if !is_there && !unmade.iter().any(|(table, _)| *table == reference.table) {
                unmade.push((reference.table.clone(), column.name.clone()));
            }
        }
        if !unmade.is_empty() {
            self.assumptions.push(Assumption::Unmade(unmade));
        }
    }

    /// Assumes columns of a table that it is known not to have.
    fn missing(&mut self, table: &str, columns: &[String], is_removal: bool) {
        let missing = self.known.missing(table, columns);
        if !missing.is_empty() {
            let (table, known) = (table.to_owned(), self.known.columns(table));
            self.assumptions.push(Assumption::NoColumns { table, columns: missing, known, is_removal });
        }
    }

    /// The columns as they are in the database, as far as fields do not say it.
    fn remembered(&self, mut shape: Shape) -> Shape {
        let mut indexes: Vec<Index> = Vec::new();
        let mut found = false;
        for column in &mut shape.columns {
            let Some((definition, reference, there)) = self.known.column(&shape.table, &column.name) else { continue };
            found = true;
            if self.wishes.fields.is_empty() {
                column.definition = definition;
            }
            column.reference = reference.or(column.reference.take());
            for index in there {
                if !indexes.contains(&index) {
                    indexes.push(index);
                }
            }
        }
        if found {
            shape.indexes = indexes;
        }
        shape
    }

    /// References with the key of the table they refer to.
    fn keys(&mut self, mut shape: Shape) -> Shape {
        let own = shape.columns.iter().find_map(|column| match &column.definition {
            Definition::Id(of) => Some((column.name.clone(), of.clone())),
            _ => None,
        });
        let mut unknown = BTreeSet::new();
        for column in &mut shape.columns {
            let Some(reference) = &mut column.reference else { continue };
            let key = match &own {
                Some(own) if reference.table == shape.table => Some(own.clone()),
                _ => self.known.key(&reference.table),
            };
            let Some((name, key)) = key else {
                unknown.insert(reference.table.clone());
                continue;
            };
            reference.column = name;
            if let Definition::Known { of, default, .. } = &mut column.definition {
                *default = default.take().filter(|_| matches!(key, Type::Integer { .. }));
                *of = key;
            }
        }
        if !unknown.is_empty() {
            let mut tables: Vec<String> = Vec::new();
            for reference in shape.columns.iter().filter_map(|column| column.reference.as_ref()) {
                let is_unmade = |assumption: &Assumption| matches!(assumption, Assumption::Unmade(unmade) if unmade.iter().any(|(table, _)| *table == reference.table));
                if unknown.contains(&reference.table)
                    && !tables.contains(&reference.table)
                    && !self.assumptions.iter().any(is_unmade)
                {
                    tables.push(reference.table.clone());
                }
            }
            if !tables.is_empty() {
                self.assumptions.push(Assumption::Keys(tables));
            }
        }
        shape
    }
}

/// Columns that rows which are there have nothing to put into.
fn wanting(shape: &Shape) -> Vec<String> {
    shape.columns.iter().filter(|column| column.is_wanting()).map(|column| column.name.clone()).collect()
}

fn deleted_at() -> Column {
    Column::defined("deleted_at", Definition::Moment)
}

/// No two columns have one name.
fn alone(shape: &Shape) -> Result<()> {
    let mut seen = BTreeSet::new();
    match shape.columns.iter().find(|column| !seen.insert(column.name.to_ascii_lowercase())) {
        Some(column) => Err(bad_column(&column.name, "there are two of that name")),
        None => Ok(()),
    }
}

fn key_type(field: &Field) -> Result<Type> {
    match &field.kind {
        Kind::Value(of @ (Type::Integer { bits: 32 | 64, .. } | Type::Uuid | Type::String(_))) => Ok(of.clone()),
        _ => Err(bad_column(&field.name, "the key is int, big_int, unsigned, big_unsigned, uuid or string")),
    }
}

fn bad_column(name: &str, reason: &'static str) -> Error {
    Error::BadColumn { name: name.to_owned(), reason }
}
