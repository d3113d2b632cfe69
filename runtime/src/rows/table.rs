//! What has to be known of a table to fill it: columns, keys, checks. Read with a handful of queries for all tables.

use std::collections::BTreeSet;

use crate::connection::{Connection, Error};
use crate::dialect::Dialect;
use crate::snapshot::first_understood;

/// A table that can have rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its foreign keys.
    pub references: Vec<Reference>,
    /// Its checks, as the database writes them.
    checks: Vec<String>,
    /// Whether a query of it also finds the rows of tables that inherit from it.
    shows_heirs: bool,
}

/// A column of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, in lower case, as the database writes it.
    pub kind: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Whether the database fills it by itself: it counts, or computes.
    pub by_itself: bool,
    /// Whether it has a default.
    pub default: bool,
    /// The values of an enum.
    pub labels: Vec<String>,
    /// Whether it is part of the primary key.
    pub key: bool,
}

/// A foreign key.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    /// The table it leads to.
    pub table: String,
    /// Own columns, and those there.
    pub columns: Vec<(String, String)>,
}

impl Column {
    /// Whether its values are bytes.
    pub fn is_bytes(&self) -> bool {
        ["blob", "binary", "bytea"].iter().any(|word| self.kind.contains(word))
    }
}

impl Table {
    /// Whether it has a primary key.
    pub fn has_key(&self) -> bool {
        self.columns.iter().any(|column| column.key)
    }

    /// What its own rows are selected and deleted from.
    pub fn own_rows(&self, dialect: Dialect) -> String {
        format!("{}{}", if self.shows_heirs { "ONLY " } else { "" }, dialect.quote(&self.name))
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The values that stand in checks which name a column: one of them may be what it takes.
    pub fn literals(&self, column: &Column) -> Vec<String> {
        let name = column.name.to_lowercase();
        let about = self.checks.iter().filter(|check| check.to_lowercase().contains(&name));
        about.flat_map(|check| quoted(check).into_iter().chain(numbers(check))).collect()
    }
}

/// All tables of the current schema but those named in `without`.
pub(super) async fn read<C: Connection>(connection: &C, without: &[&str]) -> Result<Vec<Table>, Error> {
    let dialect = connection.dialect();
    let mut tables: Vec<Table> = Vec::new();
    for row in connection.query(dialect.columns(), &[]).await? {
        let [Some(table), Some(name), kind, nullable, by_itself, default, labels, key] = row.as_slice() else {
            continue;
        };
        if without.contains(&table.as_str()) {
            continue;
        }
        let yes = |cell: &Option<String>| cell.as_deref() == Some("1");
        let column = Column {
            name: name.clone(),
            kind: kind.clone().unwrap_or_default().to_lowercase(),
            nullable: yes(nullable),
            by_itself: yes(by_itself),
            default: yes(default),
            labels: labels.as_deref().map(quoted).unwrap_or_default(),
            key: yes(key),
        };
        match tables.last_mut() {
            Some(last) if last.name == *table => last.columns.push(column),
            _ => tables.push(Table { name: table.clone(), columns: vec![column], ..Table::default() }),
        }
    }
    if let Some(sql) = dialect.inherited_tables() {
        let parents: BTreeSet<String> = connection.query(sql, &[]).await?.into_iter().flatten().flatten().collect();
        for table in &mut tables {
            table.shows_heirs = parents.contains(&table.name);
        }
    }
    let keys: Vec<(String, Vec<String>)> = tables
        .iter()
        .map(|table| {
            let key = table.columns.iter().filter(|column| column.key).map(|column| column.name.clone());
            (table.name.clone(), key.collect())
        })
        .collect();
    let mut last = None;
    for row in connection.query(dialect.references(), &[]).await? {
        let [Some(table), which, Some(own), other, column] = row.as_slice() else { continue };
        let Some(found) = tables.iter_mut().find(|found| found.name == *table) else { continue };
        let is_next = last.replace((table.clone(), which.clone())) == last_of(table, which);
        let other = other.clone().unwrap_or_default();
        if !is_next {
            found.references.push(Reference { table: other.clone(), columns: Vec::new() });
        }
        let Some(reference) = found.references.last_mut() else { continue };
        let of_key = || {
            let key = keys.iter().find(|(name, _)| *name == other).map(|(_, key)| key);
            key.and_then(|key| key.get(reference.columns.len()).cloned()).unwrap_or_default()
        };
        let column = column.clone().unwrap_or_else(of_key);
        reference.columns.push((own.clone(), column));
    }
    for (table, check) in checks(connection).await? {
        let Some(found) = tables.iter_mut().find(|found| found.name == table) else { continue };
        // Where there is no type for it, a check says so.
        let is_json = |column: &&mut Column| check == format!("json_valid({})", dialect.quote(&column.name));
        if let Some(column) = found.columns.iter_mut().find(is_json) {
            "json".clone_into(&mut column.kind);
        }
        found.checks.push(check);
    }
    Ok(tables)
}

/// The checks of all tables: table and expression.
async fn checks<C: Connection>(connection: &C) -> Result<Vec<(String, String)>, Error> {
    let dialect = connection.dialect();
    let mut checks = Vec::new();
    for row in first_understood(connection, dialect.checks()).await? {
        let [Some(table), Some(text)] = row.as_slice() else { continue };
        checks.extend(dialect.checks_in(text).into_iter().map(|check| (table.clone(), check)));
    }
    Ok(checks)
}

fn last_of(table: &str, which: &Option<String>) -> Option<(String, Option<String>)> {
    Some((table.to_owned(), which.clone()))
}

/// The texts in single quotes.
pub(super) fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.by_ref().any(|c| c == '\'') {
        let mut value = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\'' if chars.peek() == Some(&'\'') => {
                    chars.next();
                    value.push('\'');
                }
                '\'' => break,
                c => value.push(c),
            }
        }
        found.push(value);
    }
    found
}

/// The whole numbers, and those beside them: a limit may be meant to be reached, or not.
fn numbers(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.' || c == '-'));
    let numbers = words.filter_map(|word| word.split('.').next()?.parse::<i64>().ok());
    numbers
        .flat_map(|number| [number, number.saturating_add(1), number.saturating_sub(1)])
        .map(|n| n.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_checks_are_found() {
        let column = Column { name: "state".to_owned(), ..Column::default() };
        let checks = vec!["state IN ('new', 'it''s old')".to_owned(), "n > 3".to_owned(), "State <> 10.5".to_owned()];
        let table = Table { checks, ..Table::default() };
        assert_eq!(table.literals(&column), ["new", "it's old", "10", "11", "9"]);
        assert_eq!(quoted("'a"), ["a"]);
        assert_eq!(quoted(""), Vec::<String>::new());
    }
}
