//! What the helpers of [`crate::schema`] have to know of a database: what it has, how it is asked for tables, columns and
//! keys, and, where a table cannot be altered, how one is made anew.

use super::Dialect;

impl Dialect {
    /// Whether keys and constraints of a table that is there can be changed.
    pub fn alters_tables(self) -> bool {
        self != Self::Sqlite
    }

    /// Whether an enum is a type of its own, beside the tables.
    pub fn has_enum_types(self) -> bool {
        self == Self::Postgres
    }

    /// Whether a table says its indexes itself, so that both are in or neither.
    pub fn creates_indexes_with_tables(self) -> bool {
        self == Self::MySql
    }

    /// Whether dropping a column takes the keys that it is part of with it.
    pub fn drops_keys_with_columns(self) -> bool {
        self == Self::Postgres
    }

    /// Whether there are arrays, and intervals.
    pub fn has_arrays(self) -> bool {
        self == Self::Postgres
    }

    /// Whether there are strings of bits.
    pub fn has_bits(self) -> bool {
        self != Self::Sqlite
    }

    /// A text as a literal.
    pub fn literal(self, text: &str) -> String {
        let text = text.replace('\'', "''");
        match self {
            Self::Sqlite | Self::Postgres => format!("'{text}'"),
            Self::MySql => format!("'{}'", text.replace('\\', "\\\\")),
        }
    }

    /// The type of a column that takes one of these values, and what stands behind it. The name of the enum is kept where
    /// there is no type of that name: [`Dialect::enum_columns`] finds the columns by it.
    pub fn enumeration(self, name: &str, column: &str, values: &[String]) -> (String, Option<String>) {
        let list = values.iter().map(|value| self.literal(value)).collect::<Vec<_>>().join(", ");
        match self {
            Self::Postgres => (self.quote(name), None),
            Self::MySql => (format!("ENUM({list})"), Some(format!("COMMENT {}", self.literal(&enum_comment(name))))),
            Self::Sqlite => {
                let check = format!("CONSTRAINT {} CHECK ({} IN ({list}))", self.quote(name), self.quote(column));
                ("enum_text".to_owned(), Some(check))
            }
        }
    }

    /// The statement that makes an enum a type of its own.
    pub fn create_enum(self, name: &str, values: &[String]) -> String {
        let list = values.iter().map(|value| self.literal(value)).collect::<Vec<_>>().join(", ");
        format!("CREATE TYPE {} AS ENUM ({list})", self.quote(name))
    }

