//! Loading rows as they were while triggers do not run: PostgreSQL disables each by name in the transaction, SQLite all of a
//! session's, MariaDB and MySQL none.

use kit_runtime::dialect::Dialect;
use rusqlite::config::DbConfig;

use super::{Answer, Writer};
use crate::seeds::survey::Trigger;

impl Writer {
    /// Disables triggers, and returns the statements that enable them as they were.
    pub async fn disable(&mut self, triggers: &[&Trigger]) -> Answer<Vec<String>> {
        let mut back = Vec::new();
        for (off, on) in triggers.iter().filter_map(|trigger| trigger.switch.as_ref()) {
            self.execute(off).await?;
            back.push(on.clone());
        }
        Ok(back)
    }

    /// Whether triggers run from now on, where that is a setting of the session.
    pub fn let_triggers_run(&mut self, run: bool) -> Answer<()> {
        if let Self::Sqlite(connection) = self {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, run)?;
        }
        Ok(())
    }

    /// Has an index of full text read its table again: the triggers that keep it did not run.
    pub async fn index_again(&mut self, index: &str) -> Answer<()> {
        let index = self.dialect().quote(index);
        self.execute(&format!("INSERT INTO {index} ({index}) VALUES ('rebuild')")).await
    }

    /// Stops checking foreign keys, for the whole session and before it begins a transaction, where that can be done. The caller
    /// checks them.
    pub async fn ignore_foreign_keys(&mut self) -> Answer<()> {
        match self.dialect() {
            Dialect::Postgres => Ok(()),
            Dialect::MySql => self.execute("SET SESSION foreign_key_checks = 0").await,
            Dialect::Sqlite => self.execute("PRAGMA foreign_keys = OFF").await,
        }
    }

    /// Has everything that waits for the end of the transaction happen, where triggers can only be enabled after that.
    pub async fn settle(&mut self) -> Answer<()> {
        match self.dialect() {
            Dialect::Postgres => self.execute("SET CONSTRAINTS ALL IMMEDIATE").await,
            Dialect::MySql | Dialect::Sqlite => Ok(()),
        }
    }
}
