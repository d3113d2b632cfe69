//! What kit reports where a migration names tables and columns that are not known.

use super::field::list_of;

/// A table that a reference needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmadeTable {
    /// Its name.
    pub table: String,
    /// The column that refers to it.
    pub column: String,
    /// The model that makes it, if there is one.
    pub model: Option<String>,
}

/// One sentence for all of the tables.
pub(super) fn no_table_text(tables: &[UnmadeTable]) -> String {
    let names: Vec<String> = tables.iter().map(|unmade| unmade.table.clone()).collect();
    let columns: Vec<String> = tables.iter().map(|unmade| unmade.column.clone()).collect();
    let refer = if columns.len() == 1 { "refers to it" } else { "refer to them" };
    let (is, table) = if names.len() == 1 { ("is", "table") } else { ("are", "tables") };
    format!("there {is} no {table} {}: {} {refer}", list_of(&names), list_of(&columns))
}

/// The commands that make the tables, before the migration that needs them.
pub(super) fn no_table_hint(tables: &[UnmadeTable], migration: Option<&str>) -> String {
    let commands: Vec<String> = tables
        .iter()
        .map(|unmade| match &unmade.model {
            Some(model) => format!("`kit make:model {model}`"),
            None => format!("`kit make:migration create_{}_table`", unmade.table),
        })
        .collect();
    before(migration, &commands.join(" and "))
}

/// The commands that add the columns, before the migration that needs them.
pub(super) fn no_columns_hint(table: &str, columns: &[String], migration: Option<&str>) -> String {
    before(migration, &format!("`kit make:migration add_{}_to_{table}`", columns.join("_and_")))
}

/// What to do about a migration that removes columns that are not there.
pub(super) fn no_removal_hint(migration: Option<&str>) -> String {
    match migration {
        Some(migration) => format!("run `kit migrate:delete --force {migration}`, then name one of these columns"),
        None => "name one of these columns".to_owned(),
    }
}

fn before(migration: Option<&str>, commands: &str) -> String {
    match migration {
        Some(migration) => {
            format!("run `kit migrate:delete --force {migration}`, then {commands}, then this command again")
        }
        None => format!("run {commands} first"),
    }
}
