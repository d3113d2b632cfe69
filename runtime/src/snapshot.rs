//! A schema as lines of text, to be compared: what a migration that stopped half-way has left, and whether it left anything.
//! It returns lines and does not know what they are for.

use std::collections::BTreeSet;

use crate::connection::{Connection, Error};

/// Everything in the current schema, a line an object, but for what belongs to some tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(BTreeSet<String>);

/// What is different between two snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Lines that only the second has.
    pub added: Vec<String>,
    /// Lines that only the first has.
    pub removed: Vec<String>,
}

impl Difference {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl Snapshot {
    /// Reads the schema, leaving out what belongs to the tables `without`.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take<C: Connection>(connection: &C, without: &[&str]) -> Result<Self, Error> {
        let mut lines = BTreeSet::new();
        for sql in connection.dialect().snapshot() {
            for row in connection.query(sql, &[]).await? {
                if row.get(1).and_then(Option::as_deref).is_some_and(|name| without.contains(&name)) {
                    continue;
                }
                // One line each, whatever is in it.
                let cells =
                    row.iter().map(|cell| cell.as_deref().unwrap_or("-").replace('\\', "\\\\").replace('\n', "\\n"));
                lines.insert(cells.collect::<Vec<_>>().join(" ").trim_end().to_owned());
            }
        }
        Ok(Self(lines))
    }

    /// What `later` has otherwise.
    pub fn difference(&self, later: &Self) -> Difference {
        Difference {
            added: later.0.difference(&self.0).cloned().collect(),
            removed: self.0.difference(&later.0).cloned().collect(),
        }
    }

    /// The lines, sorted.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// All of it as one text.
    pub fn text(&self) -> String {
        self.lines().collect::<Vec<_>>().join("\n")
    }

    /// What [`Snapshot::text`] gave.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().map(str::to_owned).collect())
    }
}
