//! Queries for the constraints that rows have to meet, and for the views of a database. It returns queries and does
//! no I/O.

use super::Dialect;

impl Dialect {
    /// A query for the constraints of a table, a row for each column of one: the kind (`unique`, `inexact`, `required`,
    /// `refers`, `check`), the name, the column or condition, its collation, the other table and the column there. Takes the
    /// table's name as its only value.
    pub fn rules_of(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT CASE WHEN i.partial = 1 OR x.cid < 0 THEN 'inexact' ELSE 'unique' END, i.name, x.name, \
                 NULLIF(x.coll, 'BINARY'), NULL, NULL \
                 FROM pragma_index_list(?1) i JOIN pragma_index_xinfo(i.name) x WHERE i.\"unique\" = 1 AND x.key = 1 \
                 UNION ALL SELECT 'unique', 'rowid', name, NULL, NULL, NULL FROM pragma_table_info(?1) WHERE pk = 1 \
                 AND lower(type) = 'integer' AND (SELECT COUNT(*) FROM pragma_table_info(?1) WHERE pk > 0) = 1 \
                 UNION ALL SELECT 'required', name, name, NULL, NULL, NULL FROM pragma_table_info(?1) WHERE \"notnull\" = 1 \
                 UNION ALL SELECT 'refers', 'key ' || f.id, f.\"from\", NULL, f.\"table\", COALESCE(f.\"to\", \
                 (SELECT p.name FROM pragma_table_info(f.\"table\") p WHERE p.pk = f.seq + 1)) \
                 FROM pragma_foreign_key_list(?1) f"
            }
            Self::Postgres => {
                "SELECT CASE WHEN i.indisunique AND i.indexprs IS NULL AND i.indpred IS NULL AND i.indimmediate \
                 AND pg_get_indexdef(i.indexrelid) NOT LIKE '%NULLS NOT DISTINCT%' THEN 'unique' ELSE 'inexact' END, \
                 c.relname::text, a.attname::text, NULL::text, NULL::text, NULL::text FROM pg_catalog.pg_index i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) n \
                 LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] \
                 WHERE i.indrelid = to_regclass(quote_ident($1)) AND (i.indisunique OR i.indisexclusion) \
                 UNION ALL SELECT 'required', attname::text, attname::text, NULL, NULL, NULL FROM pg_catalog.pg_attribute \
                 WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND attnotnull AND NOT attisdropped \
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = attrelid AND k.contype = 'n' \
                 AND NOT k.convalidated AND k.conkey = ARRAY[attnum]) \
                 UNION ALL SELECT 'check', conname::text, pg_get_expr(conbin, conrelid), NULL, NULL, NULL \
                 FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass(quote_ident($1)) AND contype = 'c' \
                 AND convalidated \
                 UNION ALL SELECT 'refers', f.conname::text, a.attname::text, NULL, p.relname::text, b.attname::text \
                 FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class p ON p.oid = f.confrelid \
                 CROSS JOIN LATERAL generate_series(1, cardinality(f.conkey)) n \
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[n] \
                 JOIN pg_catalog.pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[n] \
                 WHERE f.conrelid = to_regclass(quote_ident($1)) AND f.contype = 'f' AND NOT f.condeferred AND f.convalidated \
                 AND to_jsonb(f) ->> 'conperiod' IS DISTINCT FROM 'true'"
            }
            Self::MySql => {
                "SELECT CAST(CASE WHEN sub_part IS NOT NULL OR column_name IS NULL THEN 'inexact' ELSE 'unique' END AS CHAR), \
                 CAST(index_name AS CHAR), CAST(column_name AS CHAR), NULL, NULL, NULL FROM information_schema.statistics \
                 WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 \
                 UNION ALL SELECT 'required', CAST(column_name AS CHAR), CAST(column_name AS CHAR), NULL, NULL, NULL \
                 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND is_nullable = 'NO' \
                 AND data_type <> 'timestamp' \
                 UNION ALL SELECT 'refers', CAST(constraint_name AS CHAR), CAST(column_name AS CHAR), NULL, \
                 CAST(referenced_table_name AS CHAR), CAST(referenced_column_name AS CHAR) \
                 FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND table_name = ? \
                 AND referenced_table_name IS NOT NULL"
            }
        }
    }

    /// How often [`Dialect::rules_of`] takes the name of the table.
    pub fn rules_values(self) -> usize {
        match self {
            Self::Sqlite | Self::Postgres => 1,
            Self::MySql => 3,
        }
    }

    /// A query for the statement that creates a table, and the cell of its answer. `None` where [`Dialect::rules_of`] has all of
    /// the constraints.
    pub fn declaration(self, table: &str) -> Option<(String, usize)> {
        match self {
            Self::Sqlite => {
                let name = self.text_literal(table);
                let sql =
                    format!("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = {name} COLLATE NOCASE");
                Some((sql, 0))
            }
            Self::Postgres => None,
            Self::MySql => Some((format!("SHOW CREATE TABLE {}", self.quote(table)), 1)),
        }
    }

    /// A query for the collation of the session, with a row if it is not the one that `SET NAMES` chooses.
    pub fn own_collation(self) -> Option<&'static str> {
        match self {
            Self::Sqlite | Self::Postgres => None,
            Self::MySql => Some(
                "SELECT CAST(@@collation_connection AS CHAR) FROM information_schema.collations \
                 WHERE character_set_name = 'utf8mb4' AND is_default = 'Yes' AND collation_name <> @@collation_connection",
            ),
        }
    }

    /// The statement that sets the collation of a session.
    pub fn set_collation(self, collation: &str) -> String {
        format!("SET collation_connection = {collation}")
    }

    /// A query for the views of the database: schema (empty for the current one), name and query.
    pub fn views(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT '', name, sql FROM sqlite_master WHERE type = 'view'",
            Self::Postgres => {
                "SELECT CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname::text END, c.relname::text, \
                 pg_get_viewdef(c.oid) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
            }
            Self::MySql => {
                "SELECT '', CAST(table_name AS CHAR), CAST(view_definition AS CHAR) FROM information_schema.views \
                 WHERE table_schema = DATABASE()"
            }
        }
    }

    /// A query for tables that have the rows of others, each with one of these: child and parent. `None` where there are none.
    pub fn descendants(self) -> Option<&'static str> {
        match self {
            Self::Sqlite | Self::MySql => None,
            Self::Postgres => Some(
                "SELECT c.relname::text, p.relname::text FROM pg_catalog.pg_inherits i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_class p ON p.oid = i.inhparent \
                 WHERE c.relkind IN ('r', 'p', 'f') LIMIT 100000",
            ),
        }
    }

    /// A query for the routines that can read tables, by name. `None` where there are none.
    pub fn routines(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(
                "SELECT p.proname::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
                 JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') \
                 AND l.lanname NOT IN ('c', 'internal') AND p.provolatile <> 'i' AND p.prokind = 'f' AND NOT EXISTS \
                 (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')",
            ),
            Self::MySql => Some(
                "SELECT CAST(routine_name AS CHAR) FROM information_schema.routines WHERE routine_schema = DATABASE() \
                 AND routine_type = 'FUNCTION'",
            ),
        }
    }

    /// The type of an expression, as a text, where a query can ask for it.
    pub fn type_of(self, expression: &str) -> Option<String> {
        match self {
            Self::Sqlite | Self::MySql => None,
            Self::Postgres => Some(format!("pg_typeof({expression})::text")),
        }
    }

    /// Whether a new column that takes no NULL and has no default is refused if there are rows.
    pub fn refuses_missing_values(self) -> bool {
        matches!(self, Self::Sqlite | Self::Postgres)
    }

    /// Returns the value that existing rows get in such a column if the database accepts it; `None` if it is not known.
    pub fn implicit_default(self, kind: &str) -> Option<&'static str> {
        const NUMBERS: [&str; 10] =
            ["int", "tinyint", "smallint", "mediumint", "bigint", "bool", "decimal", "numeric", "double", "float"];
        let is_number = NUMBERS.iter().any(|number| kind.starts_with(number));
        match self {
            Self::Sqlite | Self::Postgres => None,
            Self::MySql if self.is_text(kind) => {
                (!kind.starts_with("enum") && !kind.starts_with("set")).then_some("''")
            }
            Self::MySql => is_number.then_some("0"),
        }
    }
}
