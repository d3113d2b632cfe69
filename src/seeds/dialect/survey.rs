//! The queries of [`Survey`](crate::seeds::Survey).

use kit_runtime::dialect::Dialect;

/// A query for each database.
pub struct Queries {
    sqlite: &'static str,
    postgres: &'static str,
    mysql: &'static str,
}

impl Queries {
    /// That of one.
    pub fn of(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
            Dialect::MySql => self.mysql,
        }
    }
}

/// Whether tables can inherit from each other, so that a query of one also finds the rows of others.
pub fn inherits(dialect: Dialect) -> bool {
    dialect == Dialect::Postgres
}

/// Facts about tables, a row each: table, fact, and the statement that made a virtual table.
pub const TABLES: Queries = Queries {
    sqlite: "SELECT l.name, 'virtual', m.sql FROM pragma_table_list l JOIN sqlite_master m ON m.name = l.name AND m.type = 'table' \
             WHERE l.schema = 'main' AND l.type = 'virtual' ORDER BY 1",
    postgres: "\
WITH own AS (SELECT c.oid, c.relname::text AS name, c.relkind, c.relispartition, c.relnamespace FROM pg_catalog.pg_class c \
  WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind IN ('r', 'p', 'f') AND NOT EXISTS (\
  SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')) \
SELECT name, 'foreign', NULL FROM own WHERE relkind = 'f' AND NOT relispartition \
UNION ALL SELECT name, 'partitioned', NULL FROM own WHERE relkind = 'p' \
UNION ALL SELECT name, 'foreign partition', NULL FROM own WHERE relkind = 'p' AND NOT relispartition AND EXISTS (\
  SELECT FROM pg_partition_tree(own.oid) t JOIN pg_catalog.pg_class p ON p.oid = t.relid WHERE p.relkind = 'f') \
UNION ALL SELECT name, 'partition', NULL FROM own WHERE relispartition AND EXISTS (SELECT FROM pg_catalog.pg_inherits i \
  JOIN pg_catalog.pg_class p ON p.oid = i.inhparent WHERE i.inhrelid = own.oid AND p.relnamespace <> own.relnamespace) \
UNION ALL SELECT name, 'secured', NULL FROM own WHERE row_security_active(own.oid) ORDER BY 1",
    mysql: "\
SELECT CAST(table_name AS CHAR), CASE WHEN table_type = 'SYSTEM VERSIONED' THEN 'history' WHEN engine = 'MRG_MyISAM' THEN 'derived' \
ELSE 'foreign' END, NULL FROM information_schema.tables WHERE table_schema = DATABASE() AND (table_type = 'SYSTEM VERSIONED' \
OR engine IN ('MRG_MyISAM', 'FEDERATED', 'CONNECT', 'SPIDER')) ORDER BY 1",
};

/// Triggers that run when rows come and go: table, name, whether on inserting, whether on emptying, the statements that disable it
/// and enable it again, whether the role may do so. Up to PostgreSQL 14 the copy of a trigger on a partition counts as internal. SQLite's own need no names: a session can do without all of them.
pub const TRIGGERS: Queries = Queries {
    sqlite: "SELECT NULL WHERE 0",
    postgres: "\
WITH RECURSIVE tree(root, oid) AS (\
  SELECT c.oid, c.oid FROM pg_catalog.pg_class c WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) \
    AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition \
  UNION ALL SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid \
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE c.relispartition) \
SELECT r.relname::text, g.tgname::text, CASE WHEN g.tgtype & 4 <> 0 THEN '1' END, CASE WHEN g.tgtype & 32 <> 0 THEN '1' END, \
  format('ALTER TABLE ONLY %I.%I DISABLE TRIGGER %I', n.nspname, c.relname, g.tgname), \
  format('ALTER TABLE ONLY %I.%I ENABLE %s TRIGGER %I', n.nspname, c.relname, CASE g.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE '' END, \
    g.tgname), CASE WHEN pg_has_role(c.relowner, 'USAGE') THEN '1' END \
  FROM tree t JOIN pg_catalog.pg_class r ON r.oid = t.root JOIN pg_catalog.pg_class c ON c.oid = t.oid \
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid \
  WHERE (NOT g.tgisinternal OR to_jsonb(g) ->> 'tgparentid' <> '0' AND g.tgconstraint = 0) AND g.tgenabled IN ('O', 'A') AND g.tgtype & 36 <> 0 AND g.tgtype & 64 = 0 ORDER BY 1, 2",
    mysql: "\
SELECT CAST(event_object_table AS CHAR), CAST(trigger_name AS CHAR), CASE event_manipulation WHEN 'INSERT' THEN '1' END, \
CASE event_manipulation WHEN 'DELETE' THEN '1' END, NULL, NULL, NULL FROM information_schema.triggers \
WHERE trigger_schema = DATABASE() AND event_manipulation IN ('INSERT', 'DELETE') ORDER BY 1, 2",
};

/// The columns of a virtual table that can be written. Takes its name.
pub const VIRTUAL_COLUMNS: &str = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid";
