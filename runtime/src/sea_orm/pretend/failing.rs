//! Whether a statement would fail, as far as that is decided by which tables, columns and objects exist.

use super::Core;
use crate::pretend::catalog;
use crate::pretend::schema::{Change, Column, Existing, Object, Origin};
use crate::pretend::statement::Statement;

/// What becomes of a change of the schema.
pub(super) enum Fate {
    Happens,
    /// It is done already: `IF EXISTS`, `IF NOT EXISTS`.
    Nothing,
    Fails(String),
}

impl Core {
    /// Why a statement fails, and the changes of the schema that it makes if it does not.
    pub(super) async fn fate(&mut self, statement: &Statement, text: &str) -> Result<Vec<Change>, String> {
        match statement {
            Statement::Schema(changes) => {
                let mut happen = Vec::new();
                let mut nothing = false;
                for change in changes {
                    if nothing {
                        break;
                    }
                    match self.fate_of(change, changes).await {
                        Fate::Happens => happen.push(change.clone()),
                        Fate::Nothing => {
                            let is_object = matches!(change, Change::Object { .. }) && changes.first() == Some(change);
                            nothing = matches!(change, Change::Create { .. }) || is_object;
                        }
                        Fate::Fails(message) => return Err(message),
                    }
                }
                if let Some(shadow) = &self.shadow {
                    shadow.execute(text).await.map_err(|error| error.to_string())?;
                }
                Ok(happen)
            }
            Statement::Insert(insert) => self.finds(&insert.table, insert.columns.iter()).await.map(|()| Vec::new()),
            Statement::Update(update) if update.rows.alone => {
                self.finds(&update.table, update.sets.iter().map(|(column, _)| column)).await.map(|()| Vec::new())
            }
            Statement::Delete(delete) if delete.rows.alone => {
                self.finds(&delete.table, [].into_iter()).await.map(|()| Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether a table and these columns of it exist.
    async fn finds(&mut self, table: &str, columns: impl Iterator<Item = &String>) -> Result<(), String> {
        if self.is_there(table, true).await == Some(false) {
            return Err(missing("table", table));
        }
        for column in columns {
            if self.has_column(table, column).await == Some(false) {
                return Err(missing("column", column));
            }
        }
        Ok(())
    }

    async fn fate_of(&mut self, change: &Change, all: &[Change]) -> Fate {
        let exists = |kind: &str, name: &str| Fate::Fails(format!("{kind} `{name}` already exists"));
        match change {
            Change::Create { table, existing, .. } => match (self.is_there(table, false).await, existing) {
                (Some(true), Existing::Fails) => exists("table", table),
                (Some(true), Existing::Kept) => Fate::Nothing,
                _ => Fate::Happens,
            },
            Change::Drop { table, if_exists } => match (self.is_there(table, true).await, if_exists) {
                (Some(false), true) => Fate::Nothing,
                (Some(false), false) => Fate::Fails(missing("table", table)),
                _ => Fate::Happens,
            },
            // `WITH NO DATA`.
            Change::Empty(_) if all.iter().any(|change| matches!(change, Change::Create { .. })) => Fate::Happens,
            Change::Touch(table) | Change::Alter(table, _) | Change::Redefine(table, _) | Change::Empty(table) => {
                match self.is_there(table, true).await {
                    Some(false) => Fate::Fails(missing("table", table)),
                    _ => Fate::Happens,
                }
            }
            Change::Rename(from, to) => match (self.is_there(from, true).await, self.is_there(to, false).await) {
                (Some(false), _) => Fate::Fails(missing("table", from)),
                (_, Some(true)) if self.names.table(from) != self.names.table(to) => exists("table", to),
                _ => Fate::Happens,
            },
            Change::Add { table, column, .. } if self.needs_value(table, column).await => Fate::Fails(format!(
                "column `{}` takes no NULL and has no default, and `{table}` has rows",
                column.name
            )),
            Change::Add { table, column, unless_there } => {
                match (self.has_column(table, &column.name).await, unless_there) {
                    (Some(true), true) => Fate::Nothing,
                    (Some(true), false) if !removes(all, &column.name) => exists("column", &column.name),
                    _ => Fate::Happens,
                }
            }
            Change::Remove { table, column, if_exists } => match (self.has_column(table, column).await, if_exists) {
                (Some(false), true) => Fate::Nothing,
                (Some(false), false) => Fate::Fails(missing("column", column)),
                _ => Fate::Happens,
            },
            Change::RenameColumn(table, from, to) => {
                match (self.has_column(table, from).await, self.has_column(table, to).await) {
                    (Some(false), _) => Fate::Fails(missing("column", from)),
                    (_, Some(true)) if self.names.column(from) != self.names.column(to) => exists("column", to),
                    _ => Fate::Happens,
                }
            }
            Change::Object { kind, name, table, existing } => {
                // What comes with a new table has a name of its own.
                let inside = all.iter().any(|change| matches!(change, Change::Create { .. }));
                let there = if inside { None } else { self.has_object(*kind, table.as_deref(), name).await };
                match (there, existing) {
                    (Some(true), Existing::Kept) => Fate::Nothing,
                    (Some(true), Existing::Fails) => exists(word(*kind), name),
                    _ => Fate::Happens,
                }
            }
            Change::DropObject { kind, name, table, if_exists } => {
                match (self.has_object(*kind, table.as_deref(), name).await, if_exists) {
                    (Some(false), true) => Fate::Nothing,
                    (Some(false), false) => Fate::Fails(missing(word(*kind), name)),
                    _ => Fate::Happens,
                }
            }
            Change::Rule { .. } => self.fate_of_rule(change, all).await,
            Change::Value { .. } | Change::Attach(..) => Fate::Happens,
        }
    }

    /// Whether a new column is refused, since rows would have no value in it.
    async fn needs_value(&mut self, table: &str, column: &Column) -> bool {
        let refuses = !column.nullable && column.default.is_none() && !column.numbered && !column.computed;
        if !refuses || !self.dialect().refuses_missing_values() {
            return false;
        }
        let exists = self.has_column(table, &column.name).await == Some(true);
        !exists && self.has_rows(table).await
    }

    /// Whether a table has rows, as far as that is known.
    async fn has_rows(&self, table: &str) -> bool {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", self.dialect().quote(table));
        !self.is_in_doubt(table) && self.answer(&sql).await.is_ok_and(|rows| !rows.is_empty())
    }

    /// Whether a table exists as it would be now; `anywhere` says that a statement finds it in any schema that the session
    /// looks in. `None` if that is not known.
    pub(super) async fn is_there(&self, table: &str, anywhere: bool) -> Option<bool> {
        if let Some(own) = self.now.schema.table(table) {
            return Some(own.origin != Origin::Gone);
        }
        if table.contains('.') || self.now.schema.is_in_doubt(table) || self.dialect().is_catalog(table) {
            return None;
        }
        let sql = if anywhere { self.dialect().table_resolves() } else { self.dialect().table_exists() };
        Some(!self.rows(self.question(sql, &[table.into()])).await.ok()?.is_empty())
    }

    async fn has_column(&mut self, table: &str, column: &str) -> Option<bool> {
        if let Some(exists) = self.now.schema.column(table, column) {
            return Some(exists);
        }
        let real = match self.now.schema.table(table).map(|own| own.origin.clone()) {
            Some(Origin::Real(real)) => real,
            Some(_) => return None,
            None => table.to_owned(),
        };
        if self.now.schema.is_in_doubt(table) {
            return None;
        }
        let columns = self.real_columns(&real).await;
        let key = self.names.column(column);
        (!columns.is_empty()).then(|| columns.iter().any(|own| self.names.column(&own.name) == key))
    }

    async fn has_object(&self, kind: Object, table: Option<&str>, name: &str) -> Option<bool> {
        if let Some(exists) = self.now.schema.object(kind, table, name) {
            return Some(exists);
        }
        if self.now.schema.is_in_doubt(name) {
            return None;
        }
        let catalog = self.dialect().catalog(self.dialect().object_catalog(kind)?)?;
        let real = table.map(|table| match self.now.schema.table(table).map(|own| &own.origin) {
            Some(Origin::Real(real)) => real.as_str(),
            _ => table,
        });
        let real = real.filter(|_| self.dialect().belongs_to_table(kind));
        let sql = catalog::existence(&catalog, real, name, &self.names);
        Some(!self.rows(self.question(&sql, &[])).await.ok()?.is_empty())
    }
}

/// Whether the same statement removes a column of that name.
fn removes(all: &[Change], name: &str) -> bool {
    all.iter().any(|change| matches!(change, Change::Remove { column, .. } if column == name))
}

fn missing(kind: &str, name: &str) -> String {
    format!("{kind} `{name}` does not exist")
}

fn word(kind: Object) -> &'static str {
    match kind {
        Object::Index => "index",
        Object::Constraint => "constraint",
        Object::Type => "type",
        Object::Routine => "routine",
        Object::Trigger => "trigger",
        Object::Extension => "extension",
        Object::Schema => "schema",
        Object::Sequence => "sequence",
    }
}
