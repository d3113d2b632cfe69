//! What differs between databases in emptying tables, and in how many objects a transaction can take. It returns SQL and does
//! no I/O.

use super::Dialect;

/// How a table is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptying {
    /// All rows are its own.
    Plain,
    /// Other tables inherit from it or could: only its own rows are deleted.
    Only,
    /// The server keeps earlier versions of its rows.
    Versioned,
    /// An index of full text that keeps no rows, only where words are.
    Contentless,
}

impl Emptying {
    /// What [`Dialect::emptied`] calls it.
    pub fn of(word: &str) -> Self {
        match word {
            "only" => Self::Only,
            "versioned" => Self::Versioned,
            "contentless" => Self::Contentless,
            _ => Self::Plain,
        }
    }
}

impl Dialect {
    /// A query for the tables of the current database or schema that have rows of their own: not views, and no other server's.
    /// Each row is a name, how the table is emptied ([`Emptying::of`]), and the statement that made a virtual table.
    pub fn emptied(self) -> &'static str {
        match self {
            Self::Postgres => {
                "SELECT c.relname::text, CASE c.relkind WHEN 'r' THEN 'only' ELSE 'plain' END, NULL \
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT EXISTS (\
                 SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
                 AND d.deptype = 'e') ORDER BY 1"
            }
            Self::Sqlite => {
                "SELECT l.name, 'plain', CASE l.type WHEN 'virtual' THEN m.sql END FROM pragma_table_list l \
                 JOIN sqlite_master m ON m.name = l.name AND m.type = 'table' WHERE l.schema = 'main' \
                 AND l.type IN ('table', 'virtual') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
            }
            // A merge table has the rows of other tables, and what another server keeps is not this one's.
            Self::MySql => {
                "SELECT CAST(table_name AS CHAR), CASE table_type WHEN 'SYSTEM VERSIONED' THEN 'versioned' ELSE 'plain' END, NULL \
                 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') \
                 AND COALESCE(engine, '') NOT IN ('MRG_MyISAM', 'FEDERATED', 'CONNECT', 'SPIDER') ORDER BY 1"
            }
        }
    }

    /// A query for the tables from which others inherit, so that a query of one also finds the rows of the others. Rows of a
    /// partition are those of its table.
    pub fn inherited_tables(self) -> Option<&'static str> {
        (self == Self::Postgres).then_some(
            "SELECT DISTINCT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_inherits i ON i.inhparent = c.oid \
             WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind = 'r'",
        )
    }

    /// A query with a row if the database counts rows in a table of its own.
    pub fn has_counters(self) -> Option<&'static str> {
        (self == Self::Sqlite).then_some(super::schema::anew::HAS_SEQUENCES)
    }

    /// A query for how many objects one transaction can drop or empty. `None` where nothing limits it. An object has about
    /// eight locks: its own and those of its indexes, its TOAST table and its sequences; others use the same room.
    pub fn batch(self) -> Option<&'static str> {
        (self == Self::Postgres).then_some(
            "SELECT greatest(1, current_setting('max_locks_per_transaction')::bigint * \
             (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint) / 16)::text",
        )
    }

    /// A query for the tables of the database that have counters that have counted or earlier versions of rows, where one query
    /// has to look at all tables: MariaDB reads the list of all tables for each query, whatever names it asks for.
    pub fn counted(self) -> Option<&'static str> {
        (self == Self::MySql).then_some(
            "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE() \
             AND (auto_increment > 1 OR table_type = 'SYSTEM VERSIONED')",
        )
    }

    /// Queries for which of these tables have rows, or counters that have counted ([`Dialect::counted`] apart). None where a
    /// table is emptied as quickly as it is looked at.
    pub fn filled(self, tables: &[String]) -> Vec<String> {
        if self == Self::Sqlite {
            return Vec::new();
        }
        let one = |table: &String| {
            let (name, quoted) = (self.literal(table), self.quote(table));
            let from = if self == Self::MySql { " FROM DUAL" } else { "" };
            format!("SELECT {name}{from} WHERE EXISTS (SELECT 1 FROM {quoted})")
        };
        let mut queries = vec![tables.iter().map(one).collect::<Vec<_>>().join(" UNION ALL ")];
        let names: Vec<String> = tables.iter().map(|table| self.literal(table)).collect();
        if self == Self::Postgres {
            queries.push(format!(
                "SELECT name FROM (SELECT c.relname::text AS name, s.oid FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid \
                 AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') \
                 JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' \
                 WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relname IN ({}) OFFSET 0) AS counter \
                 WHERE pg_sequence_last_value(oid) IS NOT NULL",
                names.join(", ")
            ));
        }
        queries
    }

    /// Whether the database itself refuses to empty a table to which a foreign key leads from one that keeps its rows.
    pub fn refuses_to_empty_references(self) -> bool {
        self == Self::Postgres
    }

    /// A query for the foreign keys that lead from other schemas (databases, where those are the schemas) into this one: schema,
    /// table, column, and the table that it leads to. `None` where there is nothing outside.
    pub fn references_from_outside(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(
                "SELECT n.nspname::text, c.relname::text, a.attname::text, o.relname::text FROM pg_constraint k \
                 JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                 JOIN pg_class o ON o.oid = k.confrelid JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] \
                 WHERE k.contype = 'f' AND o.relnamespace = to_regnamespace(quote_ident(current_schema())) \
                 AND c.relnamespace <> o.relnamespace ORDER BY 1, 2, k.conname",
            ),
            // The constraint's own table: the view over all columns of all databases opens every table.
            Self::MySql => Some(
                "SELECT CAST(r.constraint_schema AS CHAR), CAST(r.table_name AS CHAR), CAST(u.column_name AS CHAR), \
                 CAST(r.referenced_table_name AS CHAR) FROM information_schema.referential_constraints r \
                 JOIN information_schema.key_column_usage u ON u.constraint_schema = r.constraint_schema \
                 AND u.constraint_name = r.constraint_name AND u.table_name = r.table_name AND u.ordinal_position = 1 \
                 WHERE r.unique_constraint_schema = DATABASE() AND r.constraint_schema <> DATABASE() ORDER BY 1, 2, 3",
            ),
        }
    }

    /// Statements that empty these tables, in a transaction, while the session does not check foreign keys
    /// ([`Dialect::foreign_key_switch`]). `counts` if [`Dialect::has_counters`] has a row.
    pub fn empty(self, tables: &[(String, Emptying)], counts: bool) -> Vec<String> {
        let quoted = tables.iter().map(|(table, how)| (self.quote(table), *how));
        match self {
            Self::Postgres => {
                let only = |how| if how == Emptying::Only { "ONLY " } else { "" };
                let list: Vec<String> = quoted.map(|(table, how)| format!("{}{table}", only(how))).collect();
                vec![format!("TRUNCATE {} RESTART IDENTITY", list.join(", "))]
            }
            Self::MySql => quoted
                .flat_map(|(table, how)| match how {
                    Emptying::Versioned => {
                        vec![format!("DELETE FROM {table}"), format!("DELETE HISTORY FROM {table}")]
                    }
                    // It commits each of them.
                    _ => vec![format!("TRUNCATE TABLE {table}")],
                })
                .collect(),
            Self::Sqlite => {
                let rows = quoted.map(|(table, how)| match how {
                    Emptying::Contentless => format!("INSERT INTO {table} ({table}) VALUES ('delete-all')"),
                    _ => format!("DELETE FROM {table}"),
                });
                let names = tables.iter().map(|(table, _)| self.literal(table));
                let counters = names.map(|name| format!("DELETE FROM sqlite_sequence WHERE name = {name}"));
                rows.chain(counters.filter(|_| counts)).collect()
            }
        }
    }
}
