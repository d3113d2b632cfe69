//! A schema as lines of text, to be compared: what a migration that stopped half-way has left, and whether it left anything.
//! It returns lines and does not know what they are for.

use std::collections::BTreeSet;

use crate::connection::{Connection, Error, Row};

/// Everything in the current schema, a line an object, but for what belongs to some tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(BTreeSet<String>);

/// What is different between two snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Lines that only the second has.
    pub added: Vec<String>,
    /// Lines that only the first has.
    pub removed: Vec<String>,
}

impl Difference {
    /// Removes the lines that differ only in the order of a table's columns, and returns each as it was and as it is.
    pub fn take_orders(&mut self) -> Vec<(String, String)> {
        let mut orders = Vec::new();
        self.removed.retain(|was| {
            let is = order(was).and_then(|own| self.added.iter().position(|line| order(line).as_ref() == Some(&own)));
            orders.extend(is.map(|at| (was.clone(), self.added.remove(at))));
            is.is_none()
        });
        orders
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl Snapshot {
    /// Reads the schema, leaving out what belongs to the tables `without`.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take<C: Connection>(connection: &C, without: &[&str]) -> Result<Self, Error> {
        let dialect = connection.dialect();
        let mut lines = BTreeSet::new();
        for row in rows(connection).await? {
            if row.get(1).and_then(Option::as_deref).is_some_and(|name| without.contains(&name)) {
                continue;
            }
            let said = row.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            let cells = row.iter().take(said).enumerate().map(|(at, cell)| {
                let cell = cell.as_deref().unwrap_or("-");
                // Names stand first, and count as they are.
                let cell = if at < 2 { cell.to_owned() } else { dialect.alike(cell) };
                // One line each, whatever is in it.
                cell.replace('\\', "\\\\").replace('\n', "\\n")
            });
            lines.insert(cells.collect::<Vec<_>>().join(" ").trim_end().to_owned());
        }
        Ok(Self(lines))
    }

    /// The same with more lines.
    #[must_use]
    pub fn with(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.0.extend(lines);
        self
    }

    /// What `later` has otherwise.
    pub fn difference(&self, later: &Self) -> Difference {
        let mut added: Vec<String> = later.0.difference(&self.0).cloned().collect();
        let mut removed: Vec<String> = self.0.difference(&later.0).cloned().collect();
        // Of a table that has other columns now, those are said, and with them their order.
        let (old, new) = (orders(&removed), orders(&added));
        removed.retain(|line| order(line).is_none_or(|order| new.contains(&order)));
        added.retain(|line| order(line).is_none_or(|order| old.contains(&order)));
        Difference { added, removed }
    }

    /// The lines, sorted.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// All of it as one text.
    pub fn text(&self) -> String {
        self.lines().collect::<Vec<_>>().join("\n")
    }

    /// What [`Snapshot::text`] gave.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().map(str::to_owned).collect())
    }
}

fn orders(lines: &[String]) -> Vec<Vec<String>> {
    lines.iter().filter_map(|line| order(line)).collect()
}

/// Whose order a line says, whatever the order is.
fn order(line: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = line.strip_prefix("order ")?.split([' ', ',']).map(str::to_owned).collect();
    words.sort();
    Some(words)
}

/// The checks of all tables: table and expression.
///
/// # Errors
/// What the database said.
pub async fn checks<C: Connection>(connection: &C) -> Result<Vec<(String, String)>, Error> {
    let rows = rows(connection).await?.into_iter();
    let checks = rows.filter_map(|row| match row.as_slice() {
        [Some(kind), Some(table), _, Some(text), ..]
            if kind == "check" || kind == "constraint" && text.starts_with("CHECK") =>
        {
            Some((table.clone(), text.clone()))
        }
        _ => None,
    });
    Ok(checks.collect())
}

async fn rows<C: Connection>(connection: &C) -> Result<Vec<Row>, Error> {
    let dialect = connection.dialect();
    let mut rows = Vec::new();
    for alternatives in dialect.snapshot() {
        rows.extend(first_understood(connection, alternatives).await?);
    }
    if let Some(sql) = dialect.statements() {
        rows.extend(connection.query(sql, &[]).await?.iter().flat_map(|row| dialect.only_written(row)));
    }
    Ok(rows)
}

/// The answer to the first of some queries that the server understands.
async fn first_understood<C: Connection>(connection: &C, alternatives: &[&str]) -> Result<Vec<Row>, Error> {
    let mut answer = Ok(Vec::new());
    for sql in alternatives {
        answer = connection.query(sql, &[]).await;
        if answer.is_ok() {
            break;
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_taken_out_of_a_difference() {
        let before = Snapshot::parse("order t a, b\norder u x, y\ncolumn t c");
        let mut difference = before.difference(&Snapshot::parse("order t b, a\norder u x, y"));
        assert_eq!(difference.take_orders(), [("order t a, b".to_owned(), "order t b, a".to_owned())]);
        assert_eq!(difference, Difference { added: vec![], removed: vec!["column t c".to_owned()] });
        assert!(difference.take_orders().is_empty());
    }

    #[test]
    fn the_order_of_columns_is_said_where_it_is_all_that_differs() {
        let before = Snapshot::parse("table t\norder t a, b, c\norder u x, y\ncolumn t c");
        let same = before.difference(&before.clone());
        assert!(same.is_empty());
        let other = before.difference(&Snapshot::parse("table t\norder t a, b\norder u y, x"));
        assert_eq!(other.removed, ["column t c", "order u x, y"]);
        assert_eq!(other.added, ["order u y, x"]);
    }
}
