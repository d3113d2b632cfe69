//! References: a column, the foreign key that it has, and the index. Removing one looks up what is really there.

use std::sync::{Mutex, PoisonError};

use sea_orm_migration::prelude::*;

use super::column::Column;
use super::definition::Definition;
use super::tables::Tables;
use super::{definition, names, rebuild};
use crate::dialect::schema::anew;

/// A reference to a table that is there, or is about to be made.
pub struct Reference {
    pub column: String,
    pub kind: Column,
    table: String,
    null: bool,
}

impl Reference {
    /// Finds what `target` and `column` of a table with these columns mean.
    pub async fn find(
        tables: &Tables<'_>,
        table: &str,
        columns: &[(String, Column)],
        target: &str,
        column: &str,
        is_join: bool,
    ) -> Result<Self, DbErr> {
        let (name, null) = target.strip_suffix('?').map_or((target, false), |name| (name, !is_join));
        let target = tables.target(name, Some(table).filter(|_| !columns.is_empty())).await?;
        let own = columns.iter().find(|(name, _)| target.table == table && name == "id");
        let kind = match own {
            Some((_, id)) => id.referring(),
            None => match tables.column(&target.table, "id").await? {
                Some(kind) => Column::same(&kind),
                None => return Err(DbErr::Custom(format!("`{}` has no column `id` to refer to", target.table))),
            },
        };
        let column = if column.is_empty() { target.column } else { column.to_owned() };
        Ok(Self { column, kind: if null { kind.null() } else { kind }, table: target.table, null })
    }

    /// Its foreign key, for a table that is made.
    pub fn key(&self, table: &str) -> ForeignKeyCreateStatement {
        let (delete, update) = self.actions();
        ForeignKey::create()
            .name(names::object("fk", table, &self.column))
            .from(Alias::new(table), Alias::new(&self.column))
            .to(Alias::new(&self.table), Alias::new("id"))
            .on_delete(delete)
            .on_update(update)
            .to_owned()
    }

    fn actions(&self) -> (ForeignKeyAction, ForeignKeyAction) {
        match self.null {
            true => (ForeignKeyAction::SetNull, ForeignKeyAction::NoAction),
            false => (ForeignKeyAction::Cascade, ForeignKeyAction::Cascade),
        }
    }

    /// What a column says of it, where the key stands with the column.
    fn clause(&self, tables: &Tables<'_>) -> String {
        let actions = match self.null {
            true => "ON DELETE SET NULL ON UPDATE NO ACTION",
            false => "ON DELETE CASCADE ON UPDATE CASCADE",
        };
        format!("REFERENCES {} ({}) {actions}", tables.dialect.quote(&self.table), tables.dialect.quote("id"))
    }
}

/// Adds a reference from a table to another: a column, a foreign key and an index. `posts` and `user` give `user_id`, unless
/// `refname` says another name. A column that is there already gets the key.
///
/// # Errors
/// What the database says; a table that is not there; a reference that is there already. Rows that are there already stand
/// against one that is required.
pub async fn add_reference(m: &SchemaManager<'_>, fromtbl: &str, totbl: &str, refname: &str) -> Result<(), DbErr> {
    let tables = Tables::of(m);
    let table = tables.existing(fromtbl).await?;
    let reference = Reference::find(&tables, &table, &[], totbl, refname, false).await?;
    let column = reference.column.as_str();
    if tables.keys(&table).await?.iter().any(|key| key.is_of(column)) {
        return Err(DbErr::Custom(format!("`{column}` of `{table}` is a reference already")));
    }
    let is_there = tables.column(&table, column).await?.is_some();
    let name = names::object("fk", &table, column);
    let define = || reference.kind.define(column, tables.dialect);
    if tables.dialect.alters_tables() {
        let (delete, update) = reference.actions();
        let mut key = TableForeignKey::new();
        key.name(&name).from_tbl(Alias::new(&table)).from_col(Alias::new(column));
        key.to_tbl(Alias::new(&reference.table)).to_col(Alias::new("id")).on_delete(delete).on_update(update);
        let mut alter = Table::alter().table(Alias::new(&table)).to_owned();
        if !is_there {
            alter.add_column(define()?);
        }
        alter.add_foreign_key(&key);
        let index = names::object("idx", &table, column);
        if let Some(exists) = tables.dialect.index_exists() {
            // The server makes an index for a key itself, but drops that index as soon as another one can serve the key:
            // the other index could then not be dropped any more.
            let mut alter = crate::sea_orm::manager::text(m, &alter);
            if tables.ask(exists, &[&table, &index]).await?.is_empty() {
                alter = format!("{alter}, {}", tables.dialect.add_index(&index, column));
            }
            return tables.execute(&alter).await;
        }
        m.alter_table(alter).await?;
    } else {
        let (quoted, clause) = (tables.dialect.quote(&name), reference.clause(&tables));
        if is_there {
            let key = format!("CONSTRAINT {quoted} FOREIGN KEY ({}) {clause}", tables.dialect.quote(column));
            let adding = |definition: &mut Definition| {
                definition.add_key(column, key);
                Ok(())
            };
            rebuild::change(&tables, &table, &[], adding).await?;
        } else {
            let text = format!("{} CONSTRAINT {quoted} {clause}", definition(m, &define()?));
            if reference.null {
                tables.execute(&format!("ALTER TABLE {} ADD COLUMN {text}", tables.dialect.quote(&table))).await?;
            } else {
                let adding = |definition: &mut Definition| {
                    definition.add_column(column, text);
                    Ok(())
                };
                rebuild::change(&tables, &table, &[], adding).await?;
            }
        }
    }
    let index = tables.dialect.create_index(&names::object("idx", &table, column), &table, column, false);
    // A column that was there may have it.
    tables.execute(&index.replacen("INDEX", "INDEX IF NOT EXISTS", 1)).await
}