    /// A query with one row if there is an enum type of that name. Takes the name as its only value.
    pub fn enum_exists(self) -> Option<&'static str> {
        self.has_enum_types().then_some(
            "SELECT '1' FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
             WHERE n.nspname = current_schema() AND t.typtype = 'e' AND t.typname = $1",
        )
    }

    /// A query for the columns of an enum that is no type of its own: table, column, type, default, and whether it may be
    /// NULL. Takes [`enum_comment`] as its only value. `None` where the tables say so themselves.
    pub fn enum_columns(self) -> Option<&'static str> {
        (self == Self::MySql).then_some(
            "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(column_type AS CHAR), CAST(column_default AS CHAR), \
             CAST(is_nullable AS CHAR) FROM information_schema.columns WHERE table_schema = DATABASE() AND data_type = 'enum' \
             AND column_comment = ? ORDER BY 1, 2",
        )
    }

    /// A query for the table of that name in the current database or schema, as it is really called. Takes the name as its
    /// only value.
    pub fn find_table(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)",
            Self::Postgres => {
                "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'f') AND c.relname = $1"
            }
            Self::MySql => {
                "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE() \
                 AND table_type <> 'VIEW' AND table_name = ?"
            }
        }
    }

    /// A query for the columns of a table, in order: name and type, as a column definition has it. Takes the table.
    pub fn table_columns(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT name, lower(type) FROM pragma_table_xinfo(?) ORDER BY cid",
            Self::Postgres => {
                "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a \
                 JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relname = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
            }
            Self::MySql => {
                "SELECT CAST(column_name AS CHAR), CAST(column_type AS CHAR) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position"
            }
        }
    }

    /// A query for the foreign keys of a table, a row for each column of each: the key's name, its column, and the table that
    /// it leads to. Takes the table.
    pub fn table_keys(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT CAST(id AS TEXT), \"from\", \"table\" FROM pragma_foreign_key_list(?) ORDER BY id, seq"
            }
            Self::Postgres => {
                "SELECT k.conname::text, a.attname::text, p.relname::text FROM pg_catalog.pg_constraint k \
                 JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 JOIN pg_catalog.pg_class p ON p.oid = k.confrelid \
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey) \
                 WHERE k.contype = 'f' AND n.nspname = current_schema() AND c.relname = $1 ORDER BY 1, 2"
            }
            Self::MySql => {
                "SELECT CAST(constraint_name AS CHAR), CAST(column_name AS CHAR), CAST(referenced_table_name AS CHAR) \
                 FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND table_name = ? \
                 AND referenced_table_name IS NOT NULL ORDER BY constraint_name, ordinal_position"
            }
        }
    }

    /// What drops a foreign key, behind `ALTER TABLE` and the table.
    pub fn drop_key(self, name: &str) -> String {
        let word = if self == Self::MySql { "FOREIGN KEY" } else { "CONSTRAINT" };
        format!("DROP {word} {}", self.quote(name))
    }

    /// What adds a unique index, behind `ALTER TABLE` and the table.
    pub fn add_unique(self, name: &str, column: &str) -> String {
        format!("ADD UNIQUE INDEX {} ({})", self.quote(name), self.quote(column))
    }

    /// What adds an index, behind `ALTER TABLE` and the table.
    pub fn add_index(self, name: &str, column: &str) -> String {
        format!("ADD INDEX {} ({})", self.quote(name), self.quote(column))
    }

    /// A query with one row if a table has an index of that name, where `CREATE INDEX` cannot say `IF NOT EXISTS`. Takes the
    /// table and the index.
    pub fn index_exists(self) -> Option<&'static str> {
        (self == Self::MySql).then_some(
            "SELECT '1' FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ? \
             AND index_name = ? LIMIT 1",
        )
    }

    /// A query for the columns of a table's primary key. Takes the table.
    pub fn table_primary_key(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk",
            Self::Postgres => {
                "SELECT a.attname::text FROM pg_catalog.pg_index i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) \
                 WHERE i.indisprimary AND n.nspname = current_schema() AND c.relname = $1 ORDER BY 1"
            }
            Self::MySql => {
                "SELECT CAST(column_name AS CHAR) FROM information_schema.key_column_usage WHERE table_schema = DATABASE() \
                 AND table_name = ? AND constraint_name = 'PRIMARY' ORDER BY ordinal_position"
            }
        }
    }

    /// A query for the columns of a table that the database computes, where no text of the table contains it. Takes the table.
    pub fn computed_columns(self) -> Option<&'static str> {
        (self == Self::Postgres).then_some(
            "SELECT a.attname::text FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relname = $1 AND a.attgenerated <> '' ORDER BY a.attnum",
        )
    }

    /// The statement that returns how a table was made, as its second value, where a column is changed by its whole text.
    pub fn read_definition(self, table: &str) -> Option<String> {
        (self == Self::MySql).then(|| format!("SHOW CREATE TABLE {}", self.quote(table)))
    }

    /// The parts of `ALTER TABLE` that give a column the type, NULL and default that are meant. `current` is the type that it
    /// has. An enum is reached through text: enums have no casts to each other.
    pub fn alter_column(self, name: &str, current: &str, new: (&str, bool, Option<&str>)) -> String {
        let (kind, null, default) = new;
        let column = format!("ALTER COLUMN {}", self.quote(name));
        let mut parts = vec![format!("{column} DROP DEFAULT")];
        if same_type(current) != same_type(kind) {
            let through = if kind.starts_with('"') { "::text" } else { "" };
            parts.push(format!("{column} TYPE {kind} USING {}{through}::{kind}", self.quote(name)));
        }
        parts.push(format!("{column} {} NOT NULL", if null { "DROP" } else { "SET" }));
        parts.extend(default.map(|default| format!("{column} SET DEFAULT {default}")));
        parts.join(", ")
    }

    /// `CREATE INDEX` for one column.
    pub fn create_index(self, name: &str, table: &str, column: &str, unique: bool) -> String {
        let unique = if unique { "UNIQUE " } else { "" };
        format!("CREATE {unique}INDEX {} ON {} ({})", self.quote(name), self.quote(table), self.quote(column))
    }
}

/// A type under the one name that PostgreSQL's catalog has for it. A view that reads a column forbids `TYPE` even if it is
/// the type that the column has.
fn same_type(kind: &str) -> String {
    let kind = kind.to_ascii_lowercase().replace(", ", ",").replace('"', "");
    for (short, long) in [
        ("varchar", "character varying"),
        ("char(", "character("),
        ("decimal", "numeric"),
        ("bool", "boolean"),
        ("varbit", "bit varying"),
    ] {
        if let Some(rest) = kind.strip_prefix(short)
            && !rest.starts_with(|letter: char| letter.is_alphabetic())
        {
            return format!("{long}{rest}");
        }
    }
    match kind.as_str() {
        "timestamp" | "time" => format!("{kind} without time zone"),
        "char" => "character(1)".to_owned(),
        _ => kind,
    }
}

