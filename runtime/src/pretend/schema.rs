//! What statements make of the schema, and the schema as it would be after those that were only noted. It keeps no more
//! than the difference: what it says nothing of is as the database has it.

use std::collections::{BTreeMap, BTreeSet};

use super::statement::{closing, name, split};
use super::token::{Kind, Token};
use crate::dialect::Dialect;

/// What a statement makes of the schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A table is there.
    Create {
        /// Its name.
        table: String,
        /// Its columns; `None` if they come from a query.
        columns: Option<Vec<Column>>,
        /// The query that it is, or is filled from.
        query: Option<String>,
        /// Nothing happens where it is there already.
        unless_there: bool,
    },
    /// It is gone.
    Drop(String),
    /// It has another name.
    Rename(String, String),
    /// It has one more column.
    Add(String, Column),
    /// It has one less.
    Remove(String, String),
    /// A column of it has another name.
    RenameColumn(String, String, String),
    /// Its rows are gone.
    Empty(String),
    /// A type is there.
    Type(String),
    /// An index is there.
    Index(String),
    /// It is gone.
    DropIndex(String),
}

/// A column that a statement declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Its default, as it stands.
    pub default: Option<String>,
    /// The database numbers it.
    pub numbered: bool,
}

/// The difference between the schema as it is and as it would be.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    tables: BTreeMap<String, Table>,
    indexes: BTreeMap<String, bool>,
    types: BTreeSet<String>,
    /// Anything at all has changed.
    pub changed: bool,
}

/// A table that statements have touched.
#[derive(Clone, Debug)]
pub struct Table {
    /// Where it comes from.
    pub origin: Origin,
    /// Columns that it has and the database does not know of, oldest first.
    pub columns: Vec<Column>,
    /// Columns that it no longer has.
    pub removed: BTreeSet<String>,
    /// Columns by their new names, with those that the database knows.
    pub renamed: BTreeMap<String, String>,
}

/// Where a table comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A statement has made it.
    Created,
    /// The database has it, under this name.
    Real(String),
    /// It is gone.
    Gone,
}

impl Overlay {
    /// What has become of a table, if anything has.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&key(name))
    }

    /// Whether an index is there, if a statement says so.
    pub fn index(&self, name: &str) -> Option<bool> {
        self.indexes.get(&key(name)).copied()
    }

    /// Whether a column is there, if statements say so.
    pub fn column(&self, table: &str, column: &str) -> Option<bool> {
        let table = self.table(table)?;
        let column = key(column);
        if table.origin == Origin::Gone || table.removed.contains(&column) {
            return Some(false);
        }
        let there = table.columns.iter().any(|own| key(&own.name) == column) || table.renamed.contains_key(&column);
        (there || table.origin == Origin::Created).then_some(there)
    }

    /// Whether a statement has made a type of that name.
    pub fn is_new_type(&self, name: &str) -> bool {
        self.types.contains(&key(name))
    }

    /// Takes note of a change.
    pub fn apply(&mut self, change: &Change) {
        self.changed = true;
        match change {
            Change::Create { table, columns, .. } => {
                let columns = columns.clone().unwrap_or_default();
                let made = Table { origin: Origin::Created, columns, ..Table::real(table) };
                self.tables.insert(key(table), made);
            }
            Change::Drop(table) => {
                self.tables.insert(key(table), Table { origin: Origin::Gone, ..Table::real(table) });
            }
            Change::Rename(from, to) => {
                let moved = self.tables.remove(&key(from)).unwrap_or_else(|| Table::real(from));
                self.tables.insert(key(from), Table { origin: Origin::Gone, ..Table::real(from) });
                self.tables.insert(key(to), moved);
            }
            Change::Add(table, column) => {
                let table = self.touched(table);
                table.removed.remove(&key(&column.name));
                table.columns.push(column.clone());
            }
            Change::Remove(table, column) => {
                let (table, column) = (self.touched(table), key(column));
                table.columns.retain(|own| key(&own.name) != column);
                let real = table.renamed.remove(&column).unwrap_or(column);
                table.removed.insert(real);
            }
            Change::RenameColumn(table, from, to) => {
                let (table, from, new) = (self.touched(table), key(from), key(to));
                if let Some(own) = table.columns.iter_mut().find(|own| key(&own.name) == from) {
                    own.name.clone_from(to);
                } else {
                    let real = table.renamed.remove(&from).unwrap_or_else(|| from.clone());
                    table.renamed.insert(new.clone(), real);
                    table.removed.insert(from);
                }
                table.removed.remove(&new);
            }
            Change::Index(index) => {
                self.indexes.insert(key(index), true);
            }
            Change::DropIndex(index) => {
                self.indexes.insert(key(index), false);
            }
            Change::Type(name) => {
                self.types.insert(key(name));
            }
            Change::Empty(_) => {}
        }
    }

    fn touched(&mut self, name: &str) -> &mut Table {
        self.tables.entry(key(name)).or_insert_with(|| Table::real(name))
    }
}

