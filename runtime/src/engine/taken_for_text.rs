//! Finds double-quoted names in a migration's objects that the database has taken for texts, since they are no columns: an index
//! of such a text has the same key in each row. It fails the migration for an index, and returns a warning for a table or a view,
//! where a text may be what was meant. What was there before the migration is not its doing.

use super::call::Refusal;
use crate::connection::{Connection, Error};
use crate::dialect::quoted_text::{Written, unquote};
use crate::wire::{Cause, Warning};

/// The objects before a migration.
pub(super) struct Objects(Vec<Written>);

impl Objects {
    pub(super) async fn read<C: Connection>(connection: &C) -> Result<Self, Error> {
        let Some(sql) = connection.dialect().written_objects() else { return Ok(Self(Vec::new())) };
        let rows = connection.query(sql, &[]).await?;
        Ok(Self(rows.into_iter().filter_map(Written::parse).collect()))
    }

    /// Checks what the migration `name` has created or changed.
    pub(super) async fn check<C: Connection>(&self, connection: &C, name: &str) -> Result<Vec<Warning>, Refusal> {
        let now = Self::read(connection).await?;
        let mut warnings = Vec::new();
        for object in now.0.iter().filter(|object| !self.is_unchanged(object, &now)) {
            for quoted in texts(connection, object).await {
                let text = unquote(quoted);
                if self.had(object, quoted, &text) {
                    continue;
                }
                if object.kind == "index" {
                    let message = format!(
                        "index `{}` names `{text}`, which is no column of table `{}`",
                        object.name, object.table
                    );
                    return Err(Refusal { cause: Cause::NoColumn, ..Refusal::new(message) });
                }
                let text = format!("`{text}` in {} `{}`", object.kind, object.name);
                warnings.push(Warning::TakenForText { name: name.to_owned(), text });
            }
        }
        Ok(warnings)
    }

    fn find(&self, kind: &str, name: &str) -> Option<&Written> {
        self.0.iter().find(|object| object.kind == kind && object.name == name)
    }

    /// Whether the object and its table are what they were.
    fn is_unchanged(&self, object: &Written, now: &Self) -> bool {
        self.find(&object.kind, &object.name) == Some(object)
            && self.find("table", &object.table) == now.find("table", &object.table)
    }

    /// Whether the object had this text before the migration.
    fn had(&self, object: &Written, quoted: &str, name: &str) -> bool {
        let renamed = || self.0.iter().find(|other| other.kind == object.kind && other.body() == object.body());
        let Some(before) = self.find(&object.kind, &object.name).or_else(renamed) else { return false };
        let table = self.find("table", &before.table);
        before.quoted_names().contains(&quoted) && !table.is_some_and(|table| table.has_column(name))
    }
}

/// The double-quoted names of an object that are texts.
async fn texts<'a, C: Connection>(connection: &C, object: &'a Written) -> Vec<&'a str> {
    let names = object.quoted_names();
    let mut texts = Vec::new();
    if names.is_empty() || compiles(connection, object.compiled(|_| true)).await {
        return texts;
    }
    // It may refer to what is missing, which is its own affair.
    if compiles(connection, object.compiled(|_| false)).await {
        for name in names {
            if !compiles(connection, object.compiled(|other| other == name)).await {
                texts.push(name);
            }
        }
    }
    texts
}

async fn compiles<C: Connection>(connection: &C, sql: Option<String>) -> bool {
    match sql {
        Some(sql) => connection.execute(&sql, &[]).await.is_ok(),
        None => true,
    }
}
