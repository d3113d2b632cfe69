//! Queries that say everything of a schema, a row an object: what it is, the relation it belongs to, and the rest. Two
//! equal answers are two equal schemas. What belongs to an extension is the extension's.

use super::{Dialect, sqlite_sql};
use crate::connection::Row;

impl Dialect {
    /// The queries of [`crate::snapshot`]; all cells are text. Of each list the first that the server understands counts.
    pub fn snapshot(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Sqlite => SQLITE,
            Self::Postgres => POSTGRES,
            Self::MySql => MYSQL,
        }
    }

    /// A query for the statements that tables were made with, by name, where nothing else says all of a table.
    pub fn statements(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
            ),
            Self::Postgres | Self::MySql => None,
        }
    }

    /// Rows for what only the statement of a table says, which is a row of [`Dialect::statements`].
    pub fn only_written(self, row: &Row) -> Vec<Row> {
        let [Some(table), Some(sql)] = row.as_slice() else { return Vec::new() };
        let row = |kind: &str, cells: [Option<String>; 2]| -> Row {
            [Some(kind.to_owned()), Some(table.clone())].into_iter().chain(cells).collect()
        };
        let written = sqlite_sql::table(sql);
        let mut rows: Vec<Row> = written
            .checks
            .into_iter()
            .map(|(name, expression)| row("check", [name, Some(sqlite_sql::plain(&expression))]))
            .collect();
        for column in written.columns {
            let name = || Some(column.name.clone());
            rows.extend(
                column.generated.map(|expression| row("generated", [name(), Some(sqlite_sql::plain(&expression))])),
            );
            rows.extend(column.collation.map(|collation| row("collate", [name(), Some(collation)])));
            rows.extend(column.auto_increment.then(|| row("autoincrement", [name(), None])));
        }
        rows
    }

    /// Returns whether a column can be added anywhere but at the end of its table.
    pub fn places_columns(self) -> bool {
        self == Self::MySql
    }

    /// A piece of a schema as it counts when two are compared: where the database keeps statements as they were written,
    /// without what makes no difference.
    pub fn alike(self, cell: &str) -> String {
        match self {
            Self::Sqlite if cell.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("CREATE ")) => {
                sqlite_sql::plain(cell)
            }
            _ => cell.to_owned(),
        }
    }
}

