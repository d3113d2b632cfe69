//! What is around filling and reading tables: beginning, emptying, having foreign keys wait until the end, numbering on.

use kit_runtime::dialect::Dialect;

use super::{Answer, Writer};
use crate::schema::model::{ForeignKey, Table};
use crate::seeds::survey::Survey;

/// How often tables are emptied again because triggers wrote rows while others were.
const MAX_PASSES: usize = 10;

/// A query for statements that have counters go on where they are which belong to tables, and which no column takes its default
/// from alone: emptying the tables would restart them, and no row tells where they were.
fn other_counters(tables: &[String]) -> String {
    let names: Vec<String> = tables.iter().map(|table| Dialect::Postgres.literal(table)).collect();
    format!(
        "SELECT format('SELECT setval(%L::regclass, %s)', oid::regclass, pg_sequence_last_value(oid)) FROM (SELECT s.oid \
         FROM pg_catalog.pg_class s JOIN pg_catalog.pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid \
         AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' \
         JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relnamespace = to_regnamespace(quote_ident(current_schema())) \
         LEFT JOIN pg_catalog.pg_attrdef a ON a.adrelid = c.oid AND a.adnum = d.refobjsubid \
         WHERE s.relkind = 'S' AND c.relname::text IN ({}) \
         AND coalesce(pg_get_expr(a.adbin, a.adrelid), '') NOT LIKE 'nextval(%' OFFSET 0) AS counter \
         WHERE pg_sequence_last_value(oid) IS NOT NULL",
        names.join(", ")
    )
}

impl Writer {
    /// Begins a transaction that writes.
    pub async fn begin(&mut self) -> Answer<()> {
        let sql = if self.dialect() == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.execute(sql).await
    }

