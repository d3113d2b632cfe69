//! What differs between servers for a database that others are copied from: whether the server copies one itself, what says that one
//! is complete, and what makes a copy where it does not. It returns SQL and does no I/O.

use super::Dialect;

impl Dialect {
    /// Whether a new database can be the copy of another.
    pub fn copies_databases(self) -> bool {
        self == Self::Postgres
    }

    /// `CREATE DATABASE` as a copy.
    pub fn create_copy(self, name: &str, template: &str) -> String {
        format!("CREATE DATABASE {} TEMPLATE {}", self.quote(name), self.quote(template))
    }

    /// A query that locks a name together with others who do so, and says 1 if nobody has it for himself.
    pub fn share_name(self, name: &str) -> Option<String> {
        let name = self.text_literal(name);
        self.copies_databases()
            .then(|| format!("SELECT pg_try_advisory_lock_shared(hashtext('kit'), hashtext({name}))::int::text"))
    }

    /// A query for templates: their names, and what was noted of each. Of one that is not complete nothing is.
    pub fn templates(self, kind: &str) -> String {
        let pattern = self.text_literal(&format!("{}%", kind.replace('_', "\\_")));
        match self {
            Self::Postgres => format!(
                "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database \
                 WHERE datname LIKE {pattern} AND pg_has_role(datdba, 'USAGE')"
            ),
            Self::Sqlite | Self::MySql => format!(
                "SELECT CAST(s.schema_name AS CHAR), CAST(t.table_comment AS CHAR) FROM information_schema.schemata s \
                 LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name AND t.table_name = '{STATEMENTS}' \
                 WHERE s.schema_name LIKE {pattern}"
            ),
        }
    }

    /// The statements that note something of a template, which is complete then.
    pub fn note_of_template(self, name: &str, note: &str) -> Vec<String> {
        let (name, note) = (self.quote(name), self.text_literal(note));
        match self {
            // A session in it would be in the way of a copy.
            Self::Postgres => vec![
                format!("COMMENT ON DATABASE {name} IS {note}"),
                format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
            ],
            Self::Sqlite | Self::MySql => vec![format!("ALTER TABLE {name}.{STATEMENTS} COMMENT {note}")],
        }
    }

    /// A query for what the tables of a database cannot say themselves: with a row of it, a copy of them is none of the database.
    pub fn beyond_tables(self) -> &'static str {
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type <> 'BASE TABLE' \
         UNION ALL SELECT CAST(routine_name AS CHAR) FROM information_schema.routines WHERE routine_schema = DATABASE() \
         UNION ALL SELECT CAST(trigger_name AS CHAR) FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
         UNION ALL SELECT CAST(event_name AS CHAR) FROM information_schema.events WHERE event_schema = DATABASE()"
    }

    /// A query for what made a table: in its second column.
    pub fn show_table(self, table: &str) -> String {
        format!("SHOW CREATE TABLE {}", self.quote(table))
    }

    /// A query for the columns of a table that can be written. Takes the table.
    pub fn written_columns(self) -> &'static str {
        "SELECT CAST(column_name AS CHAR) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? \
         AND COALESCE(generation_expression, '') = '' ORDER BY ordinal_position"
    }

    /// Before and after statements that make tables in any order.
    pub fn around_copy(self) -> [&'static str; 2] {
        [
            "SET SESSION foreign_key_checks = 0, unique_checks = 0",
            "SET SESSION foreign_key_checks = 1, unique_checks = 1",
        ]
    }
}

/// The table of a template that has the statements of a copy.
pub const STATEMENTS: &str = "kit_template";
