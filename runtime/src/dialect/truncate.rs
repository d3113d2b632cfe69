//! What differs between databases in emptying tables. It returns SQL and does no I/O.

use super::Dialect;

impl Dialect {
    /// A query for the tables of the current database or schema that have rows, whoever keeps them: not views, and no other server's.
    pub fn emptied(self) -> &'static str {
        match self {
            Self::Postgres => {
                "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT EXISTS (\
                 SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
                 AND d.deptype = 'e') ORDER BY 1"
            }
            Self::Sqlite | Self::MySql => self.census(),
        }
    }

    /// A query with a row if the database counts rows in a table of its own.
    pub fn has_counters(self) -> Option<&'static str> {
        (self == Self::Sqlite).then_some(super::schema::anew::HAS_SEQUENCES)
    }

    /// Statements that empty these tables, in a transaction, while the session does not look at foreign keys where
    /// [`Dialect::foreign_key_switch`] can do that inside of one. `counts` if [`Dialect::has_counters`] has a row.
    pub fn empty(self, tables: &[String], counts: bool) -> Vec<String> {
        let quoted = tables.iter().map(|table| self.quote(table));
        match self {
            Self::Postgres => {
                vec![format!("TRUNCATE {} RESTART IDENTITY", quoted.collect::<Vec<_>>().join(", "))]
            }
            // It commits each of them.
            Self::MySql => quoted.map(|table| format!("TRUNCATE TABLE {table}")).collect(),
            Self::Sqlite => {
                let rows = quoted.map(|table| format!("DELETE FROM {table}"));
                let names = tables.iter().map(|table| self.literal(table));
                let counters = names.map(|name| format!("DELETE FROM sqlite_sequence WHERE name = {name}"));
                let counters = counters.filter(|_| counts);
                ["PRAGMA defer_foreign_keys = ON".to_owned()].into_iter().chain(rows).chain(counters).collect()
            }
        }
    }
}
