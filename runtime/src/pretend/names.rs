//! How a database compares the names of tables, columns and indexes. It knows no statement.

use crate::dialect::Dialect;

/// The rules by which one database compares names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Which database it is.
    pub dialect: Dialect,
    /// The current schema; empty where a database has no other.
    pub schema: String,
    /// Whether two table names that differ in case only are one table.
    pub fold_tables: bool,
}

impl Names {
    /// Returns the rules of a database as it is installed by default on Linux.
    pub fn of(dialect: Dialect) -> Self {
        Self { dialect, schema: String::new(), fold_tables: dialect.folds_tables() }
    }

    /// Returns the key of a table: equal for two names of one table. A name in another schema has it before a dot.
    pub fn table(&self, name: &str) -> String {
        let own = self.own(name);
        if self.fold_tables { own.to_lowercase() } else { own.to_owned() }
    }

    /// Returns the key of a column or an index.
    pub fn column(&self, name: &str) -> String {
        if self.dialect.folds_columns() { name.to_lowercase() } else { name.to_owned() }
    }

    /// Returns the name without the current schema before it.
    pub fn own<'a>(&self, name: &'a str) -> &'a str {
        let own = name.split_once('.').filter(|(schema, _)| self.dialect.is_current_schema(schema, &self.schema));
        own.map_or(name, |(_, table)| table)
    }
}
