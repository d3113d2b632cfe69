//! Helpers for migrations, under the names and with the meanings that they have in Loco: a migration of Loco's runs after
//! `use loco_rs::schema::*;` has become `use kit_runtime::schema::*;`, on SQLite, PostgreSQL and MariaDB or MySQL.
//!
//! ```no_run
//! use kit_runtime::schema::*;
//! use sea_orm_migration::prelude::*;
//!
//! pub struct Migration;
//! # impl MigrationName for Migration { fn name(&self) -> &str { "m20240101_000001_create_posts" } }
//!
//! #[async_trait::async_trait]
//! impl MigrationTrait for Migration {
//!     async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
//!         create_table(
//!             m,
//!             "posts",
//!             &[("title", ColType::String), ("state", ColType::string().default("draft"))],
//!             &[("user", ""), ("user?", "approved_by")],
//!         )
//!         .await
//!     }
//!
//!     async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
//!         drop_table(m, "posts").await
//!     }
//! }
//! ```
//!
//! A reference is a table and a column. `""` as the column is the table's singular and `_id`; `?` behind the table lets it be
//! NULL. Required references go with what they refer to (`CASCADE`), others become NULL. The column is of the type that
//! the other table's `id` has, and it has an index.
//!
//! # What is different from Loco
//!
//! - **Names mean what they say.** Loco makes plurals of all of them when a migration runs, so that what an old migration
//!   means depends on the version of a library. Here a table is made under the name that is given. Where a table has to be
//!   there already, it is the one of that name and, where there is none, the one that its plural names: `("user", "")` is
//!   `users` in a project of Loco's.
//! - `create_table` adds `id` where no column is a primary key, as Loco did before version 1.
//! - `remove_reference` removes what `add_reference` has added: the key and its column. A `remove_column` of that column behind
//!   it, which migrations for Loco may need, finds it gone and is content. A key on another column than the default one goes
//!   alone, and so a `remove_column` for it is needed. What is dropped is what the database has, whoever named it.
//! - `add_reference` takes a column that is there already and makes the key for it.
//! - On SQLite keys are made and removed, too, and required and unique columns can be added: the table is made anew with its
//!   rows, indexes, triggers, checks, defaults, collations and its last number.
//! - [`change_column`] gives a column another type, NULL or default, on SQLite by rebuilding the table.
//! - Enums are enforced everywhere: a type on PostgreSQL, `ENUM` on MySQL and MariaDB, a check on SQLite.
//! - Keys and indexes are `fk_posts_user_id`, `idx_posts_user_id`, `ux_users_email`; a unique column has an index of that name.
//!
//! What a database has not is an error: arrays and intervals other than on PostgreSQL, strings of bits on SQLite. A key that
//! a migration makes by `m.alter_table(…)` is SeaORM's, and SeaORM cannot make one on SQLite for a table that is there, nor
//! change a column: [`add_reference`], [`remove_reference`] and [`change_column`] can.

mod change;
mod clauses;
mod col_type;
mod column;
mod definition;
mod enums;
mod names;
mod rebuild;
pub(crate) mod references;
mod tables;

use sea_orm_migration::prelude::*;
/// The helpers of SeaORM, which Loco has here, too.
pub use sea_orm_migration::schema::*;

pub use change::change_column;
pub use col_type::{ArrayColType, ColType};
pub use enums::{
    add_enum_values, drop_enum_type, enum_type, enum_type_null, enum_type_null_with_default, enum_type_with_default,
};
pub use references::{add_reference, remove_reference};

use column::Column;
use tables::Tables;

/// Creates a table with `created_at` and `updated_at`, and with `id` if no column is a primary key. One that is there
/// already is left as it is.
///
/// # Errors
/// What the database says; a reference to a table that is not there.
pub async fn create_table(
    m: &SchemaManager<'_>,
    table: &str,
    cols: &[(&str, ColType)],
    refs: &[(&str, &str)],
) -> Result<(), DbErr> {
    create(m, table, cols, refs, Shape { is_join: false, timestamps: true }).await
}

