//! What differs between databases for a run that only pretends: how SQL is taken apart, what makes a session read only,
//! what a script needs so that a client runs it as the driver would.

use super::Dialect;
use crate::pretend::rules::KeyColumn;

/// How SQL is taken apart into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexis {
    /// `$tag$ … $tag$` is text, `$1` a placeholder, `E'…'` has backslashes; otherwise `?` is the placeholder.
    pub dollars: bool,
    /// A backslash in a text takes the next character with it.
    pub backslashes: bool,
    /// `"…"` is text and no name.
    pub double_quoted_text: bool,
    /// `#` begins a comment.
    pub hash_comments: bool,
    /// `[…]` is a name.
    pub brackets: bool,
    /// A name without quotes is taken in lower case.
    pub folds_words: bool,
}

/// What a foreign key does with rows that refer to one that changes.
const FOLLOWS: &str = "'CASCADE', 'SET NULL', 'SET DEFAULT'";

impl Dialect {
    /// Whether table names that differ in case only are one table, unless the server says otherwise.
    pub fn folds_tables(self) -> bool {
        matches!(self, Self::Sqlite)
    }

    /// Whether a schema that a statement names is the current one.
    pub fn is_current_schema(self, schema: &str, current: &str) -> bool {
        match self {
            Self::Sqlite => schema.eq_ignore_ascii_case("main"),
            Self::Postgres | Self::MySql => !schema.is_empty() && schema == current,
        }
    }

    /// Whether names of columns and indexes that differ in case only are the same name.
    pub fn folds_columns(self) -> bool {
        !matches!(self, Self::Postgres)
    }

