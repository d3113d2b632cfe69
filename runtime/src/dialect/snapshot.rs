//! Queries that say everything of a schema, a row an object: what it is, the relation it belongs to, and the rest. Two
//! equal answers are two equal schemas.

use super::Dialect;

impl Dialect {
    /// The queries of [`crate::snapshot`]; all cells are text.
    pub fn snapshot(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => SQLITE,
            Self::Postgres => POSTGRES,
            Self::MySql => MYSQL,
        }
    }
}

const SQLITE: &[&str] = &[
    "SELECT type, name, CASE WHEN type IN ('view', 'trigger') THEN sql END FROM sqlite_master \
     WHERE type <> 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT 'column', m.name, c.name, lower(c.type), 'notnull=' || c.\"notnull\", 'default=' || coalesce(c.dflt_value, '-'), \
     'pk=' || c.pk, 'hidden=' || c.hidden FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT 'index', m.name, CASE i.origin WHEN 'c' THEN i.name END, 'unique=' || i.\"unique\", i.origin, \
     (SELECT group_concat(coalesce(c.name, '?'), ',') FROM pragma_index_info(i.name) c), \
     (SELECT sql FROM sqlite_master s WHERE s.type = 'index' AND s.name = i.name) \
     FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT 'foreign key', m.name, f.\"from\", f.\"table\", f.\"to\", f.on_update, f.on_delete \
     FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
];

const POSTGRES: &[&str] = &[
    "SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' \
     WHEN 'f' THEN 'foreign table' ELSE 'table' END, relname::text, CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END \
     FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind NOT IN ('i', 'I', 't')",
    "SELECT 'column', c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), 'notnull=' || a.attnotnull, \
     'default=' || coalesce(pg_get_expr(d.adbin, d.adrelid), '-'), 'identity=' || a.attidentity::text \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') \
     AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT 'index', t.relname::text, pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'INVALID' END \
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid \
     WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema()))",
    "SELECT 'constraint', coalesce((SELECT relname::text FROM pg_class WHERE oid = conrelid), ''), conname::text, pg_get_constraintdef(oid) \
     FROM pg_constraint WHERE connamespace = to_regnamespace(quote_ident(current_schema())) AND contype <> 'n'",
    "SELECT 'type', typname::text, typtype::text, (SELECT string_agg(enumlabel::text, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) \
     FROM pg_type t WHERE typnamespace = to_regnamespace(quote_ident(current_schema())) AND typtype NOT IN ('b', 'c')",
    "SELECT 'function', oid::regprocedure::text, md5(prosrc) FROM pg_proc WHERE pronamespace = to_regnamespace(quote_ident(current_schema()))",
    "SELECT 'trigger', c.relname::text, tgname::text, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid \
     WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND NOT tgisinternal",
];

const MYSQL: &[&str] = &[
    "SELECT CASE table_type WHEN 'BASE TABLE' THEN 'table' ELSE LOWER(CAST(table_type AS CHAR)) END, CAST(table_name AS CHAR), CAST(engine AS CHAR), CAST(table_collation AS CHAR) \
     FROM information_schema.tables WHERE table_schema = DATABASE()",
    "SELECT 'column', CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(column_type AS CHAR), CONCAT('null=', is_nullable), \
     CONCAT('default=', COALESCE(CAST(column_default AS CHAR), '-')), CAST(extra AS CHAR), CAST(column_comment AS CHAR) \
     FROM information_schema.columns WHERE table_schema = DATABASE()",
    "SELECT 'index', CAST(table_name AS CHAR), CAST(index_name AS CHAR), CONCAT('not unique=', MAX(non_unique)), \
     CAST(GROUP_CONCAT(column_name ORDER BY seq_in_index) AS CHAR) FROM information_schema.statistics \
     WHERE table_schema = DATABASE() GROUP BY table_name, index_name",
    "SELECT 'foreign key', CAST(k.table_name AS CHAR), CAST(k.constraint_name AS CHAR), CAST(k.column_name AS CHAR), \
     CAST(k.referenced_table_name AS CHAR), CAST(k.referenced_column_name AS CHAR), CAST(r.update_rule AS CHAR), CAST(r.delete_rule AS CHAR) \
     FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
     ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name \
     WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL",
    "SELECT 'view', CAST(table_name AS CHAR), CAST(view_definition AS CHAR) FROM information_schema.views WHERE table_schema = DATABASE()",
    "SELECT LOWER(CAST(routine_type AS CHAR)), CAST(routine_name AS CHAR), MD5(routine_definition) \
     FROM information_schema.routines WHERE routine_schema = DATABASE()",
    "SELECT 'trigger', CAST(event_object_table AS CHAR), CAST(trigger_name AS CHAR), MD5(action_statement) \
     FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
    "SELECT 'event', CAST(event_name AS CHAR) FROM information_schema.events WHERE event_schema = DATABASE()",
];
