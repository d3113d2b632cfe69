//! What a row of a file means in its table: which column each of its names is, and what each of its values is there, labels looked
//! up. It knows no database but by its dialect, and no file.

use kit_runtime::dialect::Dialect;

use super::dialect::value::{Datum, datum, key_takes_null};
use super::labels::{Labels, key_column};
use super::{Node, Record};
use crate::error::FixtureMistake;
use crate::schema::model::{Column, ForeignKey, Schema, Table};
use crate::similar;

/// What rows are read with.
pub struct Meaning<'a> {
    /// The tables.
    pub schema: &'a Schema,
    /// Rows that are called something.
    pub labels: &'a Labels,
    /// Who is told.
    pub dialect: Dialect,
}

/// Where a value of a row goes.
#[derive(Clone, Copy)]
pub struct Slot<'a> {
    /// The column.
    pub column: &'a Column,
    /// Whether it is part of the primary key.
    identifies: bool,
    /// Whether it is a foreign key.
    is_key: bool,
    /// The table that the key leads to, if it is in the schema.
    refers: Option<&'a Table>,
    /// It is called by what it refers to: only a label may stand there.
    by_label: bool,
}

impl<'a> Meaning<'a> {
    /// Which columns the names of a row mean. A row with a label has a key, whether it says so or not.
    pub fn slots(&self, table: &'a Table, record: &Record) -> std::result::Result<Vec<Slot<'a>>, FixtureMistake> {
        let mut slots: Vec<Slot<'a>> = Vec::new();
        let identifies =
            |column: &Column| table.primary_key.as_ref().is_some_and(|key| key.columns.contains(&column.name));
        for name in record.names.iter() {
            let key = |columns: &dyn Fn(&ForeignKey) -> bool| {
                table.foreign_keys.iter().find(|key| key.columns.len() == 1 && columns(key))
            };
            let slot = match table.column(name) {
                Some(column) => {
                    let key = key(&|key| key.columns.first() == Some(name));
                    let refers = key.and_then(|key| self.schema.table(&key.table));
                    Slot { column, identifies: identifies(column), is_key: key.is_some(), refers, by_label: false }
                }
                None => {
                    let own = format!("{name}_id");
                    let key = key(&|key| key.columns.first() == Some(&own));
                    let found =
                        key.and_then(|key| Some((table.column(key.columns.first()?)?, self.schema.table(&key.table)?)));
                    let Some((column, refers)) = found else { return Err(unknown_column(table, name)) };
                    Slot { column, identifies: identifies(column), is_key: true, refers: Some(refers), by_label: true }
                }
            };
            if slot.column.generated.is_some() {
                return Err(FixtureMistake::new("the database computes it").in_column(name));
            }
            if slots.iter().any(|other| other.column.name == slot.column.name) {
                return Err(FixtureMistake::new("it is there twice").in_column(name));
            }
            slots.push(slot);
        }
        if record.label.is_some()
            && let Some(key) = key_column(table)
            && !slots.iter().any(|slot| slot.column.name == key.name)
        {
            slots.push(Slot { column: key, identifies: true, is_key: false, refers: None, by_label: false });
        }
        Ok(slots)
    }

    /// The values of a row. One with a label that says no key has that of its label.
    pub fn row<'r>(
        &self,
        table: &Table,
        slots: &[Slot<'a>],
        record: &'r Record,
    ) -> std::result::Result<Vec<Datum<'r>>, FixtureMistake> {
        let mut row = Vec::with_capacity(slots.len());
        for (at, slot) in slots.iter().enumerate() {
            let value = match (record.cells.get(at), &record.label) {
                (Some(cell), _) => self.value(slot, &cell.node),
                (None, Some(label)) => self.labels.key(table, label).and_then(|text| self.made(slot, text, true)),
                (None, None) => Err("it has no value".to_owned()),
            };
            row.push(value.map_err(|message| {
                let line = record.cells.get(at).map(|cell| cell.line);
                FixtureMistake { line, ..FixtureMistake::new(message).in_column(&slot.column.name) }
            })?);
        }
        Ok(row)
    }

    fn value<'r>(&self, slot: &Slot<'a>, node: &'r Node) -> std::result::Result<Datum<'r>, String> {
        if let Node::Text { text, tag: None, .. } = node
            && slot.is_key
            && let Some(label) = text.strip_prefix('@')
        {
            // One for two: a text that begins so.
            if label.starts_with('@') {
                return self.made(slot, label.to_owned(), false);
            }
            if let Some(other) = slot.refers {
                return self.made(slot, self.labels.key(other, label)?, false);
            }
        }
        if *node == Node::Null && slot.identifies && key_takes_null(slot.column, self.dialect) {
            return Ok(Datum::Null);
        }
        if slot.by_label && *node != Node::Null {
            return Err(format!("only a label may stand there, `@name`; a key stands in {}", slot.column.name));
        }
        datum(node, slot.column, self.dialect)
    }

    /// A text that the file does not have like that.
    fn made(&self, slot: &Slot<'a>, text: String, plain: bool) -> std::result::Result<Datum<'static>, String> {
        datum(&Node::Text { text, plain, tag: None }, slot.column, self.dialect).map(Datum::into_owned)
    }
}

fn unknown_column(table: &Table, name: &str) -> FixtureMistake {
    let near = similar::near(name, table.columns.iter().map(|column| column.name.as_str()));
    let near = near.first().map(|column| format!(", did you mean {column}?")).unwrap_or_default();
    FixtureMistake::new(format!("{} has no such column{near}", table.name)).in_column(name)
}
