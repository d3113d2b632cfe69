//! Everything that differs between databases for the engine: quoting, placeholders, the ledger's
//! tables, what a wipe drops and a census counts. It returns SQL text and does no I/O.

#[cfg(feature = "pretend")]
mod catalog;
mod lock;
#[cfg(feature = "pretend")]
mod pretend;
pub(crate) mod quoted_text;
mod reason;
mod rows;
#[cfg(feature = "pretend")]
mod rules;
pub mod schema;
mod scratch;
mod session;
mod snapshot;
pub mod sqlite_sql;
#[cfg(feature = "testing")]
mod template;
mod trouble;
mod truncate;
mod undo;
#[cfg(feature = "config")]
pub mod url;
pub mod virtual_table;

#[cfg(feature = "pretend")]
pub use catalog::{Catalog, Cell, Rows};
pub use lock::{Canary, Survey};
#[cfg(feature = "pretend")]
pub use pretend::Lexis;
pub use reason::{Reason, is_index_drop_without_table};
pub use scratch::{More, beside, name_in};
pub use snapshot::Definition;
#[cfg(feature = "testing")]
pub use template::STATEMENTS;
pub use truncate::Emptying;

use crate::wire::Wipe;

/// SeaORM's feature for the driver of the database that a project has without any setting.
pub const DEFAULT_DRIVER: &str = "sqlx-sqlite";

/// A family of databases that speak the same SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

/// How a session stops looking at foreign keys, and how it starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Query for its present position.
    pub read: &'static str,
    /// Statement that sets it, up to the position.
    pub set: &'static str,
    /// Position in which drops do not look at foreign keys.
    pub off: &'static str,
    /// It works only inside a transaction, where the session is pinned; otherwise only outside of one.
    pub inside: bool,
}

/// MySQL's type of a text whatever characters the database itself has: names and errors may have others.
const ANY_TEXT: &str = "longtext CHARACTER SET utf8mb4";

impl Dialect {
    /// Whether the name of an index means something only together with its table.
    pub fn keeps_indexes_by_table(self) -> bool {
        self == Self::MySql
    }

    /// Whether a foreign key can set its column's default. MariaDB accepts the action and restricts instead, InnoDB of MySQL
    /// does the same or refuses it.
    pub fn has_set_default(self) -> bool {
        self != Self::MySql
    }

    /// The maximum number of characters in the column `version` of the ledger that SeaORM creates, if the database has one.
    pub fn max_version(self) -> Option<usize> {
        (self != Self::Sqlite).then_some(255)
    }

    /// Whether DDL can be rolled back.
    pub fn transactional_ddl(self) -> bool {
        match self {
            Self::Sqlite | Self::Postgres => true,
            Self::MySql => false,
        }
    }

    /// An identifier, quoted, whatever stands in it.
    ///
    /// ```
    /// # use kit_runtime::dialect::Dialect;
    /// assert_eq!(Dialect::Postgres.quote("x\"y"), "\"x\"\"y\"");
    /// assert_eq!(Dialect::MySql.quote("a`b"), "`a``b`");
    /// ```
    pub fn quote(self, identifier: &str) -> String {
        match self {
            Self::Sqlite | Self::Postgres => format!("\"{}\"", identifier.replace('"', "\"\"")),
            Self::MySql => format!("`{}`", identifier.replace('`', "``")),
        }
    }

    /// The placeholder of the `n`th value, counted from 1.
    pub fn placeholder(self, n: usize) -> String {
        match self {
            Self::Postgres => format!("${n}"),
            Self::Sqlite | Self::MySql => "?".to_owned(),
        }
    }

    /// `1, 2, … count` as placeholders, with commas.
    pub fn placeholders(self, count: usize) -> String {
        (1..=count).map(|n| self.placeholder(n)).collect::<Vec<_>>().join(", ")
    }

