//! A database of its own for each test, on the real servers that `test.sh` starts: it owns creating
//! and dropping them, gives URLs and sessions, and says what stands in a schema as text that can be compared.
//! It does not know what is tested.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up fails")]
#![allow(clippy::print_stderr, reason = "a failed test says where its database is")]
#![allow(clippy::disallowed_methods, reason = "tests have no main.rs that reads the environment for them")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit_runtime::connection::{Connection, Row};
use kit_runtime::dialect::Dialect;
use kit_runtime::sea_orm::Session;
use sea_orm::{ConnectOptions, DatabaseConnection};

/// Table names that all three families accept, as reported against other tools.
pub const HOSTILE: [&str; 17] = [
    "plain",
    "x\"y",
    "a`b",
    "q'q",
    "new\nline",
    "semi; drop table plain; --",
    "back\\slash",
    "uni_\u{e9}",
    "per%cent",
    "{brace}",
    "$1",
    "?",
    "RiGhT",
    "select",
    "tab\there",
    "nul_like\u{200b}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// An empty database that is dropped with this value, unless the test panics: then it stays for a look.
pub struct Database {
    /// Which family.
    pub dialect: Dialect,
    /// An open session.
    pub session: Session,
    url: String,
    home: Home,
}

enum Home {
    File(Option<tempfile::TempDir>),
    Server {
        admin: String,
        name: String,
    },
    /// Somebody else drops it.
    Theirs,
}

impl Database {
    /// All three families.
    pub async fn all() -> Vec<Self> {
        vec![Self::sqlite().await, Self::postgres().await, Self::mysql().await]
    }

    /// A file in a temporary folder.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.sqlite").display());
        let session = Session::new(open(&url).await);
        Self { dialect: Dialect::Sqlite, session, url, home: Home::File(Some(folder)) }
    }

    /// A database on the PostgreSQL server.
    pub async fn postgres() -> Self {
        Self::on_server(Dialect::Postgres, "KIT_TEST_POSTGRES_URL").await
    }

    /// A database on the MariaDB or MySQL server.
    pub async fn mysql() -> Self {
        Self::on_server(Dialect::MySql, "KIT_TEST_MYSQL_URL").await
    }

    async fn on_server(dialect: Dialect, variable: &str) -> Self {
        let Ok(admin) = std::env::var(variable) else {
            panic!("{variable} is not set: run ./test.sh, or ./test.sh --serve in another terminal")
        };
        Self::on(dialect, &admin).await
    }

    /// A database on the server with this URL.
    pub async fn on(dialect: Dialect, admin: &str) -> Self {
        let admin = admin.to_owned();
        let name = unique_name();
        let server = Session::new(open(&admin).await);
        server.execute(&format!("CREATE DATABASE {}", dialect.quote(&name)), &[]).await.unwrap();
        let url = format!("{}/{name}", server_of(&admin));
        let session = Session::new(open(&url).await);
        Self { dialect, session, url, home: Home::Server { admin, name } }
    }

    /// One that is there already, and stays.
    pub async fn of(dialect: Dialect, url: &str) -> Self {
        Self { dialect, session: Session::new(open(url).await), url: url.to_owned(), home: Home::Theirs }
    }

    /// The URL, password included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A name for one more database on the same server, for tests that let kit create one: its URL. Not dropped.
    pub fn sibling(&self) -> (String, String) {
        let name = unique_name();
        match &self.home {
            Home::File(_) => (name.clone(), self.url.replace("test.sqlite?mode=rwc", &format!("{name}.sqlite"))),
            Home::Server { admin, .. } => (name.clone(), format!("{}/{name}", server_of(admin))),
            Home::Theirs => (name.clone(), format!("{}/{name}", server_of(&self.url))),
        }
    }

    /// Names of the databases on the server, or of the files in the folder.
    pub async fn siblings(&self) -> Vec<String> {
        let sql = match (&self.home, self.dialect) {
            (Home::File(folder), _) => {
                let files = std::fs::read_dir(folder.as_ref().unwrap()).unwrap().flatten();
                return files.map(|file| file.file_name().to_string_lossy().replace(".sqlite", "")).collect();
            }
            (_, Dialect::Postgres) => "SELECT datname::text FROM pg_database",
            _ => "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata",
        };
        self.query(sql).await.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
    }

    /// Drops a database that kit has created beside this one.
    pub async fn drop_sibling(&self, name: &str) {
        if let Home::Server { .. } = self.home {
            self.execute(&[&format!("DROP DATABASE {}", self.dialect.quote(name))]).await;
        }
    }

    /// One more connection, as SeaORM gives them.
    pub async fn connect(&self) -> DatabaseConnection {
        open(&self.url).await
    }

    /// One more session.
    pub async fn session(&self) -> Session {
        Session::new(self.connect().await)
    }

    /// Executes statements, one after the other.
    pub async fn execute(&self, statements: &[&str]) {
        for sql in statements {
            if let Err(error) = self.session.execute(sql, &[]).await {
                panic!("{:?}: {sql}: {error}", self.dialect);
            }
        }
    }

    /// Runs a query whose columns are all text.
    pub async fn query(&self, sql: &str) -> Vec<Row> {
        match self.session.query(sql, &[]).await {
            Ok(rows) => rows,
            Err(error) => panic!("{:?}: {sql}: {error}", self.dialect),
        }
    }

    /// The first column of the first row, as text.
    pub async fn value(&self, expression: &str) -> Option<String> {
        let rows = self.query(&format!("SELECT {}", self.dialect.text(expression))).await;
        rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten()
    }

    /// Whether a table or view of that name is there.
    pub async fn has_table(&self, name: &str) -> bool {
        self.tables().await.iter().any(|table| table == name)
    }

    /// Names of all tables and views, ledgers included.
    pub async fn tables(&self) -> Vec<String> {
        let sql = match self.dialect {
            Dialect::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
            }
            Dialect::Postgres => {
                "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
                 AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1"
            }
            Dialect::MySql => {
                "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1"
            }
        };
        self.query(sql).await.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
    }

    /// Names of the tables that kit and SeaORM keep for themselves once something ran, sorted.
    pub fn own_tables(&self) -> Vec<&'static str> {
        match self.dialect {
            Dialect::Sqlite => vec!["kit_migrations", "seaql_migrations"],
            _ => vec!["kit_lock", "kit_migrations", "seaql_migrations"],
        }
    }

    /// Everything in the schema but the ledgers, a line each, sorted: two equal texts are two equal schemas.
    pub async fn schema(&self) -> String {
        let mut lines = self.everything().await;
        lines.retain(|line| {
            !["seaql_migrations", "kit_migrations", "kit_lock", "kit_probe"].iter().any(|own| line.contains(own))
        });
        lines.join("\n")
    }

    /// [`Self::schema`] with the ledgers.
    pub async fn everything(&self) -> Vec<String> {
        let queries = match self.dialect {
            Dialect::Sqlite => SQLITE_SCHEMA,
            Dialect::Postgres => POSTGRES_SCHEMA,
            Dialect::MySql => MYSQL_SCHEMA,
        };
        let mut lines = Vec::new();
        for sql in queries {
            for row in self.query(sql).await {
                let cells = row.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
                lines.push(cells.collect::<Vec<_>>().join(" "));
            }
        }
        lines.sort();
        lines
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let keep = std::thread::panicking();
        match &mut self.home {
            Home::File(folder) => {
                if let Some(folder) = folder.take()
                    && keep
                {
                    eprintln!("kept: {}", folder.keep().display());
                }
            }
            Home::Theirs => {}
            Home::Server { name, .. } if keep => eprintln!("kept: database {name}"),
            Home::Server { admin, name } => {
                let force = if self.dialect == Dialect::Postgres { " WITH (FORCE)" } else { "" };
                let sql = format!("DROP DATABASE {}{force}", self.dialect.quote(name));
                let admin = admin.clone();
                // A drop cannot wait for a future, a thread can.
                let dropped = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async { Session::new(open(&admin).await).execute(&sql, &[]).await })
                });
                dropped.join().unwrap().unwrap();
            }
        }
    }
}

