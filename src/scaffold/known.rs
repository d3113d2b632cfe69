//! What is known of the tables there are: from the names of migrations, from their sources and the entities, and from the
//! schema if the database could be read. It returns keys and columns, and guesses nothing.

use std::collections::BTreeSet;

use super::intent::{Definition, Index, Reference};
use crate::fields::Type;
use crate::project::source_tables::SourceTables;
use crate::schema::model::{self, Kind, Schema, What};

/// All that is known.
pub struct Known<'a> {
    /// Names of tables.
    pub tables: BTreeSet<String>,
    /// Tables as sources describe them.
    pub sources: SourceTables,
    /// The database's schema.
    pub schema: Option<&'a Schema>,
}

impl Known<'_> {
    /// The one column of a table's key, and its type.
    pub fn key(&self, table: &str) -> Option<(String, Type)> {
        let source = self.sources.tables.get(table).and_then(|table| table.key.as_ref());
        let source = source.and_then(|key| Some((key.column.clone(), of_method(&key.method)?)));
        let there = self.schema.and_then(|schema| {
            let table = schema.table(table)?;
            let [column] = table.primary_key.as_ref()?.columns.as_slice() else { return None };
            Some((column.clone(), of_kind(&table.column(column)?.kind)?))
        });
        match (there, source) {
            // Not every database knows how wide its integers are.
            (Some((there, Type::Integer { .. })), Some((source, of @ Type::Integer { .. }))) if there == source => {
                Some((there, of))
            }
            (there, source) => there.or(source),
        }
    }

    /// A column that is there: what it holds, what it refers to, and the indexes it is in.
    pub fn column(&self, table: &str, column: &str) -> Option<(Definition, Option<Reference>, Vec<Index>)> {
        let table = self.schema?.table(table)?;
        let there = table.column(column)?;
        let of = of_kind(&there.kind)?;
        let definition = Definition::Known { of, nullable: there.nullable, default: None };
        let key = table.foreign_keys.iter().find(|key| key.columns == [column]);
        let reference = key.and_then(|key| {
            let [other] = key.references.as_slice() else { return None };
            Some(Reference {
                name: key.name.clone(),
                table: key.table.clone(),
                column: other.clone(),
                on_delete: key.on_delete,
                on_update: key.on_update,
            })
        });
        let indexes = table.indexes.iter().filter_map(|index| plain(table, index));
        Some((definition, reference, indexes.filter(|index| index.columns.iter().any(|one| one == column)).collect()))
    }

    /// Whether a migration, an entity, the database or the SQL in a migration has this table.
    pub fn has_table(&self, table: &str) -> bool {
        self.tables.contains(table) || self.sources.sql_names(&[table])
    }

    /// The columns of a table as far as they are known, in the order of the database if it has the table.
    pub fn columns(&self, table: &str) -> Vec<String> {
        let there = self.schema.and_then(|schema| schema.table(table));
        let mut columns: Vec<String> =
            there.iter().flat_map(|table| &table.columns).map(|column| column.name.clone()).collect();
        let source = self.sources.tables.get(table);
        columns.extend(
            source
                .iter()
                .flat_map(|table| &table.columns)
                .filter(|name| !columns.contains(name))
                .cloned()
                .collect::<Vec<_>>(),
        );
        columns
    }

    /// Those of the columns that a table does not have, if all of its columns are known.
    pub fn missing(&self, table: &str, columns: &[String]) -> Vec<String> {
        let there = self.schema.is_some_and(|schema| schema.table(table).is_some());
        if !there && !self.sources.tables.get(table).is_some_and(|table| table.is_whole) {
            return Vec::new();
        }
        let known = self.columns(table);
        let is_missing = |column: &&String| {
            !known.iter().any(|known| known.eq_ignore_ascii_case(column)) && !self.sources.sql_names(&[table, column])
        };
        columns.iter().filter(is_missing).cloned().collect()
    }

    /// The columns that a part of a name lists: as the table has them, if all of it is columns of the table, else as given.
    pub fn split(&self, table: &str, columns: &[String]) -> Vec<String> {
        let known = self.columns(table);
        let text = columns.join("_and_");
        let words: Vec<&str> = text.split('_').collect();
        split(&words, &known).unwrap_or_else(|| {
            let parts = columns.iter().flat_map(|part| {
                let words: Vec<&str> = part.split('_').collect();
                split(&words, &known).unwrap_or_else(|| vec![part.clone()])
            });
            parts.collect()
        })
    }

    /// The index that is over these columns.
    pub fn index(&self, table: &str, columns: &[String]) -> Option<Index> {
        let table = self.schema?.table(table)?;
        table.indexes.iter().filter_map(|index| plain(table, index)).find(|index| index.columns == columns)
    }
}