    /// An expression as text, for [`crate::connection::Connection::query`].
    pub fn text(self, expression: &str) -> String {
        match self {
            Self::Sqlite | Self::Postgres => format!("CAST({expression} AS TEXT)"),
            Self::MySql => format!("CAST({expression} AS CHAR)"),
        }
    }

    /// A query with one row if a table or view of that name exists in the current database or schema.
    /// Takes the name as its only value.
    pub fn table_exists(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT '1' FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?",
            Self::Postgres => {
                "SELECT '1' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname = $1"
            }
            Self::MySql => {
                "SELECT '1' FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
            }
        }
    }

    /// `CREATE TABLE IF NOT EXISTS` for the ledger, exactly as SeaORM 2 creates it (1.1 calls SQLite's integers `bigint`,
    /// which is the same to SQLite).
    pub fn create_ledger(self, table: &str) -> String {
        let table = self.quote(table);
        match self {
            Self::Sqlite => format!(
                "CREATE TABLE IF NOT EXISTS {table} ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" integer NOT NULL )"
            ),
            Self::Postgres => format!(
                "CREATE TABLE IF NOT EXISTS {table} ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL )"
            ),
            Self::MySql => format!(
                "CREATE TABLE IF NOT EXISTS {table} ( `version` varchar(255) NOT NULL PRIMARY KEY, `applied_at` bigint NOT NULL )"
            ),
        }
    }

    /// `CREATE TABLE IF NOT EXISTS` for kit's side table.
    pub fn create_journal(self, table: &str) -> String {
        let (name, text) = match self {
            Self::Sqlite | Self::Postgres => ("text", "text"),
            Self::MySql => ("varchar(255)", ANY_TEXT),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version {name} NOT NULL PRIMARY KEY, batch bigint, state {name} NOT NULL, \
             direction {name} NOT NULL, checksum {name}, kit_version {name} NOT NULL, applied_at bigint, \
             started_at bigint NOT NULL, finished_at bigint, error {text}, snapshot {text})",
            self.quote(table)
        )
    }

    /// `ALTER TABLE` for a side table that was made before there was a column for the schema.
    pub fn add_snapshot(self, table: &str) -> String {
        let text = if self == Self::MySql { ANY_TEXT } else { "text" };
        format!("ALTER TABLE {} ADD COLUMN snapshot {text}", self.quote(table))
    }

    /// `CREATE TABLE IF NOT EXISTS` for what was put right by hand.
    pub fn create_history(self, table: &str) -> String {
        let (name, text) = match self {
            Self::Sqlite | Self::Postgres => ("text", "text"),
            Self::MySql => ("varchar(255)", ANY_TEXT),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (happened_at bigint NOT NULL, host {name} NOT NULL, person {name} NOT NULL, \
             command {text} NOT NULL, version {name}, what {text} NOT NULL, kit_version {name} NOT NULL)",
            self.quote(table)
        )
    }

    /// `CREATE TABLE IF NOT EXISTS` for the statements of migrations that cannot be rolled back.
    pub fn create_statements(self, table: &str) -> String {
        let (name, text) = match self {
            Self::Sqlite | Self::Postgres => ("text", "text"),
            Self::MySql => ("varchar(255)", ANY_TEXT),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version {name} NOT NULL, step bigint NOT NULL, body {text} NOT NULL, \
             state {name} NOT NULL, error {text}, PRIMARY KEY (version, step))",
            self.quote(table)
        )
    }

    /// A statement that writes so many rows of that table, and replaces those that are in it.
    pub fn put_statements(self, table: &str, rows: usize) -> String {
        let (verb, end) = match self {
            Self::Sqlite => ("INSERT OR REPLACE", ""),
            Self::Postgres => (
                "INSERT",
                " ON CONFLICT (version, step) DO UPDATE SET body = excluded.body, state = excluded.state, error = excluded.error",
            ),
            Self::MySql => ("REPLACE", ""),
        };
        let rows: Vec<String> = (0..rows)
            .map(|row| format!("({})", (1..=5).map(|at| self.placeholder(row * 5 + at)).collect::<Vec<_>>().join(", ")))
            .collect();
        format!("{verb} INTO {} (version, step, body, state, error) VALUES {}{end}", self.quote(table), rows.join(", "))
    }

    /// Whether kit creates that table with the other ones: most migrations here cannot be rolled back.
    pub fn installs_statements(self) -> bool {
        !self.transactional_ddl()
    }

    /// What has to be switched off for tables to go in any order. `None` where a drop says so itself.
    pub fn foreign_key_switch(self) -> Option<Switch> {
        match self {
            Self::Sqlite => Some(Switch {
                read: "SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys",
                set: "PRAGMA foreign_keys = ",
                off: "0",
                inside: false,
            }),
            Self::Postgres => None,
            Self::MySql => Some(Switch {
                read: "SELECT CAST(@@SESSION.foreign_key_checks + 0 AS CHAR)",
                set: "SET SESSION foreign_key_checks = ",
                off: "0",
                inside: true,
            }),
        }
    }

    /// Queries for what a wipe drops, in the order in which it can go. Each row is a kind and a name, both for
    /// [`Dialect::drop_objects`], and, where the name is qualified, the plain name of a table. What goes by itself with another object (indexes, triggers, owned sequences) and what
    /// belongs to an extension is not among them; neither are `kit_lock` and `kit_probe`, which say who is at work.
    pub fn objects(self, what: Wipe) -> Vec<String> {
        match self {
            Self::Sqlite => {
                let mut queries = Vec::new();
                if what.views {
                    queries.push("SELECT 'VIEW', name FROM sqlite_master WHERE type = 'view' ORDER BY name".to_owned());
                }
                // Tables in which a virtual one keeps its data go with it, and some cannot be dropped before it.
                queries.push(
                    "SELECT 'TABLE', name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') \
                     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type <> 'virtual', name"
                        .to_owned(),
                );
                queries
            }
            Self::Postgres => vec![format!("{}{POSTGRES_DROP_ORDER}", postgres_wanted(what))],
            Self::MySql => {
                let tables = |kind: &str, types: &str| {
                    format!(
                        "SELECT '{kind}', CAST(table_name AS CHAR) FROM information_schema.tables \
                         WHERE table_schema = DATABASE() AND table_type IN ({types}) AND table_name NOT IN ('kit_lock', 'kit_probe') ORDER BY 2"
                    )
                };
                let mut queries = Vec::new();
                if what.views {
                    queries.push(tables("VIEW", "'VIEW'"));
                }
                queries.push(tables("TABLE", "'BASE TABLE', 'SYSTEM VERSIONED'"));
                if what.types {
                    queries.push(tables("SEQUENCE", "'SEQUENCE'"));
                    // A package's body is listed beside it and goes with it.
                    queries.push(
                        "SELECT CAST(routine_type AS CHAR), CAST(routine_name AS CHAR) FROM information_schema.routines \
                         WHERE routine_schema = DATABASE() AND routine_type <> 'PACKAGE BODY' ORDER BY 1, 2"
                            .to_owned(),
                    );
                    queries.push(
                        "SELECT 'EVENT', CAST(event_name AS CHAR) FROM information_schema.events \
                         WHERE event_schema = DATABASE() ORDER BY 2"
                            .to_owned(),
                    );
                }
                queries
            }
        }
    }

    /// Returns how many rows of [`Dialect::objects`] of this kind one statement drops. Each statement of MySQL and MariaDB is a
    /// transaction of its own and waits for the disk.
    pub fn dropped_together(self, kind: &str) -> usize {
        if self == Self::MySql && ["TABLE", "VIEW", "SEQUENCE"].contains(&kind) { 100 } else { 1 }
    }

    /// The statement that drops rows of [`Dialect::objects`] of one kind, those that still exist; as many as
    /// [`Dialect::dropped_together`] allows.
    pub fn drop_objects(self, kind: &str, names: &[&str]) -> String {
        let list =
            |quoted: &dyn Fn(&str) -> String| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        match self {
            // Only this mode has a word for packages, and only a statement within the statement is read in it.
            Self::MySql if kind == "PACKAGE" => {
                let drop = format!("DROP {kind} IF EXISTS {}", list(&|name| self.quote(name)));
                let drop = drop.replace('\\', "\\\\").replace('\'', "''");
                format!("SET STATEMENT sql_mode = 'ORACLE' FOR EXECUTE IMMEDIATE '{drop}'")
            }
            Self::Sqlite | Self::MySql => format!("DROP {kind} IF EXISTS {}", list(&|name| self.quote(name))),
            // The name is an identity that the server quoted, signature included. What else could go with it has been
            // ruled out by `blockers`.
            Self::Postgres => format!("DROP {kind} IF EXISTS {} CASCADE", list(&str::to_owned)),
        }
    }

    /// A query for what forbids a wipe, a sentence each: objects that are to stay and depend on what is to go.
    pub fn blockers(self, what: Wipe) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("{}{POSTGRES_BLOCKERS}", postgres_wanted(what))),
            Self::MySql => Some(
                "SELECT CAST(CONCAT('foreign key ', constraint_name, ' on table ', constraint_schema, '.', table_name, \
                 ' depends on table ', referenced_table_name) AS CHAR) FROM information_schema.referential_constraints \
                 WHERE unique_constraint_schema = DATABASE() AND constraint_schema <> DATABASE() ORDER BY 1 LIMIT 10"
                    .to_owned(),
            ),
        }
    }

    /// A query for the tables of a census: the name of each, and what its rows are selected from, NULL if it keeps none
    /// of its own.
    pub fn census(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT name, '\"' || replace(name, '\"', '\"\"') || '\"' FROM pragma_table_list WHERE schema = 'main' \
                 AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            }
            // Rows of a partition are its own, not those of the table above it; a foreign table's are another server's.
            Self::Postgres => {
                "SELECT c.relname::text, CASE c.relkind WHEN 'r' THEN 'ONLY ' || c.oid::regclass::text END \
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'f') AND NOT EXISTS (\
                 SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
                 AND d.deptype = 'e') ORDER BY 1"
            }
            Self::MySql => {
                "SELECT CAST(table_name AS CHAR), CAST(CONCAT('`', REPLACE(table_name, '`', '``'), '`') AS CHAR) \
                 FROM information_schema.tables WHERE table_schema = DATABASE() \
                 AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1"
            }
        }
    }
}