/// [`create_table`] without `created_at` and `updated_at`.
///
/// # Errors
/// As [`create_table`].
pub async fn create_table_without_timestamps(
    m: &SchemaManager<'_>,
    table: &str,
    cols: &[(&str, ColType)],
    refs: &[(&str, &str)],
) -> Result<(), DbErr> {
    create(m, table, cols, refs, Shape { is_join: false, timestamps: false }).await
}

/// Creates a table whose primary key are its references, with `created_at` and `updated_at`.
///
/// # Errors
/// As [`create_table`].
pub async fn create_join_table(
    m: &SchemaManager<'_>,
    table: &str,
    cols: &[(&str, ColType)],
    refs: &[(&str, &str)],
) -> Result<(), DbErr> {
    create(m, table, cols, refs, Shape { is_join: true, timestamps: true }).await
}

/// [`create_join_table`] without `created_at` and `updated_at`.
///
/// # Errors
/// As [`create_table`].
pub async fn create_join_table_without_timestamps(
    m: &SchemaManager<'_>,
    table: &str,
    cols: &[(&str, ColType)],
    refs: &[(&str, &str)],
) -> Result<(), DbErr> {
    create(m, table, cols, refs, Shape { is_join: true, timestamps: false }).await
}

/// Drops a table.
///
/// # Errors
/// What the database says; a table that is not there.
pub async fn drop_table(m: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let table = Tables::of(m).existing(table).await?;
    m.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await
}

/// Adds a column. One that is required and has no default can be added to a table without rows.
///
/// # Errors
/// What the database says; a table that is not there.
pub async fn add_column(m: &SchemaManager<'_>, table: &str, name: &str, atype: ColType) -> Result<(), DbErr> {
    let tables = Tables::of(m);
    let table = tables.existing(table).await?;
    let column = atype.into_column();
    enums::create(&tables, &column).await?;
    let mut alter = Table::alter().table(Alias::new(&table)).to_owned();
    let text = definition(m, &column.define(name, tables.dialect)?);
    let unique = names::object("ux", &table, name);
    if !tables.dialect.alters_tables() && !column.fits_rows() {
        let adding = |definition: &mut definition::Definition| {
            definition.add_column(name, text);
            Ok(())
        };
        rebuild::change(&tables, &table, &[], adding).await?;
    } else if column.is_unique() && tables.dialect.creates_indexes_with_tables() {
        // Both or neither, where a statement is all there is.
        alter.add_column(column.define(name, tables.dialect)?);
        let alter = crate::sea_orm::manager::text(m, &alter);
        return tables.execute(&format!("{alter}, {}", tables.dialect.add_unique(&unique, name))).await;
    } else {
        m.alter_table(alter.add_column(column.define(name, tables.dialect)?).to_owned()).await?;
    }
    if column.is_unique() {
        tables.execute(&tables.dialect.create_index(&unique, &table, name, true)).await?;
    }
    Ok(())
}

/// Removes a column, with the keys and indexes that it is part of.
///
/// # Errors
/// What the database says; a table or a column that is not there; a column that is part of the primary key, on SQLite.
pub async fn remove_column(m: &SchemaManager<'_>, table: &str, name: &str) -> Result<(), DbErr> {
    let tables = Tables::of(m);
    let table = tables.existing(table).await?;
    if tables.column(&table, name).await?.is_none() {
        return match references::has_just_removed(m, &table, name) {
            true => Ok(()),
            false => Err(DbErr::Custom(format!("`{table}` has no column `{name}`"))),
        };
    }
    references::remove(&tables, &table, name).await
}

/// Returns the column by which a reference to this table refers to it, if the reference names none: `user_id` for `users`.
#[must_use]
pub fn column_referring_to(table: &str) -> String {
    names::reference(&names::singular(table))
}

/// Gives a column another name, and keeps its type and what is in it.
///
/// # Errors
/// What the database says; a table that is not there.
pub async fn rename_column(m: &SchemaManager<'_>, table: &str, from: &str, to: &str) -> Result<(), DbErr> {
    let table = Tables::of(m).existing(table).await?;
    m.alter_table(alter(Alias::new(table)).rename_column(Alias::new(from), Alias::new(to)).to_owned()).await
}