/// The words as known columns, the longest first; `and` may be between two.
fn split(words: &[&str], known: &[String]) -> Option<Vec<String>> {
    if words.is_empty() {
        return Some(Vec::new());
    }
    (1..=words.len()).rev().find_map(|length| {
        let name = words[..length].join("_");
        known.contains(&name).then_some(())?;
        let rest = &words[length..];
        let after = match rest {
            ["and", after @ ..] if !after.is_empty() => split(after, known),
            _ => None,
        };
        let others = after.or_else(|| split(rest, known))?;
        (!others.contains(&name)).then(|| std::iter::once(name).chain(others).collect())
    })
}

/// An index over nothing but columns.
fn plain(table: &model::Table, index: &model::Index) -> Option<Index> {
    let columns = index.parts.iter().map(|part| match &part.what {
        What::Column(name) => Some(name.clone()),
        What::Expression(_) => None,
    });
    Some(Index {
        name: Some(index.name.clone()),
        table: table.name.clone(),
        columns: columns.collect::<Option<_>>()?,
        unique: index.unique,
    })
}

fn of_method(method: &str) -> Option<Type> {
    let integer = |bits, unsigned| Some(Type::Integer { bits, unsigned });
    match method {
        "integer" => integer(32, false),
        "big_integer" => integer(64, false),
        "small_integer" => integer(16, false),
        "unsigned" => integer(32, true),
        "big_unsigned" => integer(64, true),
        "uuid" => Some(Type::Uuid),
        "string" => Some(Type::String(None)),
        _ => None,
    }
}

/// The type that means the same, if fields have one.
fn of_kind(kind: &Kind) -> Option<Type> {
    Some(match kind {
        Kind::Boolean => Type::Boolean,
        Kind::Integer { bits, unsigned } => Type::Integer { bits: *bits, unsigned: *unsigned },
        Kind::Float => Type::Float,
        Kind::Double => Type::Double,
        Kind::Decimal(Some((precision, scale))) => Type::Decimal(*precision, *scale),
        Kind::Char(length) => Type::Char(length.unwrap_or(1)),
        Kind::String(length) => Type::String(*length),
        Kind::Text => Type::Text,
        Kind::Binary(Some(length)) => Type::Binary(*length),
        Kind::VarBinary(Some(length)) => Type::VarBinary(*length),
        Kind::Blob => Type::Blob,
        Kind::Date => Type::Date,
        Kind::Time => Type::Time,
        Kind::DateTime => Type::DateTime,
        Kind::Timestamp => Type::Timestamp,
        Kind::TimestampWithTimeZone => Type::TimestampWithTimeZone,
        Kind::Json => Type::Json,
        Kind::JsonBinary => Type::JsonBinary,
        Kind::Uuid => Type::Uuid,
        Kind::Enum { values, .. } => Type::Enum(values.clone()),
        Kind::Array(of) => match of_kind(of)? {
            of @ (Type::String(_) | Type::Text | Type::Integer { .. } | Type::Float | Type::Double | Type::Boolean) => {
                Type::Array(Box::new(of))
            }
            _ => return None,
        },
        _ => return None,
    })
}