/// `WITH … wanted(classid, objid), going(classid, objid)`: what a wipe drops of the current schema, and with what goes by
/// itself, as the server records dependencies.
fn postgres_wanted(what: Wipe) -> String {
    let mut families = vec!["'table'"];
    if what.views {
        families.push("'view'");
    }
    if what.types {
        families.push("'type'");
    }
    POSTGRES_WANTED.replace("{families}", &families.join(", "))
}

const POSTGRES_WANTED: &str = "\
WITH RECURSIVE own(classid, objid, family) AS (
  SELECT 'pg_class'::regclass::oid, oid, CASE WHEN relkind IN ('r', 'p', 'f') THEN 'table' WHEN relkind IN ('v', 'm') \
    THEN 'view' ELSE 'type' END FROM pg_class
    WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    AND relname NOT IN ('kit_lock', 'kit_probe')
  UNION ALL SELECT 'pg_type'::regclass, t.oid, 'type' FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE typnamespace = to_regnamespace(quote_ident(current_schema())) AND (t.typrelid = 0 OR c.relkind = 'c')
  UNION ALL SELECT 'pg_proc'::regclass, oid, 'type' FROM pg_proc
    WHERE pronamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_operator'::regclass, oid, 'type' FROM pg_operator
    WHERE oprnamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_opclass'::regclass, oid, 'type' FROM pg_opclass
    WHERE opcnamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_opfamily'::regclass, oid, 'type' FROM pg_opfamily
    WHERE opfnamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_collation'::regclass, oid, 'type' FROM pg_collation
    WHERE collnamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_conversion'::regclass, oid, 'type' FROM pg_conversion
    WHERE connamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_ts_config'::regclass, oid, 'type' FROM pg_ts_config
    WHERE cfgnamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_ts_dict'::regclass, oid, 'type' FROM pg_ts_dict
    WHERE dictnamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_ts_parser'::regclass, oid, 'type' FROM pg_ts_parser
    WHERE prsnamespace = to_regnamespace(quote_ident(current_schema()))
  UNION ALL SELECT 'pg_ts_template'::regclass, oid, 'type' FROM pg_ts_template
    WHERE tmplnamespace = to_regnamespace(quote_ident(current_schema()))
), wanted(classid, objid) AS (
  SELECT classid, objid FROM own WHERE family IN ({families}) AND NOT EXISTS (SELECT FROM pg_depend d
    WHERE d.classid = own.classid AND d.objid = own.objid AND d.objsubid = 0 AND (d.deptype IN ('e', 'i')
    OR (d.deptype = 'a' AND own.family = 'type' AND d.refclassid = 'pg_class'::regclass)))
), going(classid, objid) AS (
  SELECT classid, objid FROM wanted
  UNION SELECT d.classid, d.objid FROM going g JOIN pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
    OR d.classid IN ('pg_cast'::regclass, 'pg_transform'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass)
)";

