//! Views as tables that entities can be written of. SeaORM has no entity without a primary key, and no database says
//! what identifies a row of a view: kit.toml does, or the columns do. It returns a schema and knows no Rust.
//!
//! What some databases compute for a view has no type; such a column cannot be read into a field and has none.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::schema::model::{Key, Schema, Table, View};

/// The schema with its views among the tables. `keys` has the columns that identify a row, by view; of others it is
/// `id`, else the primary key of a table that the view has all columns of. What has neither has no key.
///
/// # Errors
/// [`Error::Config`] where a key names a column that is not there.
pub fn as_tables(mut schema: Schema, keys: &BTreeMap<String, Vec<String>>) -> Result<Schema> {
    for mut view in std::mem::take(&mut schema.views) {
        view.columns.retain(|column| !column.type_name.is_empty());
        let columns = match keys.get(&view.name) {
            Some(columns) => Some(given(&view, columns)?),
            None => found(&view, &schema.tables),
        };
        let mut table = Table { name: view.name, columns: view.columns, ..Table::default() };
        for column in &mut table.columns {
            // Some databases know of no column of a view whether it takes NULL.
            column.nullable &= !columns.as_ref().is_some_and(|names| names.contains(&column.name));
            column.generated = None;
            column.identity = None;
        }
        table.primary_key = columns.map(|columns| Key { name: None, columns });
        schema.tables.push(table);
    }
    schema.sort();
    Ok(schema)
}

fn given(view: &View, columns: &[String]) -> Result<Vec<String>> {
    let bad = |message: String| Error::Config { origin: "[entities.view_keys] in kit.toml".to_owned(), message };
    if columns.is_empty() {
        return Err(bad(format!("`{}` has no columns", view.name)));
    }
    match columns.iter().find(|name| !view.columns.iter().any(|column| column.name == **name)) {
        Some(name) => Err(bad(format!("the view `{}` has no column `{name}` with a type", view.name))),
        None => Ok(columns.to_vec()),
    }
}

fn found(view: &View, tables: &[Table]) -> Option<Vec<String>> {
    let at = |name: &str| view.columns.iter().position(|column| column.name == name);
    if at("id").is_some() {
        return Some(vec!["id".to_owned()]);
    }
    let same = |table: &Table, name: &String| {
        let column = table.column(name);
        view.columns.iter().any(|one| one.name == *name && column.is_some_and(|column| column.kind == one.kind))
    };
    let keys = tables.iter().filter_map(|table| {
        let key = table.primary_key.as_ref()?;
        key.columns.iter().all(|name| same(table, name)).then(|| key.columns.clone())
    });
    keys.min_by_key(|columns| columns.first().and_then(|name| at(name)))
}