    /// Begins a transaction in which everything stays as it is at this moment.
    pub async fn begin_to_read(&mut self) -> Answer<()> {
        let statements: &[&str] = match self.dialect() {
            Dialect::Postgres => &["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"],
            Dialect::MySql => &[
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ],
            Dialect::Sqlite => &["BEGIN"],
        };
        for sql in statements {
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Takes all rows out of tables, in a transaction that is there. MySQL numbers on where it was.
    pub async fn empty(&mut self, tables: &[String], survey: &Survey, ignores_keys: bool) -> Answer<()> {
        let dialect = self.dialect();
        match dialect {
            Dialect::Postgres if tables.is_empty() => {}
            Dialect::Postgres => {
                let counters = self.texts(&other_counters(tables)).await?;
                let list: Vec<String> = tables.iter().map(|table| survey.own_rows(dialect, table)).collect();
                self.execute(&format!("TRUNCATE {} RESTART IDENTITY", list.join(", "))).await?;
                for sql in counters.into_iter().flatten() {
                    self.execute(&sql).await?;
                }
            }
            Dialect::MySql => {
                self.execute("SET SESSION foreign_key_checks = 0").await?;
                // Triggers may write rows into tables that were emptied before.
                let mut left = tables.to_vec();
                for _ in 0..MAX_PASSES {
                    for table in &left {
                        self.execute(&format!("DELETE FROM {}", dialect.quote(table))).await?;
                    }
                    if survey.triggers.iter().all(|trigger| !trigger.on_empty) {
                        break;
                    }
                    let mut full = Vec::new();
                    for table in &left {
                        let sql = format!("SELECT '1' FROM {} LIMIT 1", dialect.quote(table));
                        if !self.texts(&sql).await?.is_empty() {
                            full.push(table.clone());
                        }
                    }
                    left = full;
                }
                if !ignores_keys {
                    self.execute("SET SESSION foreign_key_checks = 1").await?;
                }
            }
            Dialect::Sqlite => {
                self.execute("PRAGMA defer_foreign_keys = ON").await?;
                for table in tables {
                    self.execute(&format!("DELETE FROM {}", dialect.quote(table))).await?;
                }
                // There once a table numbers its rows for good.
                if !self.texts("SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'").await?.is_empty() {
                    for table in tables {
                        let name = table.replace('\'', "''");
                        self.execute(&format!("DELETE FROM sqlite_sequence WHERE name = '{name}'")).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Has the numbers of tables that were emptied go on behind their highest, where that could not be done before: it would
    /// have ended the transaction. Who may not alter tables keeps the numbers that they have.
    pub async fn number_anew(&mut self, emptied: impl Iterator<Item = &Table>) {
        let dialect = self.dialect();
        if dialect != Dialect::MySql {
            return;
        }
        for table in emptied.filter(|table| table.columns.iter().any(|column| column.identity.is_some())) {
            let _ = self.execute(&format!("ALTER TABLE {} AUTO_INCREMENT = 1", dialect.quote(&table.name))).await;
        }
    }

    /// Lets rows come before those that they refer to, for some keys of tables. Returns what puts that back, and looks whether
    /// all refer to something, where the database does so by itself.
    pub async fn relax(&mut self, waiting: &[(&Table, &ForeignKey)], ignores_keys: bool) -> Answer<Vec<String>> {
        if waiting.is_empty() || ignores_keys {
            return Ok(Vec::new());
        }
        let dialect = self.dialect();
        let mut back = Vec::new();
        match dialect {
            Dialect::Sqlite => self.execute("PRAGMA defer_foreign_keys = ON").await?,
            Dialect::MySql => {
                self.execute("SET SESSION foreign_key_checks = 0").await?;
                back.push("SET SESSION foreign_key_checks = 1".to_owned());
            }
            Dialect::Postgres => {
                back.push("SET CONSTRAINTS ALL IMMEDIATE".to_owned());
                for (table, key) in waiting {
                    let Some(name) = &key.name else { continue };
                    let quoted = dialect.quote(&table.name);
                    let sql = format!(
                        "SELECT CAST(condeferrable AS text) FROM pg_constraint WHERE conrelid = '{}'::regclass AND conname = '{}'",
                        quoted.replace('\'', "''"),
                        name.replace('\'', "''")
                    );
                    let name = dialect.quote(name);
                    if self.texts(&sql).await?.first() == Some(&Some("true".to_owned())) {
                        self.execute(&format!("SET CONSTRAINTS {name} DEFERRED")).await?;
                        continue;
                    }
                    let alter = format!("ALTER TABLE {quoted} ALTER CONSTRAINT {name}");
                    self.execute(&format!("{alter} DEFERRABLE INITIALLY DEFERRED")).await?;
                    back.push(format!("{alter} NOT DEFERRABLE"));
                }
            }
        }
        Ok(back)
    }

    /// Whether the database does not look by itself in the end where it was told to wait.
    pub fn is_silent(&self) -> bool {
        self.dialect() != Dialect::Postgres
    }

    /// Has the database number the next rows behind those that are there, where it does not do so by itself.
    pub async fn number_on(&mut self, tables: &[&Table]) -> Answer<()> {
        let dialect = self.dialect();
        if dialect != Dialect::Postgres {
            return Ok(());
        }
        for table in tables {
            for column in table.columns.iter().filter(|column| column.identity.is_some()) {
                let (quoted, name) = (dialect.quote(&table.name), dialect.quote(&column.name));
                let (text, word) = (quoted.replace('\'', "''"), column.name.replace('\'', "''"));
                self.execute(&format!(
                    "SELECT setval(pg_get_serial_sequence('{text}', '{word}'), GREATEST(max({name}), 1), max({name}) IS NOT NULL) \
                     FROM {quoted}"
                ))
                .await?;
            }
        }
        Ok(())
    }

    /// The tables that take nothing back, whatever happens.
    pub async fn final_tables(&mut self) -> Answer<Vec<String>> {
        if self.dialect() != Dialect::MySql {
            return Ok(Vec::new());
        }
        let sql = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables t \
                   JOIN information_schema.engines e ON e.engine = t.engine \
                   WHERE t.table_schema = DATABASE() AND e.transactions <> 'YES'";
        Ok(self.texts(sql).await?.into_iter().flatten().collect())
    }
}