/// After [`POSTGRES_WANTED`]: the objects in an order in which few others are dropped with each, since every object that is
/// dropped takes a lock: views before tables, tables before types and functions; partitions and inheriting tables before their
/// parents, and tables to which many foreign keys lead last.
const POSTGRES_DROP_ORDER: &str = " \
SELECT CASE WHEN w.classid = 'pg_proc'::regclass THEN 'ROUTINE' ELSE upper(object.type) END, object.identity, \
  CASE WHEN c.relkind IN ('r', 'p', 'f') THEN c.relname::text END \
  FROM wanted w LEFT JOIN pg_class c ON w.classid = 'pg_class'::regclass AND c.oid = w.objid \
  LEFT JOIN (SELECT confrelid, count(*) AS keys FROM pg_constraint WHERE contype = 'f' GROUP BY 1) k ON k.confrelid = c.oid \
  LEFT JOIN (SELECT inhparent, count(*) AS children FROM pg_inherits GROUP BY 1) p ON p.inhparent = c.oid, \
  pg_identify_object(w.classid, w.objid, 0) AS object \
  ORDER BY CASE WHEN c.relkind IN ('v', 'm') THEN 1 WHEN c.relkind IN ('r', 'p', 'f') THEN 2 ELSE 3 END, \
  p.inhparent IS NOT NULL, NOT coalesce(c.relispartition, false), coalesce(k.keys, 0), object.type, object.identity";

/// After [`POSTGRES_WANTED`]: what stays and depends on what goes, and partitions elsewhere, which would go silently.
const POSTGRES_BLOCKERS: &str = " \
SELECT pg_describe_object(d.classid, d.objid, 0) || ' depends on ' || pg_describe_object(d.refclassid, d.refobjid, 0)
  FROM pg_depend d JOIN going g ON g.classid = d.refclassid AND g.objid = d.refobjid
  WHERE d.deptype = 'n' AND NOT EXISTS (SELECT FROM going h WHERE h.classid = d.classid AND h.objid = d.objid)
UNION
SELECT pg_describe_object(g.classid, g.objid, 0) || ' is part of what is to be dropped, but stands in another schema'
  FROM going g JOIN pg_class c ON g.classid = 'pg_class'::regclass AND c.oid = g.objid
  WHERE c.relkind IN ('r', 'p', 'f') AND c.relnamespace <> to_regnamespace(quote_ident(current_schema()))
ORDER BY 1 LIMIT 10";
