//! One file a database: its catalog queries. Each returns the whole schema. What they share is how rows become values.

mod mysql;
mod postgres;
mod sqlite;

use std::collections::BTreeMap;

use kit_runtime::connection::{Connection, Error, Row};
use kit_runtime::dialect::Dialect;

use super::model::{Schema, Table};

/// Reads the current schema, in no particular order.
pub(super) async fn read(session: &impl Connection) -> Result<Schema, Error> {
    match session.dialect() {
        Dialect::Sqlite => sqlite::read(session).await,
        Dialect::Postgres => postgres::read(session).await,
        Dialect::MySql => mysql::read(session).await,
    }
}

/// The cells of one row, from the left.
struct Cells(std::vec::IntoIter<Option<String>>);

impl Cells {
    fn new(row: Row) -> Self {
        Self(row.into_iter())
    }

    /// The next cell, which may be NULL.
    fn maybe(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    /// The next cell, which may be NULL; an empty text counts as that.
    fn text(&mut self) -> Option<String> {
        self.maybe().filter(|text| !text.is_empty())
    }

    /// The next cell.
    fn must(&mut self) -> Result<String, Error> {
        self.maybe().ok_or_else(|| Error::new("the catalog has NULL where a name should be"))
    }

    /// Whether the next cell says yes.
    fn yes(&mut self) -> bool {
        matches!(self.maybe().as_deref(), Some("1" | "t" | "true" | "YES"))
    }

    /// The next cell, a JSON array of texts.
    fn list(&mut self) -> Result<Vec<String>, Error> {
        parse_list(self.maybe().as_deref())
    }
}

fn parse_list(text: Option<&str>) -> Result<Vec<String>, Error> {
    match text {
        None => Ok(Vec::new()),
        Some(text) => serde_json::from_str(text).map_err(|error| Error::new(format!("the catalog: {error}"))),
    }
}

/// Tables by name, while they are being filled.
#[derive(Default)]
struct Tables(BTreeMap<String, Table>);

impl Tables {
    fn add(&mut self, name: String, comment: Option<String>) {
        let table = Table { name: name.clone(), comment, ..Table::default() };
        self.0.insert(name, table);
    }

    fn get(&mut self, name: &str) -> Option<&mut Table> {
        self.0.get_mut(name)
    }

    fn finish(self) -> Vec<Table> {
        self.0.into_values().collect()
    }
}
