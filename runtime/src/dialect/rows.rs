//! What has to be known of tables to put rows into them that nobody wrote, and how values of each kind are written. It
//! returns SQL text; what the values are is not its business.

use super::{Dialect, sqlite_sql};

impl Dialect {
    /// A query for the columns of all tables, in their order: table, column, type, whether it takes NULL, whether it is
    /// filled by itself, whether it has a default, the labels of an enum as quoted texts with commas, whether it is part
    /// of the primary key.
    pub fn columns(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT m.name, c.name, lower(c.type), CASE WHEN c.\"notnull\" OR c.pk THEN '0' ELSE '1' END, \
                 CASE WHEN c.hidden IN (2, 3) OR (c.pk = 1 AND NOT m.wr AND lower(c.type) = 'integer' \
                 AND (SELECT count(*) FROM pragma_table_info(m.name) k WHERE k.pk > 0) = 1) THEN '1' ELSE '0' END, \
                 CAST(c.dflt_value IS NOT NULL AS TEXT), NULL, CAST(c.pk > 0 AS TEXT) \
                 FROM pragma_table_list m JOIN pragma_table_xinfo(m.name) c WHERE m.schema = 'main' AND m.type = 'table' \
                 AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.cid"
            }
            Self::Postgres => {
                "SELECT c.relname::text, a.attname::text, \
                 CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END, \
                 CASE WHEN a.attnotnull OR t.typnotnull THEN '0' ELSE '1' END, \
                 CASE WHEN a.attidentity <> '' OR to_jsonb(a) ->> 'attgenerated' <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%' THEN '1' ELSE '0' END, \
                 CASE WHEN d.adbin IS NOT NULL OR t.typdefault IS NOT NULL THEN '1' ELSE '0' END, \
                 (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e \
                 WHERE e.enumtypid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END), \
                 CASE WHEN a.attnum = ANY (p.conkey) THEN '1' ELSE '0' END \
                 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid \
                 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
                 LEFT JOIN pg_constraint p ON p.conrelid = c.oid AND p.contype = 'p' \
                 WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind IN ('r', 'p') \
                 AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND NOT EXISTS (SELECT FROM pg_depend e \
                 WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') ORDER BY c.relname, a.attnum"
            }
            Self::MySql => {
                "SELECT CAST(c.table_name AS CHAR), CAST(c.column_name AS CHAR), CAST(c.column_type AS CHAR), \
                 CASE c.is_nullable WHEN 'YES' THEN '1' ELSE '0' END, \
                 CASE WHEN c.extra LIKE '%auto_increment%' OR c.extra LIKE '%VIRTUAL%' OR c.extra LIKE '%STORED%' \
                 OR c.extra LIKE '%PERSISTENT%' THEN '1' ELSE '0' END, \
                 CASE WHEN c.column_default IS NOT NULL AND c.column_default <> 'NULL' THEN '1' ELSE '0' END, \
                 CASE c.data_type WHEN 'enum' THEN SUBSTRING(c.column_type, 6, CHAR_LENGTH(c.column_type) - 6) END, \
                 CASE c.column_key WHEN 'PRI' THEN '1' ELSE '0' END \
                 FROM information_schema.columns c WHERE c.table_schema = DATABASE() AND c.table_name IN \
                 (SELECT t.table_name FROM information_schema.tables t WHERE t.table_schema = DATABASE() \
                 AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')) \
                 ORDER BY c.table_name, c.ordinal_position"
            }
        }
    }

    /// A query for the columns of all foreign keys, those of a key one after the other: table, what tells its keys apart,
    /// column, the other table, the column there, which is NULL for that table's primary key. The other table is NULL if it
    /// is in another schema.
    pub fn references(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT m.name, CAST(f.id AS TEXT), f.\"from\", coalesce((SELECT o.name FROM sqlite_master o WHERE o.type = 'table' \
                 AND lower(o.name) = lower(f.\"table\")), f.\"table\"), f.\"to\" \
                 FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"
            }
            Self::Postgres => {
                "SELECT c.relname::text, k.conname::text, a.attname::text, \
                 CASE WHEN o.relnamespace = c.relnamespace THEN o.relname::text END, b.attname::text \
                 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class o ON o.oid = k.confrelid \
                 CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS u (own, other, place) \
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.own \
                 JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.other \
                 WHERE k.contype = 'f' AND c.relnamespace = to_regnamespace(quote_ident(current_schema())) \
                 ORDER BY c.relname, k.conname, u.place"
            }
            Self::MySql => {
                "SELECT CAST(table_name AS CHAR), CAST(constraint_name AS CHAR), CAST(column_name AS CHAR), \
                 CASE WHEN referenced_table_schema = table_schema THEN CAST(referenced_table_name AS CHAR) END, \
                 CAST(referenced_column_name AS CHAR) FROM information_schema.key_column_usage \
                 WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL \
                 ORDER BY table_name, constraint_name, ordinal_position"
            }
        }
    }

    /// Queries for the checks of tables: table and expression, or on SQLite table and the statement that created it. The
    /// first counts that the server understands.
    pub fn checks(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => {
                &["SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"]
            }
            Self::Postgres => &[
                "SELECT c.relname::text, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
                 WHERE k.contype = 'c' AND c.relnamespace = to_regnamespace(quote_ident(current_schema()))",
            ],
            // The two families keep checks in different shapes, and old servers keep none.
            Self::MySql => &[
                "SELECT CAST(table_name AS CHAR), CAST(check_clause AS CHAR) FROM information_schema.check_constraints \
                 WHERE constraint_schema = DATABASE()",
                "SELECT CAST(t.table_name AS CHAR), CAST(c.check_clause AS CHAR) FROM information_schema.check_constraints c \
                 JOIN information_schema.table_constraints t ON t.constraint_schema = c.constraint_schema \
                 AND t.constraint_name = c.constraint_name AND t.constraint_type = 'CHECK' WHERE c.constraint_schema = DATABASE()",
                "SELECT NULL FROM information_schema.tables WHERE 1 = 0",
            ],
        }
    }

    /// The checks in the second column of a row of [`Dialect::checks`].
    pub fn checks_in(self, text: &str) -> Vec<String> {
        match self {
            Self::Sqlite => {
                sqlite_sql::table(text).checks.iter().map(|(_, expression)| sqlite_sql::plain(expression)).collect()
            }
            Self::Postgres | Self::MySql => vec![text.to_owned()],
        }
    }

    /// A column's values as text that tells different ones apart.
    pub fn readable(self, column: &str, kind: &str, bytes: bool) -> String {
        let column = self.quote(column);
        match (self, bytes) {
            (Self::Sqlite, _) => {
                format!("CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE CAST({column} AS TEXT) END")
            }
            (Self::Postgres, true) => format!("encode({column}, 'hex')"),
            (Self::MySql, true) => format!("HEX({column})"),
            (Self::MySql, false)
                if ["point", "geometry", "linestring", "polygon"].iter().any(|word| kind.contains(word)) =>
            {
                format!("ST_AsText({column})")
            }
            (_, false) => self.text(&column),
        }
    }

    /// A text, or anything that the database reads from one.
    pub fn text_literal(self, text: &str) -> String {
        match self {
            Self::MySql => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
            Self::Sqlite | Self::Postgres => format!("'{}'", text.replace('\'', "''")),
        }
    }

    /// Bytes, from hexadecimal digits.
    pub fn bytes_literal(self, digits: &str) -> String {
        match self {
            Self::Postgres => format!("'\\x{digits}'"),
            Self::Sqlite | Self::MySql => format!("X'{digits}'"),
        }
    }

    /// True or false.
    pub fn boolean_literal(self, value: bool) -> String {
        match self {
            Self::Postgres => value.to_string(),
            Self::Sqlite | Self::MySql => u8::from(value).to_string(),
        }
    }

    /// A point.
    pub fn point_literal(self, x: usize) -> String {
        match self {
            Self::MySql => format!("ST_GeomFromText('POINT({x} 1)')"),
            Self::Sqlite | Self::Postgres => format!("'({x},1)'"),
        }
    }

    /// A statement that inserts a row which says nothing; the table is quoted.
    pub fn insert_defaults(self, table: &str) -> String {
        match self {
            Self::MySql => format!("INSERT INTO {table} () VALUES ()"),
            Self::Sqlite | Self::Postgres => format!("INSERT INTO {table} DEFAULT VALUES"),
        }
    }

    /// Things that stand beside a schema and that a wipe of it leaves: a kind and a name each.
    pub fn outside(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some(
                "SELECT 'SCHEMA', nspname::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' \
                 UNION ALL SELECT 'EXTENSION', extname::text FROM pg_extension \
                 UNION ALL SELECT 'EVENT TRIGGER', evtname::text FROM pg_event_trigger \
                 UNION ALL SELECT 'PUBLICATION', pubname::text FROM pg_publication \
                 UNION ALL SELECT 'FOREIGN DATA WRAPPER', fdwname::text FROM pg_foreign_data_wrapper \
                 UNION ALL SELECT 'SERVER', srvname::text FROM pg_foreign_server \
                 UNION ALL SELECT 'LANGUAGE', lanname::text FROM pg_language ORDER BY 1, 2",
            ),
            Self::Sqlite | Self::MySql => None,
        }
    }

    /// The statement that drops one of them, and what depends on it.
    pub fn drop_outside(self, kind: &str, name: &str) -> String {
        format!("DROP {kind} IF EXISTS {} CASCADE", self.quote(name))
    }
}
