//! Rows that nobody wrote: put into the tables of a schema, so that what a migration does to rows can be seen, and taken out
//! again. Foreign keys lead to rows that are there, values are unlike each other; checks are met if the values in them help.
//! What cannot be filled is said and stops nothing. It does not know what is tried with the rows.

mod contents;
mod table;
mod value;

use std::collections::{BTreeMap, BTreeSet};

pub use contents::{Contents, Loss};
use table::{Column, Table};
use value::value;

use crate::connection::{Connection, Error, Row};
use crate::wipe::switched_off;
use crate::wire::Remark;

/// What was put into tables.
#[derive(Debug, Default)]
pub struct Filling {
    /// Tables that got rows, in the order in which they got them, with their keys.
    made: Vec<(Table, Vec<Row>)>,
    /// How many rows each table had before.
    before: Vec<(Table, usize)>,
    /// What could not be filled.
    pub notes: Vec<Remark>,
}

/// Ways in which a row is tried before it counts as impossible.
const VARIANTS: usize = 12;

/// Puts `count` rows into each table but those named in `without`, and into none twice.
///
/// # Errors
/// What the database said to a question; a row that it does not take is a note.
pub async fn fill<C: Connection>(connection: &C, count: u32, without: &[&str]) -> Result<Filling, Error> {
    let mut filling = Filling::default();
    let mut left = table::read(connection, without).await?;
    // Generated rows by table, for those that refer to them.
    let mut parents: BTreeMap<String, Contents> = BTreeMap::new();
    while !left.is_empty() {
        let names: BTreeSet<String> = left.iter().map(|table| table.name.clone()).collect();
        let waits = |table: &Table| {
            let others = table.references.iter().filter(|reference| reference.table != table.name);
            others.into_iter().any(|reference| names.contains(&reference.table))
        };
        // In a circle somebody has to be first.
        let next = left.remove(left.iter().position(|table| !waits(table)).unwrap_or(0));
        let before = Contents::read(connection, &next).await?;
        filling.before.push((next.clone(), before.rows.len()));
        if !next.has_key() && !before.rows.is_empty() {
            let message = "it has rows already, and no primary key to tell them from others".to_owned();
            filling.notes.push(Remark::Unfilled { table: next.name.clone(), message });
            parents.insert(next.name.clone(), before);
            continue;
        }
        let refused = rows(connection, &next, count as usize, &parents).await;
        if let Err(message) = refused {
            filling.notes.push(Remark::Unfilled { table: next.name.clone(), message });
        }
        let mut new = Contents::read(connection, &next).await?;
        let old: BTreeSet<Row> = before.keys().collect();
        if next.has_key() {
            new.retain(|key| !old.contains(key));
        }
        let keys: Vec<Row> = new.keys().collect();
        // Whoever refers to the table may as well refer to what was there.
        parents.insert(next.name.clone(), if new.rows.is_empty() { before } else { new });
        filling.made.push((next, keys));
    }
    Ok(filling)
}

/// Inserts rows, each in the first way that the database takes.
async fn rows<C: Connection>(
    connection: &C,
    table: &Table,
    count: usize,
    parents: &BTreeMap<String, Contents>,
) -> Result<(), String> {
    let mut refused = None;
    for number in 0..count {
        let mut outcome = Ok(());
        for variant in 0..VARIANTS {
            let sql = insert(connection, table, number, variant, parents);
            outcome = connection.execute(&sql, &[]).await;
            if outcome.is_ok() {
                break;
            }
        }
        refused = outcome.err().or(refused);
    }
    refused.map_or(Ok(()), |error| Err(error.message))
}

/// The first row has NULL and defaults wherever it can, the second all defaults, the others have everything.
fn insert<C: Connection>(
    connection: &C,
    table: &Table,
    number: usize,
    variant: usize,
    parents: &BTreeMap<String, Contents>,
) -> String {
    let dialect = connection.dialect();
    let sparse = number == 0 && variant.is_multiple_of(2);
    let mut cells: Vec<(String, String)> = Vec::new();
    for reference in &table.references {
        let all_nullable = reference.columns.iter().all(|(own, _)| table.column(own).is_some_and(|own| own.nullable));
        let parent = parents.get(&reference.table).filter(|parent| !parent.rows.is_empty());
        for (own, other) in &reference.columns {
            let Some(column) = table.column(own) else { continue };
            let text = parent.and_then(|parent| parent.cell((number + variant) % parent.rows.len(), other));
            let literal = match text {
                _ if sparse && all_nullable => "NULL".to_owned(),
                Some(text) if column.is_bytes() => dialect.bytes_literal(text),
                Some(text) => dialect.text_literal(text),
                None if all_nullable => "NULL".to_owned(),
                None => continue,
            };
            if !cells.iter().any(|(name, _)| name == own) {
                cells.push((own.clone(), literal));
            }
        }
    }
    for column in table.columns.iter().filter(|column| !column.by_itself) {
        let omitted = column.default && (sparse || number == 1);
        if omitted || cells.iter().any(|(name, _)| *name == column.name) {
            continue;
        }
        let literal = if sparse && column.nullable {
            "NULL".to_owned()
        } else {
            value(dialect, column, &table.literals(column), number, variant)
        };
        cells.push((column.name.clone(), literal));
    }
    let name = dialect.quote(&table.name);
    if cells.is_empty() {
        return dialect.insert_defaults(&name);
    }
    let names: Vec<String> = cells.iter().map(|(name, _)| dialect.quote(name)).collect();
    let values: Vec<String> = cells.into_iter().map(|(_, value)| value).collect();
    format!("INSERT INTO {name} ({}) VALUES ({})", names.join(", "), values.join(", "))
}

impl Filling {
    /// Takes the rows out again, and says whether each table has as many rows as before.
    pub async fn remove<C: Connection>(&self, connection: &C) -> bool {
        let dialect = connection.dialect();
        let outcome = switched_off(connection, dialect.foreign_key_switch(), async || {
            for (table, keys) in self.made.iter().rev().filter(|(_, keys)| !keys.is_empty()) {
                let columns: Vec<&Column> = table.columns.iter().filter(|column| column.key).collect();
                let one = |key: &Row| {
                    let cells = columns.iter().zip(key).map(|(column, cell)| {
                        let text = cell.as_deref().unwrap_or_default();
                        let bytes = column.is_bytes();
                        let value = if bytes { dialect.bytes_literal(text) } else { dialect.text_literal(text) };
                        format!("{} = {value}", dialect.quote(&column.name))
                    });
                    format!("({})", cells.collect::<Vec<_>>().join(" AND "))
                };
                let which = match table.has_key() {
                    true => format!(" WHERE {}", keys.iter().map(one).collect::<Vec<_>>().join(" OR ")),
                    false => String::new(),
                };
                let sql = format!("DELETE FROM {}{which}", table.own_rows(dialect));
                connection.execute(&sql, &[]).await?;
            }
            Ok(0)
        });
        if outcome.await.is_err() {
            return false;
        }
        for (table, before) in &self.before {
            let sql = format!("SELECT {} FROM {}", dialect.text("COUNT(*)"), table.own_rows(dialect));
            let now =
                connection.query(&sql, &[]).await.ok().and_then(|rows| rows.into_iter().flatten().next().flatten());
            if now.and_then(|now| now.parse().ok()) != Some(*before) {
                return false;
            }
        }
        true
    }
}
