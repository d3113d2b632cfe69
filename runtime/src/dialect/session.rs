//! The state of a session as SQL: what a migration may leave changed, whether a transaction is open, which one. It returns
//! statements; [`crate::engine`] knows when to send them.

use super::Dialect;
use crate::connection::Row;

/// Statements that find out whether a transaction is open, without a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// To be sent in this order, until one fails.
    pub statements: [&'static str; 2],
    /// What it means if none fails.
    pub open_if_all_pass: bool,
}

impl Dialect {
    /// Statements for a session that is going to migrate. Nothing waits in the server for longer than `patience` seconds for
    /// what another session has; 0 means as long as it takes.
    pub fn prepare_session(self, patience: u64) -> Vec<String> {
        match self {
            Self::Sqlite => vec![format!("PRAGMA busy_timeout = {}", patience.clamp(1, 86_400) * 1_000)],
            // The second one lets the server notice within a second that its client is gone; not every version has it.
            Self::Postgres => vec![
                format!("SELECT set_config('lock_timeout', '{patience}s', false)"),
                "SELECT set_config(name, '1s', false) FROM pg_catalog.pg_settings \
                 WHERE name = 'client_connection_check_interval'"
                    .to_owned(),
                "SELECT set_config('application_name', 'kit', false)".to_owned(),
            ],
            Self::MySql if patience > 0 => vec![
                format!("SET SESSION lock_wait_timeout = {patience}"),
                format!("SET SESSION innodb_lock_wait_timeout = {patience}"),
            ],
            Self::MySql => Vec::new(),
        }
    }

    /// A query for the settings of the session that a migration may leave changed: name and value. `serial` is another
    /// number each time.
    pub fn settings(self, serial: u32) -> String {
        match self {
            Self::Sqlite => {
                "SELECT 'foreign_keys', CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys \
                 UNION ALL SELECT 'ignore_check_constraints', CAST(ignore_check_constraints AS TEXT) FROM pragma_ignore_check_constraints \
                 UNION ALL SELECT 'recursive_triggers', CAST(recursive_triggers AS TEXT) FROM pragma_recursive_triggers \
                 UNION ALL SELECT 'legacy_alter_table', CAST(legacy_alter_table AS TEXT) FROM pragma_legacy_alter_table \
                 UNION ALL SELECT 'writable_schema', CAST(writable_schema AS TEXT) FROM pragma_writable_schema"
                    .to_owned()
            }
            Self::Postgres => {
                "SELECT name, current_setting(name) FROM unnest(ARRAY['role', 'search_path', 'session_replication_role', \
                 'lock_timeout', 'statement_timeout', 'row_security', 'check_function_bodies', 'standard_conforming_strings', \
                 'default_transaction_isolation', 'default_transaction_read_only', 'timezone']) AS name"
                    .to_owned()
            }
            // A statement that was prepared before goes on to see the database that it was prepared in.
            Self::MySql => format!(
                "SELECT 'autocommit', CAST(@@SESSION.autocommit AS CHAR) \
                 UNION ALL SELECT 'sql_mode', CAST(@@SESSION.sql_mode AS CHAR) \
                 UNION ALL SELECT 'foreign_key_checks', CAST(@@SESSION.foreign_key_checks AS CHAR) \
                 UNION ALL SELECT 'unique_checks', CAST(@@SESSION.unique_checks AS CHAR) \
                 UNION ALL SELECT 'time_zone', CAST(@@SESSION.time_zone AS CHAR) \
                 UNION ALL SELECT 'character_set_client', CAST(@@SESSION.character_set_client AS CHAR) \
                 UNION ALL SELECT 'database', CAST(DATABASE() AS CHAR) /* {serial} */"
            ),
        }
    }

