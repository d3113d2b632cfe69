//! Queries for everything that the server's own dump contains of a schema. A row describes an object: its kind, the relation that it
//! belongs to, its name if it is a part of that relation, and its properties, one per cell. The cell of a setting is NULL if the
//! setting has its default. Members of extensions are left out.

mod mysql;
mod postgres;
mod sqlite;

use super::Dialect;
use crate::connection::Row;
use crate::snapshot::{Object, Scope};

/// An object as a query describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The kind of the object, such as `column`.
    pub kind: String,
    /// The relation that it is, or is a part of. Of what is no relation, its name.
    pub relation: Option<String>,
    /// Its name within the relation.
    pub name: Option<String>,
    /// Its properties.
    pub lines: Vec<String>,
}

impl Definition {
    /// Reads a row of [`Dialect::snapshot`].
    pub fn parse(row: &Row) -> Option<Self> {
        let [Some(kind), relation, name, rest @ ..] = row.as_slice() else { return None };
        let lines = rest.iter().flatten().flat_map(|cell| cell.trim_end_matches('\n').split('\n')).map(str::to_owned);
        Some(Self { kind: kind.clone(), relation: relation.clone(), name: name.clone(), lines: lines.collect() })
    }

    fn object(self) -> Object {
        let Self { kind, relation, name, lines } = self;
        let path = [relation, name].into_iter().flatten().collect::<Vec<_>>().join(".");
        Object { name: format!("{kind} {path}").trim_end().to_owned(), definition: lines }
    }
}

impl Dialect {
    /// The queries of [`crate::snapshot`]; all cells are text. Of each list the first that the server understands counts.
    pub fn snapshot(self, scope: Scope) -> Vec<Vec<String>> {
        match self {
            Self::Sqlite => sqlite::queries(),
            Self::Postgres => postgres::queries(scope).into_iter().map(|sql| vec![sql]).collect(),
            Self::MySql => mysql::queries(),
        }
    }

    /// Returns a query for the statement that creates an object, if only that contains all properties.
    pub fn show_create(self, definition: &Definition) -> Option<String> {
        if self == Self::MySql { mysql::show_create(definition) } else { None }
    }

    /// The objects of a row of [`Dialect::show_create`].
    pub fn created(self, definition: &Definition, row: &Row) -> Vec<Object> {
        mysql::shown(definition, row)
    }

    /// Returns the objects of a row of [`Dialect::snapshot`]: on SQLite the statement of a table describes several.
    pub fn objects_of(self, definition: Definition) -> Vec<Object> {
        if self == Self::Sqlite { sqlite::objects(definition) } else { vec![definition.object()] }
    }

    /// Returns whether a column can be added anywhere but at the end of its table.
    pub fn places_columns(self) -> bool {
        self == Self::MySql
    }
}