/// `ALTER TABLE`, to be completed.
pub fn alter<T: IntoIden + 'static>(name: T) -> TableAlterStatement {
    Table::alter().table(name).to_owned()
}

/// `CREATE TABLE IF NOT EXISTS` with `created_at` and `updated_at`, to be completed.
pub fn table_auto_tz<T: IntoIden + 'static>(name: T) -> TableCreateStatement {
    timestamps_tz(Table::create().table(name).if_not_exists().to_owned())
}

/// Adds `created_at` and `updated_at`, with time zone.
#[must_use]
pub fn timestamps_tz(mut t: TableCreateStatement) -> TableCreateStatement {
    for name in ["created_at", "updated_at"] {
        t.col(timestamptz(Alias::new(name)).default(Expr::current_timestamp()));
    }
    t
}

/// A column for a moment, with time zone, that may be NULL.
pub fn timestamptz_null<T: IntoIden>(name: T) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().null().to_owned()
}

/// A column for a moment, with time zone.
pub fn timestamptz<T: IntoIden>(name: T) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().not_null().to_owned()
}

#[derive(Clone, Copy)]
struct Shape {
    is_join: bool,
    timestamps: bool,
}

async fn create(
    m: &SchemaManager<'_>,
    table: &str,
    cols: &[(&str, ColType)],
    refs: &[(&str, &str)],
    shape: Shape,
) -> Result<(), DbErr> {
    let tables = Tables::of(m);
    if tables.find(table).await?.is_some() {
        return Ok(());
    }
    let mut columns: Vec<(String, Column)> =
        cols.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone().into_column())).collect();
    if !shape.is_join && !columns.iter().any(|(name, column)| column.is_key() || name == "id") {
        columns.insert(0, ("id".to_owned(), ColType::PkAuto.into_column()));
    }
    let mut references = Vec::new();
    for (target, column) in refs {
        references.push(references::Reference::find(&tables, table, &columns, target, column, shape.is_join).await?);
    }
    let mut statement = match shape.timestamps {
        true => table_auto_tz(Alias::new(table)),
        false => Table::create().table(Alias::new(table)).if_not_exists().to_owned(),
    };
    for reference in &references {
        if !columns.iter().any(|(name, _)| *name == reference.column) {
            columns.push((reference.column.clone(), reference.kind.clone()));
        }
    }
    for (name, column) in &columns {
        enums::create(&tables, column).await?;
        statement.col(column.define(name, tables.dialect)?);
    }
    if shape.is_join {
        let mut key = Index::create();
        for reference in &references {
            key.col(Alias::new(&reference.column));
        }
        statement.primary_key(&mut key);
    }
    for reference in &references {
        statement.foreign_key(&mut reference.key(table));
    }
    let uniques = columns.iter().filter(|(_, column)| column.is_unique()).map(|(name, _)| name.as_str());
    let mut unique: Vec<&str> = uniques.collect();
    // The primary key of a join table begins with its first reference.
    let referring = references.iter().skip(usize::from(shape.is_join)).map(|reference| reference.column.as_str());
    let mut plain: Vec<&str> = referring.filter(|name| !unique.contains(name)).collect();
    if tables.dialect.creates_indexes_with_tables() {
        for name in unique.drain(..) {
            let index = names::object("ux", table, name);
            statement.index(Index::create().unique().name(index).col(Alias::new(name)));
        }
        for name in plain.drain(..) {
            statement.index(Index::create().name(names::object("idx", table, name)).col(Alias::new(name)));
        }
    }
    m.create_table(statement).await?;
    for (names, prefix) in [(unique, "ux"), (plain, "idx")] {
        for name in names {
            let index = names::object(prefix, table, name);
            tables.execute(&tables.dialect.create_index(&index, table, name, prefix == "ux")).await?;
        }
    }
    Ok(())
}

/// A column's definition as text, for a table that is made anew.
fn definition(m: &SchemaManager<'_>, column: &ColumnDef) -> String {
    let alter = Table::alter().table(Alias::new("t")).add_column(column.clone()).to_owned();
    let text = crate::sea_orm::manager::text(m, &alter);
    text.split_once(" ADD COLUMN ").map_or(text.clone(), |(_, definition)| definition.to_owned())
}