    /// A statement after which a session hardly waits for what others have locked.
    pub fn hurry(self) -> &'static str {
        match self {
            Self::Sqlite => "PRAGMA busy_timeout = 0",
            Self::Postgres => "SET lock_timeout = '1s'",
            Self::MySql => "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1",
        }
    }

    /// Whether a second session may stay open while a migration runs. An open file keeps SQLite from changing its journal mode.
    pub fn keeps_writer_open(self) -> bool {
        self != Self::Sqlite
    }

    /// Whether settings can be put back while a transaction is open; what runs after the migration in the same transaction
    /// needs them then.
    pub fn restores_inside(self) -> bool {
        !matches!(self, Self::Sqlite)
    }

    /// The statement that gives a setting of [`Dialect::settings`] its value back.
    pub fn restore(self, name: &str, value: &str) -> String {
        match self {
            Self::Sqlite => format!("PRAGMA {name} = {value}"),
            Self::Postgres => format!("SELECT set_config('{name}', '{}', false)", value.replace('\'', "''")),
            Self::MySql if name == "database" => format!("USE {}", self.quote(value)),
            Self::MySql if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() => {
                format!("SET SESSION {name} = {value}")
            }
            Self::MySql => format!("SET SESSION {name} = '{}'", value.replace('\\', "\\\\").replace('\'', "''")),
        }
    }

    /// How to find out whether a transaction is open.
    pub fn probe(self) -> Probe {
        match self {
            Self::Sqlite => Probe { statements: ["BEGIN", "ROLLBACK"], open_if_all_pass: false },
            // Without a transaction the first fails here, and there the second, since the first was over at once.
            Self::Postgres | Self::MySql => {
                Probe { statements: ["SAVEPOINT kit_probe", "RELEASE SAVEPOINT kit_probe"], open_if_all_pass: true }
            }
        }
    }

    /// A query for a name of the open transaction that no other one has.
    pub fn transaction_name(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some("SELECT CAST(txid_current() AS TEXT)"),
            Self::Sqlite | Self::MySql => None,
        }
    }

    /// A query that says how the transaction of that name ended: `committed`, or something else.
    pub fn transaction_outcome(self, name: &str) -> Option<String> {
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Postgres if is_number => Some(format!("SELECT txid_status({name})")),
            _ => None,
        }
    }

    /// A query for counters of what this session has done to rows so far. `None` where the database does not tell.
    pub fn changes(self) -> Option<&'static str> {
        match self {
            Self::Sqlite | Self::Postgres => None,
            Self::MySql => Some(
                "SHOW SESSION STATUS WHERE Variable_name IN ('Handler_write', 'Handler_update', 'Handler_delete', \
                 'Com_truncate', 'Com_load', 'Com_drop_table', 'Com_create_table')",
            ),
        }
    }

    /// Whether, between two answers to [`Dialect::changes`], no row was changed, if the schema is the same as well. It may
    /// say no where none was.
    pub fn is_unchanged(self, before: &[Row], after: &[Row]) -> bool {
        // They count statements that failed, too; a table is lost unseen only if it was made again.
        let remade = ["Com_drop_table", "Com_create_table"];
        let differs = |name: &str| {
            let of =
                |rows: &[Row]| rows.iter().find(|row| row.first().and_then(Option::as_deref) == Some(name)).cloned();
            of(before) != of(after)
        };
        let names = before.iter().filter_map(|row| row.first()?.as_deref());
        !names.filter(|name| !remade.contains(name)).any(differs) && !remade.iter().all(|name| differs(name))
    }

    /// A query that has a row if some table of the database keeps its rows when a transaction is rolled back.
    pub fn keeps_rows(self) -> Option<&'static str> {
        match self {
            Self::Sqlite | Self::Postgres => None,
            Self::MySql => Some(
                "SELECT CAST(t.table_name AS CHAR) FROM information_schema.tables t \
                 JOIN information_schema.engines e ON e.engine = t.engine \
                 WHERE t.table_schema = DATABASE() AND COALESCE(e.transactions, 'NO') <> 'YES' LIMIT 1",
            ),
        }
    }

    /// A query for tables that others refer to, by name, and what becomes another when the table is made anew. `None`
    /// where a table need not be made anew to be changed.
    pub fn parents(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some(
                "SELECT p.name, CAST(p.rootpage AS TEXT) FROM sqlite_master p WHERE p.type = 'table' AND lower(p.name) IN \
                 (SELECT lower(f.\"table\") FROM sqlite_master c JOIN pragma_foreign_key_list(c.name) f WHERE c.type = 'table') \
                 ORDER BY 1",
            ),
            Self::Postgres | Self::MySql => None,
        }
    }

    /// A query for rows whose foreign key leads nowhere: table and the table it should lead to.
    pub fn dangling(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some(
                "SELECT \"table\", parent, CAST(COUNT(*) AS TEXT) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2",
            ),
            Self::Postgres | Self::MySql => None,
        }
    }

    /// A query for indexes that were begun and never finished, and that nobody is building now: quoted names.
    pub fn invalid_indexes(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some(
                "SELECT format('%I', c.relname) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
                 WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = to_regnamespace(quote_ident(current_schema())) \
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) \
                 ORDER BY 1",
            ),
            Self::Sqlite | Self::MySql => None,
        }
    }
}
