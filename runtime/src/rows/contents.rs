//! What stands in a table, and what of it is gone later.

use std::collections::BTreeSet;

use super::table::{Column, Table, read};
use crate::connection::{Connection, Error, Row};
use crate::wire::Direction;

/// The rows of a table, all cells as text.
#[derive(Clone, Debug)]
pub struct Contents {
    table: Table,
    /// The rows, cells in the order of the table's columns.
    pub rows: Vec<Row>,
}

/// What is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// So many rows.
    Rows(usize),
    /// What stood in this column.
    Values(String),
}

impl Contents {
    /// Reads a table.
    pub(super) async fn read<C: Connection>(connection: &C, table: &Table) -> Result<Self, Error> {
        let dialect = connection.dialect();
        let readable = |column: &Column| dialect.readable(&column.name, &column.kind, column.is_bytes());
        let columns: Vec<String> = table.columns.iter().map(readable).collect();
        let sql = format!("SELECT {} FROM {}", columns.join(", "), table.own_rows(dialect));
        Ok(Self { table: table.clone(), rows: connection.query(&sql, &[]).await? })
    }

    /// Reads all tables but those named in `without`.
    ///
    /// # Errors
    /// What the database said.
    pub async fn all<C: Connection>(connection: &C, without: &[&str]) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        for table in read(connection, without).await? {
            all.push(Self::read(connection, &table).await?);
        }
        Ok(all)
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.table.name
    }

    /// The primary key of each row; of a table that has none, the rows.
    pub(super) fn keys(&self) -> impl Iterator<Item = Row> {
        self.rows.iter().map(|row| self.key(row))
    }

    fn key(&self, row: &Row) -> Row {
        let all = !self.table.has_key();
        let cells = self.table.columns.iter().zip(row).filter(|(column, _)| all || column.key);
        cells.map(|(_, cell)| cell.clone()).collect()
    }

    /// Leaves out the rows that `with` has and `without` has not.
    pub fn leave_out(&mut self, without: &[Self], with: &[Self]) {
        let keys = |all: &[Self]| -> BTreeSet<Row> {
            all.iter().filter(|one| one.table.name == self.table.name).flat_map(Self::keys).collect()
        };
        let (without, with) = (keys(without), keys(with));
        self.retain(|key| without.contains(key) || !with.contains(key));
    }

    /// Keeps the rows with these keys.
    pub(super) fn retain(&mut self, keep: impl Fn(&Row) -> bool) {
        let keys: Vec<bool> = self.keys().map(|key| keep(&key)).collect();
        let mut kept = keys.into_iter();
        self.rows.retain(|_| kept.next().unwrap_or_default());
    }

    /// What stands in a column of the row at `place`.
    pub(super) fn cell(&self, place: usize, column: &str) -> Option<&str> {
        let at = self.table.columns.iter().position(|own| own.name == column)?;
        self.rows.get(place)?.get(at)?.as_deref()
    }

    /// What stands in a column, once each, NULL left out; nothing if there is no such column.
    fn values(&self, column: &str) -> Option<BTreeSet<&str>> {
        let at = self.table.columns.iter().position(|own| own.name == column)?;
        Some(self.rows.iter().filter_map(|row| row.get(at)?.as_deref()).collect())
    }

    /// What of this is gone in `later`, after a migration went this way.
    pub fn losses(&self, later: &Self, direction: Direction) -> Vec<Loss> {
        let mut losses = Vec::new();
        let key = |table: &Table| -> Vec<String> {
            table.columns.iter().filter(|column| column.key).map(|column| column.name.clone()).collect()
        };
        let lost = if key(&self.table).is_empty() || key(&self.table) != key(&later.table) {
            self.rows.len().saturating_sub(later.rows.len())
        } else {
            let there: BTreeSet<Row> = later.keys().collect();
            self.keys().filter(|key| !there.contains(key)).count()
        };
        if lost > 0 {
            losses.push(Loss::Rows(lost));
        }
        if later.rows.is_empty() {
            return losses;
        }
        for column in &self.table.columns {
            let (Some(before), Some(after)) = (self.values(&column.name), later.values(&column.name)) else { continue };
            // To give all rows one value is what a migration may be there for; to take it away again is not.
            let levelled = direction == Direction::Down && before.len() > 2 && after.len() == 1 && later.rows.len() > 2;
            if !before.is_empty() && after.is_empty() || levelled {
                losses.push(Loss::Values(column.name.clone()));
            }
        }
        losses
    }

    /// Columns of this that `earlier` did not have, and that have nothing in them that tells rows apart.
    pub fn emptied<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = &'a str> {
        let new = self.table.columns.iter().filter(|column| earlier.table.column(&column.name).is_none());
        let new = new.map(|column| column.name.as_str());
        new.filter(|name| self.rows.len() > 1 && self.values(name).is_some_and(|values| values.len() < 2))
    }
}