    /// The statement with which a script begins a transaction as a run does.
    pub fn begin_script(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
            Self::MySql => "START TRANSACTION",
        }
    }

    /// Whether numbers of rows come from a sequence that knows no rows.
    pub fn numbers_by_sequence(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// A query with one row if a table gives no number twice. Takes its name as the only value.
    pub fn counts_on(self) -> &'static str {
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE AND sql LIKE '%autoincrement%'"
    }

    /// A query for the last number that a table has given.
    pub fn last_number(self, table: &str, column: &str) -> String {
        let (quoted, table, column) =
            (self.text_literal(&self.quote(table)), self.text_literal(table), self.text_literal(column));
        match self {
            Self::Sqlite => {
                format!("SELECT CAST(seq AS TEXT) FROM sqlite_sequence WHERE name = {table} COLLATE NOCASE")
            }
            Self::Postgres => format!(
                "SELECT coalesce(pg_sequence_last_value(seqrelid), seqstart - seqincrement)::text FROM pg_catalog.pg_sequence \
                 WHERE seqrelid = pg_get_serial_sequence({quoted}, {column})::regclass"
            ),
            Self::MySql => format!(
                "SELECT CAST(auto_increment - 1 AS CHAR) FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = {table}"
            ),
        }
    }

    /// The time in seconds since 1970, as an expression.
    pub fn now_in_seconds(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST(strftime('%s', 'now') AS INTEGER)",
            Self::Postgres => "CAST(extract(epoch FROM now()) AS bigint)",
            Self::MySql => "UNIX_TIMESTAMP()",
        }
    }

    /// Whether a statement that fails in a transaction leaves it unusable.
    pub fn aborts_transactions(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// Whether several statements that are sent as one text are one transaction.
    pub fn sends_texts_whole(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// A query for the statements that made the schema, in an order in which they can be executed again.
    pub fn schema_statements(self) -> &'static str {
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN \
         (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow') \
         ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid"
    }

    /// A query with one row that says by which rules names are compared: the current schema, and `1` if names of tables are
    /// compared in any case. `None` where all databases have the same rules.
    pub fn naming(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT current_schema()::text, '0'"),
            Self::MySql => {
                Some("SELECT CAST(DATABASE() AS CHAR), CASE WHEN @@lower_case_table_names = 0 THEN '0' ELSE '1' END")
            }
        }
    }

    /// A query with one row if a statement finds a table of that name, wherever the session looks for it. Takes the name as
    /// its only value.
    pub fn table_resolves(self) -> &'static str {
        match self {
            Self::Postgres => "SELECT '1' WHERE to_regclass(quote_ident($1)) IS NOT NULL",
            Self::Sqlite | Self::MySql => self.table_exists(),
        }
    }

    /// A query for the tables whose rows change when `event` (`insert`, `update`, `delete`) happens to those of a table: each
    /// table (`*` if a trigger decides that), the column of `table` that it refers to, and whether it follows deletions and
    /// changes of that column, each `1` or `0`.
    pub fn side_effects(self, table: &str, event: &str) -> String {
        let table = self.text_literal(table);
        match self {
            Self::Sqlite => format!(
                "SELECT '*', NULL, '1', '1' FROM sqlite_master WHERE type = 'trigger' AND tbl_name = {table} COLLATE NOCASE \
                 AND lower(sql) LIKE '%{event}%on%' UNION ALL SELECT c.name, f.\"to\", CASE WHEN f.on_delete IN ({FOLLOWS}) THEN '1' ELSE '0' END, \
                 CASE WHEN f.on_update IN ({FOLLOWS}) THEN '1' ELSE '0' END FROM sqlite_master c \
                 JOIN pragma_foreign_key_list(c.name) f WHERE c.type = 'table' AND f.\"table\" = {table} COLLATE NOCASE"
            ),
            Self::Postgres => format!(
                "SELECT '*', NULL, '1', '1' FROM pg_catalog.pg_trigger g WHERE (NOT g.tgisinternal OR to_jsonb(g) ->> 'tgparentid' <> '0' AND g.tgconstraint = 0) \
                 AND tgtype & CASE '{event}' WHEN 'insert' THEN 4 WHEN 'delete' THEN 8 ELSE 16 END <> 0 AND tgrelid = to_regclass(quote_ident({table})) UNION ALL SELECT c.relname::text, a.attname::text, \
                 CASE WHEN f.confdeltype IN ('c', 'n', 'd') THEN '1' ELSE '0' END, \
                 CASE WHEN f.confupdtype IN ('c', 'n', 'd') THEN '1' ELSE '0' END FROM pg_catalog.pg_constraint f \
                 JOIN pg_catalog.pg_class c ON c.oid = f.conrelid \
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = f.confkey[1] \
                 WHERE f.contype = 'f' AND f.confrelid = to_regclass(quote_ident({table}))"
            ),
            Self::MySql => format!(
                "SELECT '*', NULL, '1', '1' FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
                 AND lower(event_manipulation) = '{event}' AND event_object_table = {table} UNION ALL SELECT CAST(r.table_name AS CHAR), \
                 CAST(k.referenced_column_name AS CHAR), CASE WHEN r.delete_rule IN ({FOLLOWS}) THEN '1' ELSE '0' END, \
                 CASE WHEN r.update_rule IN ({FOLLOWS}) THEN '1' ELSE '0' END FROM information_schema.referential_constraints r \
                 JOIN information_schema.key_column_usage k ON k.constraint_schema = r.constraint_schema \
                 AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name \
                 WHERE r.constraint_schema = DATABASE() AND r.referenced_table_name = {table}"
            ),
        }
    }

    /// How SQL is taken apart.
    pub fn lexis(self) -> Lexis {
        let none = Lexis {
            dollars: false,
            backslashes: false,
            double_quoted_text: false,
            hash_comments: false,
            brackets: false,
            folds_words: false,
        };
        match self {
            Self::Sqlite => Lexis { brackets: true, ..none },
            Self::Postgres => Lexis { dollars: true, folds_words: true, ..none },
            Self::MySql => Lexis { backslashes: true, double_quoted_text: true, hash_comments: true, ..none },
        }
    }

    /// Functions that change something, although a query calls them and a session that is read only may.
    pub fn effects(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["load_extension", "writefile", "fts3_tokenizer"],
            Self::Postgres => &[
                "nextval",
                "setval",
                "set_config",
                "pg_notify",
                "pg_advisory_lock",
                "pg_advisory_lock_shared",
                "pg_advisory_xact_lock",
                "pg_advisory_xact_lock_shared",
                "pg_try_advisory_lock",
                "pg_try_advisory_lock_shared",
                "pg_try_advisory_xact_lock",
                "pg_try_advisory_xact_lock_shared",
                "pg_advisory_unlock",
                "pg_advisory_unlock_all",
                "pg_advisory_unlock_shared",
                "pg_cancel_backend",
                "pg_terminate_backend",
                "pg_reload_conf",
                "pg_rotate_logfile",
                "pg_switch_wal",
                "pg_create_restore_point",
                "pg_stat_reset",
                "pg_stat_clear_snapshot",
                "pg_logical_emit_message",
                "pg_create_logical_replication_slot",
                "pg_create_physical_replication_slot",
                "pg_drop_replication_slot",
                "pg_promote",
                "lo_create",
                "lo_creat",
                "lo_import",
                "lo_export",
                "lo_unlink",
                "lo_from_bytea",
                "lo_put",
                "dblink",
                "dblink_exec",
                "dblink_connect",
            ],
            Self::MySql => &[
                "nextval",
                "setval",
                "get_lock",
                "release_lock",
                "release_all_locks",
                "last_insert_id",
                "load_file",
                "master_pos_wait",
                "lastval",
            ],
        }
    }

    /// What is taken for the answer of such a function, in its type.
    pub fn effect_value(self, function: &str) -> &'static str {
        match self {
            Self::Postgres if function.contains("advisory") || function.starts_with("pg_") => "TRUE",
            Self::Postgres if function == "set_config" || function.starts_with("dblink") => "'1'::text",
            Self::Postgres => "1::bigint",
            Self::Sqlite | Self::MySql => "1",
        }
    }

    /// The statement that makes a session one that changes nothing.
    pub fn read_only(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some("PRAGMA query_only = 1"),
            // A pooler may lend the session to somebody who writes.
            Self::Postgres => None,
            Self::MySql => Some("SET SESSION TRANSACTION READ ONLY"),
        }
    }

    /// The one that does so for a transaction, where each query is one.
    pub fn read_only_transaction(self) -> &'static str {
        "SET TRANSACTION READ ONLY"
    }

    /// Statements by which a client's session becomes as the driver's is.
    pub fn preamble(self, schema: Option<&str>) -> Vec<String> {
        let plain = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        match self {
            Self::Sqlite => plain(&["PRAGMA foreign_keys = ON"]),
            Self::Postgres => {
                let mut lines = plain(&["SET client_encoding = 'UTF8'", "SET timezone = 'UTC'"]);
                lines.extend(schema.map(|schema| self.set_schema(schema)));
                lines
            }
            Self::MySql => plain(&[
                "SET NAMES utf8mb4",
                "SET time_zone = '+00:00'",
                "SET sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT,IGNORE_SPACE,NO_ENGINE_SUBSTITUTION')",
            ]),
        }
    }

    /// A statement as a client takes it from a script: with its end, and that is not one in the middle of a routine.
    pub fn script(self, sql: &str) -> String {
        let sql = sql.trim_end();
        let inner = self == Self::MySql && crate::pretend::has_inner_ends(sql, self);
        match inner {
            // Only this family's client cuts a routine where its first statement ends.
            true => format!("DELIMITER //\n{sql}\n//\nDELIMITER ;"),
            false => format!("{sql};"),
        }
    }

    /// A query for the columns of a table: name, type, default, `1` if the database numbers it or `2` if it computes it, and
    /// `1` if it takes NULL. Takes the table's name as its only value.
    pub fn columns_of(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT name, lower(type), dflt_value, CASE WHEN pk = 1 AND lower(type) = 'integer' AND \
                 (SELECT COUNT(*) FROM pragma_table_info(?1) WHERE pk > 0) = 1 THEN '1' WHEN hidden IN (2, 3) THEN '2' \
                 ELSE '0' END, CASE WHEN \"notnull\" = 1 THEN '0' ELSE '1' END FROM pragma_table_xinfo(?1) WHERE hidden <> 1"
            }
            Self::Postgres => {
                "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), \
                 CASE WHEN a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%' THEN '1' \
                 WHEN a.attgenerated <> '' THEN '2' ELSE '0' END, CASE WHEN a.attnotnull THEN '0' ELSE '1' END \
                 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
                 LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
                 WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relname = $1 \
                 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
            }
            Self::MySql => {
                "SELECT CAST(column_name AS CHAR), CAST(LOWER(column_type) AS CHAR), \
                 CAST(NULLIF(column_default, 'NULL') AS CHAR), \
                 CAST(CASE WHEN extra LIKE '%auto_increment%' THEN '1' WHEN extra LIKE '%GENERATED%' AND \
                 extra NOT LIKE '%DEFAULT_GENERATED%' THEN '2' ELSE '0' END AS CHAR), \
                 CAST(CASE WHEN is_nullable = 'NO' THEN '0' ELSE '1' END AS CHAR) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position"
            }
        }
    }

    /// A table of the database's own, in a place where something else may have its name.
    pub fn real_table(self, table: &str) -> String {
        match self {
            Self::Sqlite => format!("main.{}", self.quote(table)),
            Self::Postgres | Self::MySql => self.quote(table),
        }
    }

    /// What a query with a condition and without a table needs.
    pub fn from_nothing(self) -> &'static str {
        match self {
            Self::Sqlite | Self::Postgres => "",
            Self::MySql => " FROM DUAL",
        }
    }

    /// Rows that follow a query's own, each a list of values.
    pub fn more_rows(self, rows: &[String]) -> String {
        if rows.is_empty() {
            return String::new();
        }
        match self {
            Self::Sqlite | Self::Postgres => {
                let rows: Vec<String> = rows.iter().map(|row| format!("({row})")).collect();
                format!(" UNION ALL VALUES {}", rows.join(", "))
            }
            Self::MySql => rows.iter().map(|row| format!(" UNION ALL SELECT {row}")).collect(),
        }
    }

    /// Rows, each a list of values, in the place of a table with these columns.
    pub fn rows_as(self, rows: &[String], columns: &[String]) -> String {
        // The first row names the columns.
        let nulls: Vec<String> = columns.iter().map(|column| format!("NULL AS {column}")).collect();
        match (self, rows.split_first()) {
            (_, None) => format!("(SELECT {}{} WHERE 1 = 0)", nulls.join(", "), self.from_nothing()),
            (Self::Postgres, _) => {
                let rows: Vec<String> = rows.iter().map(|row| format!("({row})")).collect();
                format!("(SELECT * FROM (VALUES {}) AS made ({}))", rows.join(", "), columns.join(", "))
            }
            (Self::Sqlite | Self::MySql, _) => {
                let nulls = format!("SELECT {}{} WHERE 1 = 0", nulls.join(", "), self.from_nothing());
                format!("({nulls}{})", self.more_rows(rows))
            }
        }
    }

    /// A column of a key as an expression that is equal for equal values. Texts that the database may compare in any case are
    /// only equal if they are the same.
    pub fn as_compared(self, expression: &str, column: &KeyColumn) -> String {
        match (self, &column.collation) {
            (Self::MySql, _) if column.text => format!("CONVERT({expression} USING utf8mb4) COLLATE utf8mb4_bin"),
            (_, Some(collation)) => format!("{expression} COLLATE {collation}"),
            _ => expression.to_owned(),
        }
    }

    /// The condition that two values of a column of a key may be the same for the database, and the one that they are.
    pub fn same(self, left: &str, right: &str, column: &KeyColumn) -> (String, String) {
        let surely = format!("{} = {}", self.as_compared(left, column), self.as_compared(right, column));
        if self != Self::MySql || !column.text {
            return (surely.clone(), surely);
        }
        let under = |collation: &str| {
            let text = |value: &str| format!("CONVERT({value} USING utf8mb4) COLLATE {collation}");
            format!("{} = {}", text(left), text(right))
        };
        (format!("({} OR {})", under("utf8mb4_unicode_ci"), under("utf8mb4_general_ci")), surely)
    }

    /// How many rows a statement that changes an existing row instead of adding one reports.
    pub fn rows_of_upsert(self) -> u64 {
        match self {
            Self::Sqlite | Self::Postgres => 1,
            Self::MySql => 2,
        }
    }

    /// Whether a column of that type holds texts.
    pub fn is_text(self, kind: &str) -> bool {
        ["char", "varchar", "text", "tinytext", "mediumtext", "longtext", "enum", "set", "nchar", "nvarchar"]
            .iter()
            .any(|word| kind.starts_with(word))
    }

    /// Whether a driver gives it a UUID as bytes.
    pub fn keeps_uuids_as_bytes(self) -> bool {
        !matches!(self, Self::Postgres)
    }

    /// An expression in the type of a column, as a driver reads it from there.
    pub fn in_type(self, expression: &str, kind: &str) -> String {
        let starts = |words: &[&str]| words.iter().any(|word| kind.starts_with(word));
        let cast = |to: &str| format!("CAST({expression} AS {to})");
        let quoted = expression.starts_with('\'');
        match self {
            Self::Sqlite if quoted && (kind.contains("int") || kind == "boolean") => cast("INTEGER"),
            Self::Sqlite if quoted && ["real", "floa", "doub", "dec", "num"].iter().any(|word| kind.contains(word)) => {
                cast("REAL")
            }
            // A number in a column for texts becomes a text.
            Self::Sqlite
                if expression.starts_with(|c: char| c.is_ascii_digit() || c == '-')
                    && ["char", "clob", "text"].iter().any(|word| kind.contains(word)) =>
            {
                cast("TEXT")
            }
            Self::Sqlite => expression.to_owned(),
            Self::Postgres if kind.is_empty() => expression.to_owned(),
            Self::Postgres => match kind {
                "serial" => cast("integer"),
                "bigserial" => cast("bigint"),
                "smallserial" => cast("smallint"),
                other => cast(other),
            },
            Self::MySql if starts(&["datetime", "timestamp"]) => cast("DATETIME(6)"),
            Self::MySql if starts(&["date"]) => cast("DATE"),
            Self::MySql if starts(&["time"]) => cast("TIME(6)"),
            Self::MySql if starts(&["decimal", "numeric"]) => {
                let length = kind.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
                cast(&format!("DECIMAL({})", length.map_or("65, 10", |(length, _)| length)))
            }
            Self::MySql if starts(&["double", "float", "real"]) => cast("DOUBLE"),
            Self::MySql if kind.contains("unsigned") => cast("UNSIGNED"),
            Self::MySql if kind.contains("int") || starts(&["bool"]) => cast("SIGNED"),
            Self::MySql
                if starts(&["char", "varchar", "text", "tinytext", "mediumtext", "longtext", "enum", "json"]) =>
            {
                cast("CHAR")
            }
            Self::MySql => expression.to_owned(),
        }
    }

    /// A query whose cell is a value as it stands in SQL, exactly as the server got it from the driver.
    pub fn quote_value(self, placeholder: &str) -> String {
        match self {
            Self::Sqlite => format!("quote({placeholder})"),
            Self::Postgres => format!("quote_nullable({placeholder})"),
            Self::MySql => format!("CAST(QUOTE({placeholder}) AS CHAR)"),
        }
    }

    /// The same for an expression in a column of that type.
    pub fn quote_of(self, expression: &str, kind: &str) -> String {
        let bytes = kind.contains("binary") || kind.contains("blob");
        match self {
            Self::MySql if bytes => format!("CONCAT('X\'', HEX({expression}), '\'')"),
            _ => self.quote_value(expression),
        }
    }

    /// Bytes as they stand in SQL.
    pub fn bytes(self, bytes: &[u8]) -> String {
        self.bytes_literal(&bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
    }

    /// A text as it stands in SQL. `None` if it cannot.
    pub fn whole_text(self, text: &str) -> Option<String> {
        match self {
            Self::Sqlite if text.contains('\0') => Some(format!("CAST({} AS TEXT)", self.bytes(text.as_bytes()))),
            Self::Postgres if text.contains('\0') => None,
            _ => Some(self.text_literal(text).replace('\0', "\\0")),
        }
    }

    /// Whether whoever adds a row without `RETURNING` is told its number, and SeaORM asks for it so.
    pub fn tells_numbers(self) -> bool {
        matches!(self, Self::MySql)
    }

    /// Whether a function is a catalog of the database's own.
    pub fn is_catalog_function(self, function: &str) -> bool {
        self == Self::Sqlite && function.to_lowercase().starts_with("pragma_")
    }

    /// Whether a table of a query is a catalog of the database's own.
    pub fn is_catalog(self, table: &str) -> bool {
        let table = table.to_lowercase();
        match self {
            Self::Sqlite => table.starts_with("sqlite_") || table.starts_with("pragma_"),
            Self::Postgres => table.starts_with("pg_") || table.starts_with("information_schema."),
            Self::MySql => ["information_schema.", "mysql.", "performance_schema.", "sys."]
                .iter()
                .any(|schema| table.starts_with(schema)),
        }
    }

    /// Whether a declaration says that the database numbers the rows.
    pub fn numbers(self, declaration: &str) -> bool {
        let has = |word: &str| declaration.contains(word);
        match self {
            Self::Sqlite => declaration.starts_with("integer") && has("primary key"),
            Self::Postgres => has("serial") || has("as identity"),
            Self::MySql => has("auto_increment"),
        }
    }
}
