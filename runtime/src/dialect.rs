//! Everything that differs between databases for the engine: quoting, placeholders, the ledger's
//! tables and what a wipe drops. It returns SQL text and does no I/O.

/// A family of databases that speak the same SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

impl Dialect {
    /// Whether DDL can be rolled back.
    pub fn transactional_ddl(self) -> bool {
        match self {
            Self::Sqlite | Self::Postgres => true,
            Self::MySql => false,
        }
    }

    /// An identifier, quoted, whatever stands in it.
    ///
    /// ```
    /// # use kit_runtime::dialect::Dialect;
    /// assert_eq!(Dialect::Postgres.quote("x\"y"), "\"x\"\"y\"");
    /// assert_eq!(Dialect::MySql.quote("a`b"), "`a``b`");
    /// ```
    pub fn quote(self, identifier: &str) -> String {
        match self {
            Self::Sqlite | Self::Postgres => format!("\"{}\"", identifier.replace('"', "\"\"")),
            Self::MySql => format!("`{}`", identifier.replace('`', "``")),
        }
    }

    /// The placeholder of the `n`th value, counted from 1.
    pub fn placeholder(self, n: usize) -> String {
        match self {
            Self::Postgres => format!("${n}"),
            Self::Sqlite | Self::MySql => "?".to_owned(),
        }
    }

    /// `1, 2, … count` as placeholders, with commas.
    pub fn placeholders(self, count: usize) -> String {
        (1..=count).map(|n| self.placeholder(n)).collect::<Vec<_>>().join(", ")
    }

    /// An expression as text, for [`crate::connection::Connection::query`].
    pub fn text(self, expression: &str) -> String {
        match self {
            Self::Sqlite | Self::Postgres => format!("CAST({expression} AS TEXT)"),
            Self::MySql => format!("CAST({expression} AS CHAR)"),
        }
    }

    /// A query with one row if the table of that name exists in the current database or schema.
    /// Takes the name as its only value.
    pub fn table_exists(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT '1' FROM sqlite_master WHERE type = 'table' AND name = ?",
            Self::Postgres => {
                "SELECT '1' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname = $1"
            }
            Self::MySql => {
                "SELECT '1' FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
            }
        }
    }

    /// `CREATE TABLE IF NOT EXISTS` for the ledger, exactly as SeaORM creates it.
    pub fn create_ledger(self, table: &str) -> String {
        let table = self.quote(table);
        match self {
            Self::Sqlite => format!(
                "CREATE TABLE IF NOT EXISTS {table} ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL )"
            ),
            Self::Postgres => format!(
                "CREATE TABLE IF NOT EXISTS {table} ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL )"
            ),
            Self::MySql => format!(
                "CREATE TABLE IF NOT EXISTS {table} ( `version` varchar(255) NOT NULL PRIMARY KEY, `applied_at` bigint NOT NULL )"
            ),
        }
    }

    /// `CREATE TABLE IF NOT EXISTS` for kit's side table.
    pub fn create_journal(self, table: &str) -> String {
        let (name, text) = match self {
            Self::Sqlite | Self::Postgres => ("text", "text"),
            Self::MySql => ("varchar(255)", "longtext"),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (version {name} NOT NULL PRIMARY KEY, batch bigint, state {name} NOT NULL, \
             direction {name} NOT NULL, checksum {name}, kit_version {name} NOT NULL, applied_at bigint, \
             started_at bigint NOT NULL, finished_at bigint, error {text})",
            self.quote(table)
        )
    }
}