/// A connection whose pool has room for one.
pub async fn open(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).connect_timeout(Duration::from_secs(20)).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}

fn server_of(admin: &str) -> &str {
    admin.rsplit_once('/').unwrap().0
}

fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    format!("kit_{}_{since}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

const SQLITE_SCHEMA: &[&str] = &[
    "SELECT type, name, CASE WHEN type IN ('view', 'trigger') THEN sql END FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT 'column', m.name, c.name, lower(c.type), 'notnull=' || c.\"notnull\", 'default=' || coalesce(c.dflt_value, '-'), 'pk=' || c.pk, \
     'hidden=' || c.hidden FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT 'index', m.name, CASE i.origin WHEN 'c' THEN i.name END, 'unique=' || i.\"unique\", i.origin, \
     (SELECT group_concat(coalesce(c.name, '?'), ',') FROM pragma_index_info(i.name) c) \
     FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT 'foreign key', m.name, f.\"from\", f.\"table\", f.\"to\", f.on_update, f.on_delete \
     FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
];

const POSTGRES_SCHEMA: &[&str] = &[
    "SELECT 'relation', relkind::text, relname::text, CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END \
     FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind <> 'i'",
    "SELECT 'column', c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), 'notnull=' || a.attnotnull, \
     'default=' || coalesce(pg_get_expr(d.adbin, d.adrelid), '-'), 'identity=' || a.attidentity::text \
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint \
     WHERE connamespace = current_schema()::regnamespace",
    "SELECT 'type', typname::text, typtype::text, (SELECT string_agg(enumlabel::text, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) \
     FROM pg_type t WHERE typnamespace = current_schema()::regnamespace AND typtype <> 'b'",
    "SELECT 'function', oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
    "SELECT 'trigger', tgrelid::regclass::text, tgname::text FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid \
     WHERE c.relnamespace = current_schema()::regnamespace AND NOT tgisinternal",
];

const MYSQL_SCHEMA: &[&str] = &[
    "SELECT CAST(table_type AS CHAR), CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()",
    "SELECT 'column', CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(column_type AS CHAR), CONCAT('null=', is_nullable), \
     CONCAT('default=', COALESCE(CAST(column_default AS CHAR), '-')), CAST(extra AS CHAR), CAST(column_comment AS CHAR) \
     FROM information_schema.columns WHERE table_schema = DATABASE()",
    "SELECT 'index', CAST(table_name AS CHAR), CAST(index_name AS CHAR), CONCAT('not unique=', MAX(non_unique)), \
     CAST(GROUP_CONCAT(column_name ORDER BY seq_in_index) AS CHAR) FROM information_schema.statistics \
     WHERE table_schema = DATABASE() GROUP BY table_name, index_name",
    "SELECT 'foreign key', CAST(k.table_name AS CHAR), CAST(k.constraint_name AS CHAR), CAST(k.column_name AS CHAR), \
     CAST(k.referenced_table_name AS CHAR), CAST(k.referenced_column_name AS CHAR), CAST(r.update_rule AS CHAR), CAST(r.delete_rule AS CHAR) \
     FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
     ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name WHERE k.table_schema = DATABASE() \
     AND k.referenced_table_name IS NOT NULL",
    "SELECT CAST(routine_type AS CHAR), CAST(routine_name AS CHAR) FROM information_schema.routines WHERE routine_schema = DATABASE()",
    "SELECT 'trigger', CAST(trigger_name AS CHAR) FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
    "SELECT 'event', CAST(event_name AS CHAR) FROM information_schema.events WHERE event_schema = DATABASE()",
];
