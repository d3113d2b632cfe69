//! The numbers that a database gives rows: what the next one is, also after rows are gone again.

use std::collections::BTreeMap;

use super::Core;
use crate::dialect::Dialect;
use crate::pretend::schema::{Column, Origin};

/// The last number of each table, where it is more than its rows say.
pub(super) type Numbers = BTreeMap<String, i64>;

impl Core {
    /// The last number that a table has given, or goes on from.
    pub(super) async fn last_number(&mut self, table: &str, column: &Column) -> i64 {
        let key = self.names.table(table);
        let known = match self.numbers.get(&key) {
            Some(known) => Some(*known),
            None => self.real_number(table, column).await,
        };
        if self.dialect().numbers_by_sequence() {
            // Rows that bring their own numbers do not move it.
            return known.unwrap_or(0);
        }
        let highest = match self.now.layers.highest(table) {
            Some(highest) => highest,
            None => {
                let highest = self.highest(table, &column.name).await;
                self.now.layers.set_highest(table, highest);
                highest
            }
        };
        highest.max(known.unwrap_or(0))
    }

    /// Takes note of the last number that a table has given.
    pub(super) fn give_number(&mut self, table: &str, last: i64) {
        self.numbers.insert(self.names.table(table), last);
    }

    /// Takes note of the last number before rows go.
    pub(super) async fn keep_number(&mut self, table: &str, columns: &[Column]) {
        let Some(column) = columns.iter().find(|column| column.numbered) else { return };
        if self.counts_on(table).await {
            let last = self.last_number(table, column).await;
            self.give_number(table, last);
        }
    }

    /// Forgets what a table that is gone, or emptied in such a way, has given.
    pub(super) fn forget_number(&mut self, table: &str) {
        self.numbers.insert(self.names.table(table), 0);
    }

    /// Whether a table gives no number twice, even if its row is gone.
    pub(super) async fn counts_on(&self, table: &str) -> bool {
        let (Some(shadow), Dialect::Sqlite) = (&self.shadow, self.dialect()) else { return true };
        let question = self.question(self.dialect().counts_on(), &[table.into()]);
        shadow.query(question).await.is_ok_and(|rows| !rows.is_empty())
    }

    async fn real_number(&self, table: &str, column: &Column) -> Option<i64> {
        let real = match self.now.schema.table(table).map(|own| &own.origin) {
            Some(Origin::Real(real)) => real.clone(),
            Some(_) => return None,
            None => table.to_owned(),
        };
        let sql = self.dialect().last_number(&real, &column.name);
        let rows = self.rows(self.question(&sql, &[])).await.ok()?;
        rows.first()?.try_get_by_index::<Option<String>>(0).ok()??.parse().ok()
    }
}
