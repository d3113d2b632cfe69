//! What differs between databases for a run that only pretends: how SQL is taken apart, what makes a session read only,
//! what a script needs so that a client runs it as the driver would.

use super::Dialect;

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
}

impl Dialect {
    /// How SQL is taken apart.
    pub fn lexis(self) -> Lexis {
        let none = Lexis {
            dollars: false,
            backslashes: false,
            double_quoted_text: false,
            hash_comments: false,
            brackets: false,
        };
        match self {
            Self::Sqlite => Lexis { brackets: true, ..none },
            Self::Postgres => Lexis { dollars: true, ..none },
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
                "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
                "SET time_zone = '+00:00'",
                "SET sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION')",
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

    /// A query for the columns of a table: name, type, default, and `1` if the database numbers it. Takes the table's name
    /// as its only value.
    pub fn columns_of(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT name, lower(type), dflt_value, CASE WHEN pk = 1 AND lower(type) = 'integer' AND \
                 (SELECT COUNT(*) FROM pragma_table_info(?1) WHERE pk > 0) = 1 THEN '1' ELSE '0' END \
                 FROM pragma_table_info(?1)"
            }
            Self::Postgres => {
                "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), \
                 CASE WHEN a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%' THEN '1' ELSE '0' END \
                 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
                 LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
                 WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relname = $1 \
                 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
            }
            Self::MySql => {
                "SELECT CAST(column_name AS CHAR), CAST(LOWER(column_type) AS CHAR), \
                 CAST(NULLIF(column_default, 'NULL') AS CHAR), \
                 CAST(CASE WHEN extra LIKE '%auto_increment%' THEN '1' ELSE '0' END AS CHAR) \
                 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position"
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

    /// Whether a table of a query is a catalog of the database's own.
    pub fn is_catalog(self, table: &str) -> bool {
        let table = table.to_lowercase();
        match self {
            Self::Sqlite => table.starts_with("sqlite_") || table.starts_with("pragma_"),
            Self::Postgres => table.starts_with("pg_") || table == "information_schema",
            Self::MySql => matches!(table.as_str(), "information_schema" | "mysql" | "performance_schema" | "sys"),
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