/// Removes what [`add_reference`] adds: the column with its foreign key, whatever that is called. If the table has no such
/// column, but one foreign key to the other table, that key goes and its column stays.
///
/// # Errors
/// What the database says; a table or a reference that is not there.
pub async fn remove_reference(m: &SchemaManager<'_>, fromtbl: &str, totbl: &str, refname: &str) -> Result<(), DbErr> {
    let tables = Tables::of(m);
    let table = tables.existing(fromtbl).await?;
    let target = tables.target(totbl.strip_suffix('?').unwrap_or(totbl), None).await?;
    let column = if refname.is_empty() { target.column.as_str() } else { refname };
    let keys = tables.keys(&table).await?;
    if tables.column(&table, column).await?.is_some() {
        let foreign = keys.iter().find(|key| key.is_of(column) && !key.table.eq_ignore_ascii_case(&target.table));
        if let Some(key) = foreign {
            let (leads, asked) = (&key.table, &target.table);
            return Err(DbErr::Custom(format!("`{column}` of `{table}` refers to `{leads}`, not to `{asked}`")));
        }
        remove(&tables, &table, column).await?;
        note(m, &table, column);
        return Ok(());
    }
    let mut leading = keys.iter().filter(|key| key.table.eq_ignore_ascii_case(&target.table));
    let (Some(key), None, true) = (leading.next(), leading.next(), refname.is_empty()) else {
        return Err(DbErr::Custom(format!("`{table}` has no column `{column}` that refers to `{}`", target.table)));
    };
    if tables.dialect.alters_tables() {
        let drop = tables.dialect.drop_key(&key.name);
        return tables.execute(&format!("ALTER TABLE {} {drop}", tables.dialect.quote(&table))).await;
    }
    let columns = key.columns.clone();
    rebuild::change(&tables, &table, &[], |definition| match columns.as_slice() {
        [column] if definition.remove_key(column) => Ok(()),
        _ => Err(DbErr::Custom(format!("the reference from `{table}` to `{}` cannot be taken out", target.table))),
    })
    .await
}

/// Removes a column that is there, with the keys and indexes that it is part of.
pub async fn remove(tables: &Tables<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    let quoted = tables.dialect.quote(column);
    let alter = format!("ALTER TABLE {}", tables.dialect.quote(table));
    if tables.dialect.alters_tables() {
        let mut parts = Vec::new();
        if !tables.dialect.drops_keys_with_columns() {
            let keys = tables.keys(table).await?;
            parts.extend(keys.iter().filter(|key| key.has(column)).map(|key| tables.dialect.drop_key(&key.name)));
        }
        parts.push(format!("DROP COLUMN {quoted}"));
        return tables.execute(&format!("{alter} {}", parts.join(", "))).await;
    }
    let indexes = tables.ask(anew::INDEXES, &[table, column]).await?;
    let indexes: Vec<String> = indexes
        .into_iter()
        .filter(|row| matches!(row.as_slice(), [_, Some(origin)] if origin == "c"))
        .filter_map(|row| row.into_iter().next().flatten())
        .collect();
    if rebuild::definition(tables, table).await?.is_bound(column) {
        return rebuild::change(tables, table, &indexes, |definition| match definition.remove_column(column) {
            true => Ok(()),
            false => Err(DbErr::Custom(format!("`{column}` is part of the primary key of `{table}`"))),
        })
        .await;
    }
    let drops = indexes.iter().map(|index| format!("DROP INDEX {}", tables.dialect.quote(index)));
    rebuild::together(tables, &drops.chain([format!("{alter} DROP COLUMN {quoted}")]).collect::<Vec<_>>()).await
}

/// Columns that [`remove_reference`] has removed, each with the address of the manager that was asked: migrations for Loco
/// remove such a column once more. [`forget`] removes the entries of a manager that ends, so that another one at the same
/// address does not find them.
static REMOVED: Mutex<Vec<(usize, String, String)>> = Mutex::new(Vec::new());

/// The most entries: a manager of SeaORM's own runner does not end with [`forget`].
const MAX_REMOVED: usize = 64;

/// Notes that this manager has removed the column with its reference.
pub fn note(m: &SchemaManager<'_>, table: &str, column: &str) {
    let mut removed = REMOVED.lock().unwrap_or_else(PoisonError::into_inner);
    if removed.len() == MAX_REMOVED {
        removed.remove(0);
    }
    removed.push((address(m), table.to_owned(), column.to_owned()));
}

/// Returns whether this manager has removed the column with its reference, and forgets it.
pub fn has_just_removed(m: &SchemaManager<'_>, table: &str, column: &str) -> bool {
    let entry = (address(m), table.to_owned(), column.to_owned());
    let mut removed = REMOVED.lock().unwrap_or_else(PoisonError::into_inner);
    let found = removed.iter().position(|one| *one == entry);
    found.map(|at| removed.remove(at)).is_some()
}

/// Forgets what a manager has removed. To be called before it is dropped.
pub fn forget(m: &SchemaManager<'_>) {
    let ended = address(m);
    REMOVED.lock().unwrap_or_else(PoisonError::into_inner).retain(|(address, ..)| *address != ended);
}

fn address(m: &SchemaManager<'_>) -> usize {
    std::ptr::from_ref(m).addr()
}