impl Table {
    fn real(name: &str) -> Self {
        Self {
            origin: Origin::Real(name.to_owned()),
            columns: Vec::new(),
            removed: BTreeSet::new(),
            renamed: BTreeMap::new(),
        }
    }
}

/// Names are compared as most databases do.
pub fn key(name: &str) -> String {
    name.to_lowercase()
}

/// What a statement makes of the schema.
pub fn changes(sql: &str, words: &[Token], dialect: Dialect) -> Vec<Change> {
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is(word));
    let mut at = 1;
    while ["temporary", "temp", "global", "local", "unlogged", "or", "replace", "unique", "fulltext", "spatial", "if"]
        .iter()
        .any(|word| is(at, word))
    {
        at += 1;
    }
    let kind = words.get(at).map(|word| word.text.to_lowercase()).unwrap_or_default();
    at += 1;
    let mut unless_there = false;
    while ["if", "not", "exists", "concurrently", "only"].iter().any(|word| is(at, word)) {
        unless_there |= is(at, "not");
        at += 1;
    }
    let rest = words.get(at..).unwrap_or_default();
    let first = words.first().map(|word| word.text.to_lowercase()).unwrap_or_default();
    match (first.as_str(), kind.as_str()) {
        ("create", "table") => create(sql, rest, unless_there, dialect),
        ("create", "index") => {
            let named = rest.first().filter(|word| !word.is("on")).and_then(|_| name(rest));
            named.map(|(index, _)| Change::Index(index)).into_iter().collect()
        }
        ("create", "view") => {
            let made = |table| Change::Create { table, columns: None, query: query(sql, rest), unless_there };
            name(rest).map(|(table, _)| made(table)).into_iter().collect()
        }
        ("create", "type") => name(rest).map(|(name, _)| Change::Type(name)).into_iter().collect(),
        ("drop", "table" | "view") => split(rest, ",").filter_map(name).map(|(table, _)| Change::Drop(table)).collect(),
        ("drop", "index") => split(rest, ",").filter_map(name).map(|(index, _)| Change::DropIndex(index)).collect(),
        ("rename", "table") => split(rest, ",")
            .filter_map(|part| {
                let (from, after) = name(part)?;
                Some(Change::Rename(from, name(after.get(1..)?)?.0))
            })
            .collect(),
        ("truncate", "table") => split(rest, ",").filter_map(name).map(|(table, _)| Change::Empty(table)).collect(),
        ("truncate", _) => {
            name(words.get(1..).unwrap_or_default()).map(|(table, _)| Change::Empty(table)).into_iter().collect()
        }
        ("alter", "table") => name(rest).map(|(table, parts)| alter(sql, &table, parts, dialect)).unwrap_or_default(),
        ("alter", "index") => match name(rest) {
            Some((from, [rename, to, after @ ..])) if rename.is("rename") && to.is("to") => {
                let to = name(after).map(|(to, _)| Change::Index(to));
                [Some(Change::DropIndex(from)), to].into_iter().flatten().collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn create(sql: &str, words: &[Token], unless_there: bool, dialect: Dialect) -> Vec<Change> {
    let Some((table, rest)) = name(words) else { return Vec::new() };
    let mut found = Vec::new();
    let mut columns = None;
    if rest.first().is_some_and(|word| word.is("("))
        && let Some(end) = closing(rest)
    {
        let mut own = Vec::new();
        for part in split(rest.get(1..end).unwrap_or_default(), ",") {
            found.extend(constraint(part));
            own.extend(column(sql, part, dialect));
        }
        columns = Some(own);
    }
    let query = if columns.is_none() { query(sql, rest) } else { None };
    found.insert(0, Change::Create { table, columns, query, unless_there });
    found
}

/// What follows `AS`.
fn query(sql: &str, words: &[Token]) -> Option<String> {
    let at = words.iter().position(|word| word.is("as"))?;
    let (first, last) = (words.get(at + 1)?, words.last()?);
    sql.get(first.place.start..last.place.end).map(str::to_owned)
}

fn alter(sql: &str, table: &str, words: &[Token], dialect: Dialect) -> Vec<Change> {
    let mut found = Vec::new();
    let table = table.to_owned();
    for part in split(words, ",") {
        let Some((verb, mut rest)) = part.split_first() else { continue };
        let skip = |rest: &mut &[Token], words: &[&str]| {
            while rest.first().is_some_and(|first| words.iter().any(|word| first.is(word))) {
                *rest = rest.get(1..).unwrap_or_default();
            }
        };
        if verb.is("add") {
            skip(&mut rest, &["column", "if", "not", "exists"]);
            found.extend(constraint(rest));
            found.extend(column(sql, rest, dialect).map(|column| Change::Add(table.clone(), column)));
        } else if verb.is("drop") {
            let index = rest.first().is_some_and(|word| word.is("index") || word.is("key") || word.is("constraint"));
            let other = ["primary", "foreign", "check", "default", "not"]
                .iter()
                .any(|word| rest.first().is_some_and(|first| first.is(word)));
            skip(&mut rest, &["column", "index", "key", "constraint", "if", "exists"]);
            found.extend(name(rest).filter(|_| !other).map(|(name, _)| match index {
                true => Change::DropIndex(name),
                false => Change::Remove(table.clone(), name),
            }));
        } else if verb.is("rename") {
            let index = rest.first().is_some_and(|word| word.is("index") || word.is("key") || word.is("constraint"));
            let whole = rest.first().is_some_and(|word| word.is("to") || word.is("as"));
            skip(&mut rest, &["column", "index", "key", "constraint", "to", "as"]);
            let Some((from, after)) = name(rest) else { continue };
            let to = after.get(1..).and_then(name).map(|(to, _)| to);
            found.extend(match (whole, index, to) {
                (true, ..) => vec![Change::Rename(table.clone(), from)],
                (_, true, Some(to)) => vec![Change::DropIndex(from), Change::Index(to)],
                (_, false, Some(to)) => vec![Change::RenameColumn(table.clone(), from, to)],
                (.., None) => Vec::new(),
            });
        } else if verb.is("change") {
            skip(&mut rest, &["column", "if", "exists"]);
            if let Some((from, after)) = name(rest)
                && let Some((to, _)) = name(after)
            {
                found.push(Change::RenameColumn(table.clone(), from, to));
            }
        }
    }
    found
}

/// The index that comes with a named constraint, or stands among the columns.
fn constraint(part: &[Token]) -> Option<Change> {
    let unique = part.iter().take(4).any(|word| word.is("unique") || word.is("primary"));
    let at = match part {
        [first, ..] if first.is("constraint") && unique => 1,
        [first, second, ..] if first.is("unique") && (second.is("key") || second.is("index")) => 2,
        [first, ..] if (first.is("key") || first.is("index")) => 1,
        _ => return None,
    };
    name(part.get(at..)?).map(|(name, _)| Change::Index(name))
}

/// A column's declaration; `None` for what stands beside columns.
fn column(sql: &str, part: &[Token], dialect: Dialect) -> Option<Column> {
    let (first, rest) = part.split_first()?;
    let beside = [
        "constraint",
        "primary",
        "foreign",
        "unique",
        "check",
        "key",
        "index",
        "like",
        "exclude",
        "fulltext",
        "period",
    ];
    if !first.is_name() || first.kind == Kind::Word && beside.iter().any(|word| first.is(word)) {
        return None;
    }
    let place = |words: &[Token]| Some(words.first()?.place.start..words.last()?.place.end);
    let declaration = place(rest).and_then(|place| sql.get(place)).unwrap_or_default().to_lowercase();
    let ends = [
        "not",
        "null",
        "primary",
        "unique",
        "default",
        "check",
        "references",
        "constraint",
        "generated",
        "auto_increment",
        "comment",
        "collate",
        "on",
        "as",
        "key",
        "first",
        "after",
    ];
    let length = rest.iter().position(|word| ends.iter().any(|end| word.is(end))).unwrap_or(rest.len());
    let kind = rest.get(..length).and_then(place).and_then(|place| sql.get(place)).unwrap_or_default().to_lowercase();
    let default = rest.iter().position(|word| word.is("default")).and_then(|at| {
        let value = rest.get(at + 1..)?;
        let ends = [
            "not",
            "null",
            "primary",
            "unique",
            "check",
            "references",
            "constraint",
            "comment",
            "on",
            "collate",
            "auto_increment",
            "generated",
        ];
        let length =
            value.iter().skip(1).position(|word| ends.iter().any(|end| word.is(end))).map_or(value.len(), |at| at + 1);
        sql.get(place(value.get(..length)?)?).map(str::to_owned)
    });
    let numbered = dialect.numbers(&declaration);
    Some(Column { name: first.text.clone(), kind, default, numbered })
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
