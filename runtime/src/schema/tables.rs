//! What is in the database: tables as they are really called, their columns and their foreign keys. It only reads.

use sea_orm_migration::prelude::*;

use super::names;
use crate::dialect::Dialect;
use crate::sea_orm::manager::{self, rows};

/// The tables that a migration sees.
pub struct Tables<'a> {
    pub manager: &'a SchemaManager<'a>,
    pub dialect: Dialect,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// How the database tells it from others.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table it leads to.
    pub table: String,
}

/// A table that something refers to, and the column that a reference to it has by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub table: String,
    pub column: String,
}

impl<'a> Tables<'a> {
    pub fn of(manager: &'a SchemaManager<'a>) -> Self {
        Self { manager, dialect: manager::dialect(manager) }
    }

    /// What a table of this name is really called.
    pub async fn find(&self, name: &str) -> Result<Option<String>, DbErr> {
        let found = self.ask(self.dialect.find_table(), &[name]).await?;
        let found: Vec<String> = found.into_iter().flatten().flatten().collect();
        Ok(found.iter().find(|found| *found == name).or(found.first()).cloned())
    }

    /// The table of this name or, where there is none, of its plural.
    ///
    /// # Errors
    /// There is neither.
    pub async fn existing(&self, name: &str) -> Result<String, DbErr> {
        Ok(self.target(name, None).await?.table)
    }

    /// [`Self::existing`] for a reference; `own` is a table that is about to be made.
    pub async fn target(&self, name: &str, own: Option<&str>) -> Result<Target, DbErr> {
        let target = |table: &str, one: &str| Target { table: table.to_owned(), column: names::reference(one) };
        if own == Some(name) {
            return Ok(target(name, &names::singular(name)));
        }
        if let Some(table) = self.find(name).await? {
            return Ok(target(&table, &names::singular(name)));
        }
        let one = names::snake(name);
        let plurals = names::plurals(&one);
        if let Some(own) = own.filter(|own| plurals.iter().any(|plural| plural == own) || one == *own) {
            return Ok(target(own, &one));
        }
        for plural in std::iter::once(&one).chain(&plurals) {
            if let Some(table) = self.find(plural).await? {
                return Ok(target(&table, &one));
            }
        }
        let plurals = plurals.iter().map(|plural| format!("`{plural}`")).collect::<Vec<_>>().join(" or ");
        Err(DbErr::Custom(format!("there is no table `{name}`, and none called {plurals}")))
    }

    /// Names and types of a table's columns, in order.
    pub async fn columns(&self, table: &str) -> Result<Vec<(String, String)>, DbErr> {
        let found = self.ask(self.dialect.table_columns(), &[table]).await?;
        Ok(found.into_iter().filter_map(|row| two(row.into_iter())).collect())
    }

    /// The type of a column, as a definition has it.
    pub async fn column(&self, table: &str, column: &str) -> Result<Option<String>, DbErr> {
        let columns = self.columns(table).await?;
        Ok(columns.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, kind)| kind))
    }

    /// A table's foreign keys.
    pub async fn keys(&self, table: &str) -> Result<Vec<Key>, DbErr> {
        let mut keys: Vec<Key> = Vec::new();
        for row in self.ask(self.dialect.table_keys(), &[table]).await? {
            let [Some(name), Some(column), Some(table)] = row.as_slice() else { continue };
            match keys.last_mut().filter(|key| key.name == *name) {
                Some(key) => key.columns.push(column.clone()),
                None => keys.push(Key { name: name.clone(), columns: vec![column.clone()], table: table.clone() }),
            }
        }
        Ok(keys)
    }

    /// Runs a query.
    pub async fn ask(&self, sql: &str, values: &[&str]) -> Result<Vec<crate::connection::Row>, DbErr> {
        rows(self.manager.get_connection(), sql, values).await
    }

    /// Executes one statement.
    pub async fn execute(&self, sql: &str) -> Result<(), DbErr> {
        self.manager.get_connection().execute_unprepared(sql).await.map(|_| ())
    }
}

impl Key {
    /// Whether it is of this column alone.
    pub fn is_of(&self, column: &str) -> bool {
        matches!(self.columns.as_slice(), [only] if only.eq_ignore_ascii_case(column))
    }

    /// Whether this column is part of it.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name.eq_ignore_ascii_case(column))
    }
}

fn two(mut row: impl Iterator<Item = Option<String>>) -> Option<(String, String)> {
    Some((row.next()??, row.next()??))
}