const SQLITE: &[&[&str]] = &[
    &["SELECT type, name, CASE WHEN type IN ('view', 'trigger') THEN sql END FROM sqlite_master \
     WHERE type <> 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"],
    &[
        "SELECT 'column', m.name, c.name, lower(c.type), 'notnull=' || c.\"notnull\", 'default=' || coalesce(c.dflt_value, '-'), \
     'pk=' || c.pk, 'hidden=' || c.hidden FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    ],
    &[
        "SELECT 'order', name, group_concat(of_column, ', ') FROM (SELECT m.name, c.name AS of_column FROM sqlite_master m \
     JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
     ORDER BY m.name, c.cid) GROUP BY name",
    ],
    &[
        "SELECT 'option', name, CASE WHEN strict THEN 'strict' END, CASE WHEN wr THEN 'without rowid' END FROM pragma_table_list \
     WHERE schema = 'main' AND type = 'table' AND (strict OR wr) AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    ],
    &["SELECT 'index', m.name, CASE i.origin WHEN 'c' THEN i.name END, 'unique=' || i.\"unique\", i.origin, \
     (SELECT group_concat(coalesce(c.name, '?'), ',') FROM pragma_index_info(i.name) c), \
     (SELECT sql FROM sqlite_master s WHERE s.type = 'index' AND s.name = i.name) \
     FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"],
    &["SELECT 'foreign key', m.name, f.\"from\", f.\"table\", f.\"to\", f.on_update, f.on_delete \
     FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"],
];

/// Passes for what is in the current schema.
macro_rules! here {
    ($namespace:literal) => {
        concat!($namespace, " = to_regnamespace(quote_ident(current_schema()))")
    };
}

/// Passes for what belongs to no extension.
macro_rules! own {
    ($catalog:literal, $oid:literal) => {
        concat!(
            " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = '",
            $catalog,
            "'::regclass AND e.objid = ",
            $oid,
            " AND e.deptype = 'e')"
        )
    };
}

const POSTGRES: &[&[&str]] = &[
    &[concat!(
        "SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' \
     WHEN 'f' THEN 'foreign table' ELSE 'table' END, relname::text, CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END, \
     CASE WHEN relpersistence = 'u' THEN 'unlogged' END, CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END, \
     pg_get_expr(relpartbound, oid), CASE WHEN relrowsecurity THEN 'row security' END, 'comment=' || obj_description(oid, 'pg_class') \
     FROM pg_class WHERE ",
        here!("relnamespace"),
        " AND relkind NOT IN ('i', 'I', 't')",
        own!("pg_class", "pg_class.oid")
    )],
    &[concat!(
        "SELECT 'column', c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), 'notnull=' || a.attnotnull, \
     'default=' || coalesce(pg_get_expr(d.adbin, d.adrelid), '-'), 'identity=' || a.attidentity::text, \
     CASE WHEN to_jsonb(a) ->> 'attgenerated' <> '' THEN 'generated' END, \
     CASE WHEN a.attcollation <> t.typcollation THEN 'collate=' || (SELECT collname FROM pg_collation WHERE oid = a.attcollation) END, \
     'comment=' || col_description(c.oid, a.attnum) \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE ",
        here!("c.relnamespace"),
        " AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped",
        own!("pg_class", "c.oid")
    )],
    &[concat!(
        "SELECT 'order', c.relname::text, string_agg(a.attname::text, ', ' ORDER BY a.attnum) \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE ",
        here!("c.relnamespace"),
        " AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped",
        own!("pg_class", "c.oid"),
        " GROUP BY c.relname"
    )],
    &[concat!(
        "SELECT 'index', t.relname::text, pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'INVALID' END \
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid WHERE ",
        here!("c.relnamespace"),
        own!("pg_class", "t.oid")
    )],
    &[concat!(
        "SELECT 'constraint', coalesce((SELECT relname::text FROM pg_class WHERE oid = conrelid), \
     (SELECT typname::text FROM pg_type WHERE oid = contypid), ''), conname::text, \
     pg_get_constraintdef(oid) FROM pg_constraint WHERE ",
        here!("connamespace"),
        " AND contype <> 'n'",
        own!("pg_class", "conrelid")
    )],
    &[concat!(
        "SELECT 'type', typname::text, typtype::text, (SELECT string_agg(enumlabel::text, ',' ORDER BY enumsortorder) FROM pg_enum \
     WHERE enumtypid = t.oid), CASE WHEN typtype = 'd' THEN format_type(typbasetype, typtypmod) END, \
     CASE WHEN typnotnull THEN 'notnull' END, 'default=' || typdefault FROM pg_type t WHERE ",
        here!("typnamespace"),
        " AND typtype NOT IN ('b', 'c')",
        own!("pg_type", "t.oid")
    )],
    &[concat!(
        "SELECT 'counting', c.relname::text, format_type(s.seqtypid, NULL), 'start=' || s.seqstart, 'increment=' || s.seqincrement, \
     'from=' || s.seqmin, 'to=' || s.seqmax, CASE WHEN s.seqcycle THEN 'cycle' END \
     FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid WHERE ",
        here!("c.relnamespace"),
        own!("pg_class", "c.oid")
    )],
    &[concat!(
        "SELECT 'function', oid::regprocedure::text, md5(prosrc), format_type(prorettype, NULL) FROM pg_proc WHERE ",
        here!("pronamespace"),
        own!("pg_proc", "pg_proc.oid")
    )],
    &[concat!(
        "SELECT 'trigger', c.relname::text, tgname::text, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE ",
        here!("c.relnamespace"),
        " AND NOT tgisinternal"
    )],
    &[concat!(
        "SELECT 'rule', c.relname::text, r.rulename::text, pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE ",
        here!("c.relnamespace"),
        " AND r.rulename <> '_RETURN'",
        own!("pg_class", "c.oid")
    )],
    &[concat!(
        "SELECT 'policy', c.relname::text, p.polname::text, p.polcmd::text, 'using=' || pg_get_expr(p.polqual, p.polrelid), \
     'check=' || pg_get_expr(p.polwithcheck, p.polrelid) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE ",
        here!("c.relnamespace")
    )],
];

const MYSQL: &[&[&str]] = &[
    &[
        "SELECT CASE table_type WHEN 'BASE TABLE' THEN 'table' ELSE LOWER(CAST(table_type AS CHAR)) END, CAST(table_name AS CHAR), CAST(engine AS CHAR), \
     CAST(table_collation AS CHAR), NULLIF(CAST(create_options AS CHAR), ''), \
     CASE WHEN table_type <> 'VIEW' AND table_comment <> '' THEN CONCAT('comment=', CAST(table_comment AS CHAR)) END \
     FROM information_schema.tables WHERE table_schema = DATABASE()",
    ],
    &[
        "SELECT 'column', CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(column_type AS CHAR), CONCAT('null=', is_nullable), \
     CONCAT('default=', COALESCE(CAST(column_default AS CHAR), '-')), CAST(extra AS CHAR), \
     NULLIF(CAST(generation_expression AS CHAR), ''), \
     CASE WHEN collation_name <> @@collation_database THEN CONCAT('collate=', CAST(collation_name AS CHAR)) END, \
     NULLIF(CAST(column_comment AS CHAR), '') FROM information_schema.columns WHERE table_schema = DATABASE()",
    ],
    &[
        "SELECT 'order', CAST(table_name AS CHAR), CAST(GROUP_CONCAT(column_name ORDER BY ordinal_position SEPARATOR ', ') AS CHAR) \
     FROM information_schema.columns WHERE table_schema = DATABASE() GROUP BY table_name",
    ],
    &["SELECT 'index', CAST(table_name AS CHAR), CAST(index_name AS CHAR), CONCAT('not unique=', MAX(non_unique)), \
     CAST(GROUP_CONCAT(CONCAT(COALESCE(column_name, '(expression)'), CASE WHEN sub_part IS NULL THEN '' ELSE CONCAT('(', sub_part, ')') END, \
     CASE WHEN collation = 'D' THEN ' desc' ELSE '' END) ORDER BY seq_in_index) AS CHAR), \
     CASE WHEN MAX(index_type) <> 'BTREE' THEN CAST(MAX(index_type) AS CHAR) END FROM information_schema.statistics \
     WHERE table_schema = DATABASE() GROUP BY table_name, index_name"],
    &[
        "SELECT 'foreign key', CAST(k.table_name AS CHAR), CAST(k.constraint_name AS CHAR), CAST(k.column_name AS CHAR), \
     CAST(k.referenced_table_name AS CHAR), CAST(k.referenced_column_name AS CHAR), CAST(r.update_rule AS CHAR), CAST(r.delete_rule AS CHAR) \
     FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
     ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name \
     WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL",
    ],
    // The two families keep checks in different shapes, and old servers keep none.
    &[
        "SELECT 'check', CAST(table_name AS CHAR), CAST(constraint_name AS CHAR), CAST(check_clause AS CHAR) \
     FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()",
        "SELECT 'check', CAST(t.table_name AS CHAR), CAST(c.constraint_name AS CHAR), CAST(c.check_clause AS CHAR) \
     FROM information_schema.check_constraints c JOIN information_schema.table_constraints t \
     ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name AND t.constraint_type = 'CHECK' \
     WHERE c.constraint_schema = DATABASE()",
        "SELECT 'check' FROM information_schema.tables WHERE 1 = 0",
    ],
    &[
        "SELECT 'view', CAST(table_name AS CHAR), CAST(view_definition AS CHAR) FROM information_schema.views WHERE table_schema = DATABASE()",
    ],
    &["SELECT LOWER(CAST(routine_type AS CHAR)), CAST(routine_name AS CHAR), MD5(routine_definition) \
     FROM information_schema.routines WHERE routine_schema = DATABASE()"],
    &["SELECT 'trigger', CAST(event_object_table AS CHAR), CAST(trigger_name AS CHAR), MD5(action_statement), \
     CAST(action_timing AS CHAR), CAST(event_manipulation AS CHAR) \
     FROM information_schema.triggers WHERE trigger_schema = DATABASE()"],
    &["SELECT 'event', CAST(event_name AS CHAR) FROM information_schema.events WHERE event_schema = DATABASE()"],
];
