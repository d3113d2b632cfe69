//! Labels: `@alice` is the key of the row that its file calls `alice`. The key is what the row says, else a number, a UUID or
//! the label itself, by the type of the key; the same label in the same table always has the same.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::dialect::value::uuid_text;
use super::{Fixture, Node, Record, Rows as _};
use crate::error::{FixtureMistake, Result};
use crate::schema::model::{Column, Kind, Schema, Table};
use crate::similar;

/// Keys of the rows with labels, by table and label.
#[derive(Debug, Default)]
pub struct Labels(BTreeMap<String, BTreeMap<String, Option<String>>>);

impl Labels {
    /// Reads the labels of all files. Only files that have labels are read to their end.
    ///
    /// # Errors
    /// Those of the files.
    pub fn of(fixtures: &[Fixture], schema: &Schema) -> Result<Self> {
        let mut labels = Self::default();
        for fixture in fixtures.iter().filter(|fixture| fixture.may_have_labels()) {
            let key = schema.table(&fixture.table).and_then(key_column);
            let mut records = fixture.records()?;
            let mut record = Record::default();
            while records.next(&mut record).map_err(|fault| fixture.wrong(fault))? {
                let Some(label) = record.label.take() else { break };
                let at = key.and_then(|key| record.names.iter().position(|name| *name == key.name));
                let own = match at.and_then(|at| record.cells.get(at)).map(|cell| &cell.node) {
                    Some(Node::Text { text, .. }) => Some(text.clone()),
                    _ => None,
                };
                let known = labels.0.entry(fixture.table.clone()).or_default();
                if known.insert(label.clone(), own).is_some() {
                    let fault = FixtureMistake::new(format!("another row is called `{label}`"));
                    return Err(fixture.wrong(fault.in_row(record.number, record.line)));
                }
            }
        }
        Ok(labels)
    }

    /// The key of the row of `table` that is called `label`.
    ///
    /// # Errors
    /// That there is none.
    pub fn key(&self, table: &Table, label: &str) -> std::result::Result<String, String> {
        let name = &table.name;
        let Some(labels) = self.0.get(name) else { return Err(format!("no row of {name} has a label")) };
        let Some(own) = labels.get(label) else {
            let near = similar::near(label, labels.keys().map(String::as_str));
            let near = near.first().map(|near| format!(", did you mean @{near}?")).unwrap_or_default();
            return Err(format!("no row of {name} is called `{label}`{near}"));
        };
        match own {
            Some(own) => Ok(own.clone()),
            None => key_column(table)
                .and_then(|column| key(name, label, column))
                .ok_or_else(|| format!("kit cannot make a key for `{label}`: say it in {name}")),
        }
    }
}

/// The only column of the primary key.
pub fn key_column(table: &Table) -> Option<&Column> {
    match table.primary_key.as_ref()?.columns.as_slice() {
        [name] => table.column(name),
        _ => None,
    }
}

fn key(table: &str, label: &str, column: &Column) -> Option<String> {
    let mut hash = Sha256::new();
    hash.update(table.as_bytes());
    hash.update([0]);
    hash.update(label.as_bytes());
    let hash = hash.finalize();
    match &column.kind {
        Kind::Integer { bits, unsigned } => {
            // As Rails does: room below for rows that are numbered, above for sums.
            let room = u32::from(*bits).saturating_sub(u32::from(!unsigned) + 1).clamp(1, 30);
            let number = hash.iter().take(4).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            Some((number % (1 << room)).max(1).to_string())
        }
        Kind::Uuid => {
            let mut bytes: Vec<u8> = hash.iter().take(16).copied().collect();
            // Version 8: made in a way of its own (RFC 9562).
            bytes[6] = bytes[6] & 0x0f | 0x80;
            bytes[8] = bytes[8] & 0x3f | 0x80;
            uuid_text(&bytes)
        }
        Kind::String(_) | Kind::Text | Kind::Char(_) => Some(label.to_owned()),
        _ => None,
    }
}