/// What a column says of the enum that it is of, where it can say nothing else.
pub fn enum_comment(name: &str) -> String {
    format!("enum {name}")
}

/// How a table is made anew where it cannot be altered.
pub mod anew {
    /// What made a table: its SQL, and whether its rows have numbers of their own. Takes the table.
    pub const TABLE: &str = "SELECT m.sql, CASE WHEN t.wr = 0 AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(m.name) c \
         WHERE lower(c.name) IN ('rowid', '_rowid_', 'oid') OR c.pk = 1 AND lower(c.type) = 'integer') THEN '1' ELSE '0' END \
         FROM sqlite_master m JOIN pragma_table_list t ON t.schema = 'main' AND t.name = m.name \
         WHERE m.type = 'table' AND t.type = 'table' AND m.name = ?";

    /// The columns that rows are made of. Takes the table.
    pub const COLUMNS: &str = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid";

    /// The statements that made its indexes and triggers. Takes the table.
    pub const AROUND: &str = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL \
         AND lower(tbl_name) = lower(?) ORDER BY type, rowid";

    /// The indexes that a column is part of: name, and who made it. Takes the table and the column.
    pub const INDEXES: &str = "SELECT i.name, i.origin FROM pragma_index_list(?) i WHERE EXISTS \
         (SELECT 1 FROM pragma_index_info(i.name) c WHERE lower(c.name) = lower(?)) ORDER BY i.name";

    /// The last number that the table has given to a row. Takes the table.
    pub const SEQUENCE: &str = "SELECT CAST(seq AS TEXT) FROM sqlite_sequence WHERE name = ?";

    /// Whether any table counts its rows so.
    pub const HAS_SEQUENCES: &str = "SELECT '1' FROM sqlite_master WHERE name = 'sqlite_sequence'";

    /// Tables and columns that refer to a table, itself among them. Takes the table.
    pub const CHILDREN: &str = "SELECT m.name, f.\"from\" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f \
         WHERE m.type = 'table' AND lower(f.\"table\") = lower(?) ORDER BY 1, 2";

    /// All tables that say something of this constraint. Takes its name, quoted, between percent signs.
    pub const MENTIONING: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE ? ORDER BY 1";

    /// Whether names in other objects follow a table that is renamed.
    pub const RENAMES_ALONE: &str = "SELECT CAST(legacy_alter_table AS TEXT) FROM pragma_legacy_alter_table";

    /// Rows that refer to none. Takes the table.
    pub const DANGLING: &str = "SELECT \"parent\", CAST(count(*) AS TEXT) FROM pragma_foreign_key_check(?) GROUP BY 1";

    /// Statements that set whether a rename leaves the rest of the schema alone.
    pub fn rename_alone(on: &str) -> String {
        format!("PRAGMA legacy_alter_table = {on}")
    }

    /// Statements around a change that must not look at foreign keys, in one session.
    pub fn unwatched(statements: &[String]) -> String {
        format!("PRAGMA foreign_keys = 0; BEGIN IMMEDIATE; {}; COMMIT; PRAGMA foreign_keys = 1", statements.join("; "))
    }

    /// What [`unwatched`] leaves open when it fails, each to be tried by itself.
    pub const GIVE_UP: [&str; 3] = ["ROLLBACK", "PRAGMA foreign_keys = 1", "PRAGMA legacy_alter_table = 0"];

    /// Statements that end a transaction as a foreign key does that does not fit: the engine then begins anew without looking
    /// at them.
    pub fn refuse(words: &str) -> [String; 3] {
        [
            "CREATE TEMP TABLE kit_refusal (n)".to_owned(),
            format!(
                "CREATE TEMP TRIGGER kit_refuses BEFORE INSERT ON kit_refusal BEGIN SELECT RAISE(ABORT, {words}); END"
            ),
            "INSERT INTO temp.kit_refusal VALUES (1)".to_owned(),
        ]
    }

    /// The statement that has a table go on counting where it was.
    pub fn set_sequence(table: &str, last: &str) -> [String; 2] {
        [
            format!("DELETE FROM sqlite_sequence WHERE name = {table}"),
            format!("INSERT INTO sqlite_sequence (name, seq) VALUES ({table}, {last})"),
        ]
    }
}
