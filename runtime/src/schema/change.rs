//! Changing a column that is there: its type, NULL and default. Rows, indexes, keys, checks and triggers stay.

use sea_orm_migration::prelude::*;

use super::clauses::{ColumnText, is_computed};
use super::col_type::ColType;
use super::definition::Definition;
use super::tables::Tables;
use super::{definition, enums, names, rebuild};

/// Gives a column the type, NULL and default of `atype`. Rows, indexes, foreign keys, checks and triggers stay; on SQLite the
/// table is rebuilt for it. A `unique` type adds a unique index; a type that is not unique drops none, which
/// `m.drop_index(…)` does. `down` is the same call with the type from before.
///
/// # Errors
/// What the database says, such as rows that do not fit; a table or a column that is not there; a column of the primary key; a
/// column that the database computes. SQLite keeps values that its type cannot take as they are.
pub async fn change_column(m: &SchemaManager<'_>, table: &str, name: &str, atype: ColType) -> Result<(), DbErr> {
    let tables = Tables::of(m);
    let table = tables.existing(table).await?;
    let Some(current) = tables.column(&table, name).await? else {
        return Err(DbErr::Custom(format!("`{table}` has no column `{name}`")));
    };
    let column = atype.into_column();
    let key = tables.ask(tables.dialect.table_primary_key(), &[&table]).await?;
    let is_key = key.into_iter().flatten().flatten().any(|one| one.eq_ignore_ascii_case(name));
    if is_key || column.is_key() {
        return Err(DbErr::Custom(format!("cannot change `{name}` of `{table}`: it is part of the primary key")));
    }
    enums::create(&tables, &column).await?;
    let text = definition(m, &column.define(name, tables.dialect)?);
    let unique = names::object("ux", &table, name);
    let alter = format!("ALTER TABLE {}", tables.dialect.quote(&table));
    if let Some(query) = tables.dialect.read_definition(&table) {
        let made = tables.ask(&query, &[]).await?.into_iter().flatten().flatten().nth(1);
        let made = made.as_deref().and_then(Definition::read);
        let text = changed(&table, name, made.as_ref().and_then(|made| made.column(name)), &text)?;
        let mut parts = format!("{alter} MODIFY COLUMN {text}");
        let exists = tables.dialect.index_exists().unwrap_or_default();
        if column.is_unique() && tables.ask(exists, &[&table, &unique]).await?.is_empty() {
            parts = format!("{parts}, {}", tables.dialect.add_unique(&unique, name));
        }
        return tables.execute(&parts).await;
    }
    if tables.dialect.alters_tables() {
        if let Some(computed) = tables.dialect.computed_columns()
            && tables.ask(computed, &[&table]).await?.into_iter().flatten().flatten().any(|one| one == name)
        {
            return Err(computed_column(&table, name));
        }
        let new = ColumnText::read(&text).ok_or_else(|| unreadable(&table, name))?;
        let new = (new.kind, new.is_nullable(), new.default());
        tables.execute(&format!("{alter} {}", tables.dialect.alter_column(name, &current, new))).await?;
    } else {
        rebuild::change(&tables, &table, &[], |definition| {
            let text = changed(&table, name, definition.column(name), &text)?;
            match definition.set_column(name, text) {
                true => Ok(()),
                false => Err(unreadable(&table, name)),
            }
        })
        .await?;
    }
    if column.is_unique() {
        let index = tables.dialect.create_index(&unique, &table, name, true);
        tables.execute(&index.replacen("INDEX", "INDEX IF NOT EXISTS", 1)).await?;
    }
    Ok(())
}

/// The text of a column after the change.
fn changed(table: &str, name: &str, old: Option<&str>, new: &str) -> Result<String, DbErr> {
    let old = old.ok_or_else(|| unreadable(table, name))?;
    if is_computed(old) {
        return Err(computed_column(table, name));
    }
    let both = ColumnText::read(old).zip(ColumnText::read(new));
    both.map(|(old, new)| old.changed_to(&new)).ok_or_else(|| unreadable(table, name))
}

fn computed_column(table: &str, name: &str) -> DbErr {
    DbErr::Custom(format!("cannot change `{name}` of `{table}`: the database computes it"))
}

fn unreadable(table: &str, name: &str) -> DbErr {
    DbErr::Custom(format!("the definition of `{name}` of `{table}` cannot be read"))
}
