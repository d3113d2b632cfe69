//! Enums: a type of its own where the database has such a thing, else something that each column says; and the helpers for
//! both.

use sea_orm_migration::prelude::*;

use super::column::Column;
use super::rebuild;
use super::tables::Tables;
use crate::dialect::schema::{anew, enum_comment};

/// Creates the type of a column, if it is an enum, the database has types for them, and it is not there yet.
pub async fn create(tables: &Tables<'_>, column: &Column) -> Result<(), DbErr> {
    let (Some((name, values)), Some(exists)) = (column.enumeration(), tables.dialect.enum_exists()) else {
        return Ok(());
    };
    if !tables.ask(exists, &[name]).await?.is_empty() {
        return Ok(());
    }
    tables.execute(&tables.dialect.create_enum(name, values)).await
}

/// Adds values to an enum, wherever it is used. Those that it has already are left out.
///
/// # Errors
/// What the database says; an enum that is not there.
pub async fn add_enum_values(m: &SchemaManager<'_>, enum_name: &str, new_values: Vec<String>) -> Result<(), DbErr> {
    let tables = Tables::of(m);
    let literals: Vec<String> = new_values.iter().map(|value| tables.dialect.literal(value)).collect();
    let mut found = false;
    if let Some(exists) = tables.dialect.enum_exists() {
        found = !tables.ask(exists, &[enum_name]).await?.is_empty();
        for value in literals.iter().filter(|_| found) {
            let name = tables.dialect.quote(enum_name);
            tables.execute(&format!("ALTER TYPE {name} ADD VALUE IF NOT EXISTS {value}")).await?;
        }
    } else if let Some(columns) = tables.dialect.enum_columns() {
        for row in tables.ask(columns, &[&enum_comment(enum_name)]).await? {
            let [Some(table), Some(column), Some(kind), default, Some(nullable)] = row.as_slice() else { continue };
            found = true;
            let kind = kind.trim_end_matches(')');
            let more = literals.iter().filter(|value| !kind.contains(value.as_str())).cloned();
            let kind = std::iter::once(kind.to_owned()).chain(more).collect::<Vec<_>>().join(",");
            let null = if nullable == "YES" { "NULL" } else { "NOT NULL" };
            let default = match default.as_deref() {
                None | Some("NULL") => String::new(),
                Some(text) if text.starts_with('\'') => format!(" DEFAULT {text}"),
                Some(text) => format!(" DEFAULT {}", tables.dialect.literal(text)),
            };
            let (table, column) = (tables.dialect.quote(table), tables.dialect.quote(column));
            let comment = tables.dialect.literal(&enum_comment(enum_name));
            let modify =
                format!("ALTER TABLE {table} MODIFY COLUMN {column} {kind}) {null}{default} COMMENT {comment}");
            tables.execute(&modify).await?;
        }
    } else {
        let mentioned = format!("%{}%", tables.dialect.quote(enum_name));
        for table in tables.ask(anew::MENTIONING, &[&mentioned]).await?.into_iter().flatten().flatten() {
            if rebuild::definition(&tables, &table).await?.widen(enum_name, &literals) {
                found = true;
                let widening = |definition: &mut super::definition::Definition| {
                    definition.widen(enum_name, &literals);
                    Ok(())
                };
                rebuild::change(&tables, &table, &[], widening).await?;
            }
        }
    }
    if found { Ok(()) } else { Err(DbErr::Custom(format!("there is no enum `{enum_name}`"))) }
}

/// Drops the type of an enum; where enums are no types, there is nothing to drop. One that a column still is of stays, and
/// the database says so.
///
/// # Errors
/// What the database says.
pub async fn drop_enum_type(m: &SchemaManager<'_>, enum_name: &str) -> Result<(), DbErr> {
    let tables = Tables::of(m);
    if !tables.dialect.has_enum_types() {
        return Ok(());
    }
    tables.execute(&format!("DROP TYPE IF EXISTS {}", tables.dialect.quote(enum_name))).await
}

/// A column of an enum type that is there.
pub fn enum_type<T: IntoIden>(name: T, enum_name: &str) -> ColumnDef {
    column(name, enum_name).not_null().to_owned()
}

/// A column of an enum type that is there, which may be NULL.
pub fn enum_type_null<T: IntoIden>(name: T, enum_name: &str) -> ColumnDef {
    column(name, enum_name).null().to_owned()
}

/// A column of an enum type that is there, with a default.
pub fn enum_type_with_default<T: IntoIden>(name: T, enum_name: &str, default_value: &str) -> ColumnDef {
    column(name, enum_name).not_null().default(Expr::val(default_value)).to_owned()
}

/// A column of an enum type that is there, which may be NULL, with a default.
pub fn enum_type_null_with_default<T: IntoIden>(name: T, enum_name: &str, default_value: &str) -> ColumnDef {
    column(name, enum_name).null().default(Expr::val(default_value)).to_owned()
}

fn column<T: IntoIden>(name: T, enum_name: &str) -> ColumnDef {
    ColumnDef::new(name).enumeration(Alias::new(enum_name), Vec::<Alias>::new()).to_owned()
}
